import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runInit } from "../../src/entry/commands/init.ts";
import type { CommandContext } from "../../src/entry/context.ts";

let folder: string;
let printed: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "promptgate-init-"));
  printed = "";
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function aContext(): CommandContext {
  return {
    cwd: folder,
    environment: {},
    clock: { now: () => 0 },
    log: { info: () => undefined, warn: () => undefined },
    print: (text) => {
      printed += text;
    },
    signal: new AbortController().signal,
    terminal: { color: false, interactive: false, width: 100 },
  };
}

function init(
  options: { directory?: string; force?: boolean; json?: boolean; action?: string } = {},
): Promise<number> {
  return runInit(aContext(), { directory: ".", force: false, json: false, ...options });
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();
}

function workflows(): string {
  return ["gate", "promote", "advance", "rollback"]
    .map((name) => readFileSync(join(folder, `.github/workflows/prompt-${name}.yml`), "utf8"))
    .join("");
}

const projectFiles = [
  ".github/workflows/prompt-advance.yml",
  ".github/workflows/prompt-gate.yml",
  ".github/workflows/prompt-promote.yml",
  ".github/workflows/prompt-rollback.yml",
  ".gitignore",
  "golden-datasets/help-desk.jsonl",
  "promptgate.yaml",
  "prompts/help-desk.prompt.yml",
  "rubrics/faithfulness.yml",
  "rubrics/relevance.yml",
];

describe("init", () => {
  it("writes a whole project and says what to run next", async () => {
    expect(await init()).toBe(0);
    expect(filesOf(folder)).toEqual(projectFiles);
    expect(printed).toContain("promptgate publish help-desk --label production");
  });

  it("says where the Action's place in the workflows has to be filled in, and fills it in where it is named", async () => {
    const commit = "0123456789abcdef0123456789abcdef01234567";
    await init();
    expect(printed).toContain("in the place of OWNER/promptgate@v1");
    printed = "";
    await init({ action: `acme/gate@${commit}`, force: true });
    expect(printed).not.toContain("OWNER");
    expect(workflows()).not.toContain("OWNER");
    expect(workflows()).not.toContain("pin it");
    const used = Array.from(workflows().matchAll(/uses: (acme\S+)/g), ([, name]) => name);
    expect(new Set(used)).toEqual(
      new Set(["", "/promote", "/advance", "/rollback"].map((part) => `acme/gate${part}@${commit}`)),
    );
    await init({ action: "acme/gate@v2", force: true });
    expect(workflows()).toContain("uses: acme/gate@v2 # pin it to a full commit id");
  });

  it.each(["", "acme", "acme/gate", "acme/gate@", "a/b@v1\nrun: x", "../gate@v1 "])(
    "refuses %j for the Action, and writes nothing",
    async (action) => {
      await expect(init({ action })).rejects.toMatchObject({ code: "USAGE" });
      expect(filesOf(folder)).toEqual([]);
    },
  );

  it("creates the directory and tells how to enter it", async () => {
    await init({ directory: "new/project" });
    expect(filesOf(join(folder, "new", "project"))).toEqual(projectFiles);
    expect(printed).toContain("cd new/project");
  });

  it("prints one JSON document with --json", async () => {
    await init({ json: true });
    expect(JSON.parse(printed)).toMatchObject({
      schema: "promptgate/init@1",
      directory: folder,
      written: expect.arrayContaining(projectFiles),
      cases: 84,
    });
  });

  it("overwrites nothing, names what exists and writes nothing else", async () => {
    writeFileSync(join(folder, "promptgate.yaml"), "mine\n");
    await expect(init()).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("promptgate.yaml"),
      hint: expect.stringContaining("--force"),
    });
    expect(filesOf(folder)).toEqual(["promptgate.yaml"]);
    expect(readFileSync(join(folder, "promptgate.yaml"), "utf8")).toBe("mine\n");
  });

  it("refuses a second run in the same directory", async () => {
    await init();
    await expect(init()).rejects.toMatchObject({ code: "USAGE" });
  });

  it("overwrites its own files and no others with --force", async () => {
    writeFileSync(join(folder, "promptgate.yaml"), "mine\n");
    writeFileSync(join(folder, "notes.txt"), "mine\n");
    expect(await init({ force: true })).toBe(0);
    expect(readFileSync(join(folder, "promptgate.yaml"), "utf8")).toContain("version: 1");
    expect(readFileSync(join(folder, "notes.txt"), "utf8")).toBe("mine\n");
  });

  it.each([
    [
      "adds the missing lines",
      "node_modules/",
      "node_modules/\n.promptgate/runs/\n.promptgate/cache/\n.promptgate/datasets/\n",
    ],
    [
      "adds only what is missing",
      "/.promptgate/runs\n",
      "/.promptgate/runs\n.promptgate/cache/\n.promptgate/datasets/\n",
    ],
    [
      "leaves a complete file alone",
      ".promptgate/cache\r\n.promptgate/runs/\r\n.promptgate/datasets/\r\n",
      ".promptgate/cache\r\n.promptgate/runs/\r\n.promptgate/datasets/\r\n",
    ],
  ])("keeps an existing .gitignore and %s", async (_, before, after) => {
    writeFileSync(join(folder, ".gitignore"), before);
    await init();
    expect(readFileSync(join(folder, ".gitignore"), "utf8")).toBe(after);
  });

  it("leaves nothing behind when a file stands where a folder should be", async () => {
    writeFileSync(join(folder, "rubrics"), "a file\n");
    await expect(init()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(filesOf(folder)).toEqual(["rubrics"]);
    expect(existsSync(join(folder, "prompts"))).toBe(false);
  });

  it("puts everything back when overwriting fails half way", async () => {
    mkdirSync(join(folder, "golden-datasets"));
    writeFileSync(join(folder, "golden-datasets", "help-desk.jsonl"), "mine\n");
    mkdirSync(join(folder, "rubrics", "relevance.yml"), { recursive: true });
    await expect(init({ force: true })).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(filesOf(folder)).toEqual(["golden-datasets/help-desk.jsonl"]);
    expect(readFileSync(join(folder, "golden-datasets", "help-desk.jsonl"), "utf8")).toBe("mine\n");
    expect(existsSync(join(folder, "prompts"))).toBe(false);
  });

  it("does not follow a folder that links out of the project", async () => {
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(elsewhere);
    mkdirSync(join(folder, "project"));
    symlinkSync(elsewhere, join(folder, "project", "prompts"));
    await expect(init({ directory: "project" })).rejects.toMatchObject({ code: "USAGE" });
    expect(filesOf(elsewhere)).toEqual([]);
    expect(filesOf(join(folder, "project"))).toEqual(["prompts"]);
  });

  it("replaces a link with --force instead of writing through it", async () => {
    const target = join(folder, "target.yaml");
    writeFileSync(target, "outside\n");
    mkdirSync(join(folder, "project"));
    symlinkSync(target, join(folder, "project", "promptgate.yaml"));
    await init({ directory: "project", force: true });
    expect(readFileSync(target, "utf8")).toBe("outside\n");
    expect(readFileSync(join(folder, "project", "promptgate.yaml"), "utf8")).toContain("version: 1");
  });

  it.skipIf(process.getuid?.() === 0)("says so when the directory is read-only", async () => {
    chmodSync(folder, 0o555);
    await expect(init({ directory: "project" })).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    chmodSync(folder, 0o755);
  });

  it("says so when the directory cannot be created", async () => {
    writeFileSync(join(folder, "project"), "a file\n");
    await expect(init({ directory: "project" })).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    expect(filesOf(folder)).toEqual(["project"]);
  });
});
