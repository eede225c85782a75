import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runReport } from "../../src/entry/commands/report.ts";
import type { CommandContext } from "../../src/entry/context.ts";
import { renderConsole } from "../../src/report/console.ts";
import { renderJson } from "../../src/report/json.ts";
import { aGateResult, aPromptGateResult } from "../builders.ts";

const stored = aGateResult(aPromptGateResult({ verdict: "fail" }));
const terminal = { color: false, interactive: false, width: 90 };
let root = "";
let printed: string[] = [];
let logged: string[] = [];

function contextIn(cwd: string): CommandContext {
  return {
    cwd,
    environment: {},
    clock: { now: () => 0 },
    log: { info: (line) => void logged.push(line), warn: (line) => void logged.push(line) },
    print: (text) => void printed.push(text),
    signal: new AbortController().signal,
    terminal,
  };
}

function report(
  run: string,
  options: { cwd?: string; output?: string[]; json?: boolean; config?: string } = {},
) {
  const { cwd = root, output = [], json = false, config } = options;
  return runReport(contextIn(cwd), {
    run,
    output,
    json,
    verbose: false,
    ...(config === undefined ? {} : { config }),
  });
}

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "promptgate-run-"));
  printed = [];
  logged = [];
  await mkdir(join(root, ".promptgate/runs/greeting-1a2b"), { recursive: true });
  await mkdir(join(root, "deep/er"), { recursive: true });
  await writeFile(join(root, ".promptgate/runs/greeting-1a2b/result.json"), renderJson(stored));
});
afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

describe("report", () => {
  it.each([
    [".promptgate/runs/greeting-1a2b", "."],
    [".promptgate/runs/greeting-1a2b/", "deep/er"],
    [".promptgate/runs/greeting-1a2b/result.json", "."],
    ["greeting-1a2b", "."],
    ["greeting-1a2b", "deep/er"],
    ["../../.promptgate/runs/greeting-1a2b", "deep/er"],
  ])("finds %s from %s and prints it; its exit code is its own", async (run, from) => {
    expect(await report(run, { cwd: join(root, from) })).toBe(0);
    expect(printed).toEqual([renderConsole(stored, terminal)]);
  });

  it("finds a run of the project that --config names", async () => {
    await report("greeting-1a2b", { cwd: tmpdir(), config: join(root, "promptgate.yaml") });
    expect(printed).toHaveLength(1);
  });

  it("prints the stored document with --json and nothing else", async () => {
    await report("greeting-1a2b", { json: true, output: ["report.md"] });
    expect(printed).toEqual([renderJson(stored)]);
    expect(logged).toEqual(["wrote report.md"]);
  });

  it("writes files instead of printing", async () => {
    await report("greeting-1a2b", { output: ["report.md", "out/report.json"] });
    expect(printed).toEqual([]);
    expect(await readFile(join(root, "out/report.json"), "utf8")).toBe(renderJson(stored));
    expect(await readFile(join(root, "report.md"), "utf8")).toContain("[!CAUTION]");
  });

  it("refuses an unknown format before it reads anything", async () => {
    await expect(report("no-such-run", { output: ["report.pdf"] })).rejects.toMatchObject({ code: "USAGE" });
  });

  it.each(["no-such-run", "../../../etc", "."])("says that there is no result in %s", async (run) => {
    await expect(report(run)).rejects.toMatchObject({ code: "FILE_UNREADABLE" });
  });
});
