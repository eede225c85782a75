import { execFileSync } from "node:child_process";
import { mkdir, readFile, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GateError } from "../../src/domain/errors.ts";
import { aVersion } from "./a-version.ts";
import { fileFolder, prompt, type FileFolder } from "./file-folder.ts";

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args);
}

async function corruption(work: Promise<unknown>): Promise<GateError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GateError);
  expect(error).toMatchObject({ code: "REGISTRY_CORRUPT" });
  return error as GateError;
}

describe("a damaged file registry", () => {
  let opened: FileFolder;
  let root: string;
  let folder: string;

  beforeEach(async () => {
    opened = await fileFolder();
    ({ root, folder } = opened);
  });
  afterEach(async () => opened.remove());

  it.each([
    { title: "empty", text: "", says: "empty" },
    { title: "cut off", text: '{"schema": "promptgate/label-move@1", "sequ', says: "not JSON" },
    { title: "a merge conflict", text: "<<<<<<< HEAD\n{}\n=======\n", says: "not JSON" },
    { title: "of another schema", text: '{"schema": "promptgate/label-move@2"}', says: "schema" },
    { title: "another JSON value", text: "[]", says: "expected object" },
  ])("names a move that is $title, and the way out", async ({ text, says }) => {
    await opened.threeMoves();
    await writeFile(join(folder, "moves", "000002.json"), text);
    const error = await corruption(opened.reopened().listLabels(prompt));
    expect(error.message).toContain(join(prompt, "moves", "000002.json"));
    expect(error.message).toContain(says);
    expect(error.hint).toContain("version control");
  });

  it("finds a gap in the moves", async () => {
    await opened.threeMoves();
    await rm(join(folder, "moves", "000002.json"));
    const error = await corruption(opened.reopened().history(prompt));
    expect(error.message).toContain("000002.json: it is missing");
  });

  it("finds a move that does not follow from those before it", async () => {
    await opened.threeMoves();
    const file = join(folder, "moves", "000003.json");
    await writeFile(file, (await readFile(file, "utf8")).replace('"from": "1.1.0"', '"from": "1.0.0"'));
    const error = await corruption(
      opened.reopened().readVersion(prompt, { kind: "label", label: "production" }),
    );
    expect(error.message).toContain("left it at 1.1.0");
  });

  it.each([
    ["moves", "notes.txt"],
    ["moves", "1.json"],
    ["moves", "000000.json"],
    ["versions", "1.0.json"],
    ["versions", "1.0.0"],
  ])("finds a foreign file in %s: %s", async (part, name) => {
    await opened.threeMoves();
    await writeFile(join(folder, part, name), "{}");
    const list =
      part === "moves" ? opened.reopened().listLabels(prompt) : opened.reopened().listVersions(prompt);
    expect((await corruption(list)).message).toContain(name);
  });

  it("overlooks hidden files, which are the system's", async () => {
    await opened.threeMoves();
    await writeFile(join(folder, "moves", ".DS_Store"), "x");
    await writeFile(join(folder, "versions", ".gitkeep"), "");
    await writeFile(join(root, "registry", "README.md"), "x");
    await mkdir(join(root, "registry", ".git"));
    expect((await opened.reopened().listPrompts()).items).toEqual([prompt]);
    expect(await opened.reopened().listLabels(prompt)).toHaveLength(1);
  });

  it("notices an edited version by its digest", async () => {
    await opened.threeMoves();
    const file = join(folder, "versions", "1.0.0.json");
    await writeFile(file, (await readFile(file, "utf8")).replace("One.", "Two."));
    const error = await corruption(
      opened.reopened().readVersion(prompt, { kind: "version", version: "1.0.0" }),
    );
    expect(error.message).toContain("digest");
    await corruption(opened.reopened().publish(aVersion("1.0.0", "Two.")));
  });

  it("notices a version under a name that is not its own", async () => {
    await opened.threeMoves();
    const text = await readFile(join(folder, "versions", "1.0.0.json"), "utf8");
    await writeFile(join(folder, "versions", "1.2.0.json"), text);
    const error = await corruption(opened.reopened().readVersion(prompt, { kind: "latest" }));
    expect(error.message).toContain(`it holds ${prompt}@1.0.0`);
  });

  it("notices that the version of a label is gone", async () => {
    await opened.threeMoves();
    await rm(join(folder, "versions", "1.0.0.json"));
    const error = await corruption(
      opened.reopened().readVersion(prompt, { kind: "label", label: "production" }),
    );
    expect(error.message).toContain("1.0.0.json: it is missing");
  });

  it.each([
    {
      title: "a symbolic link",
      plant: async (path: string) => symlink("/etc/passwd", path),
      says: "not a regular file",
    },
    {
      title: "a pipe, without waiting for its other end",
      plant: async (path: string) => run("mkfifo", path),
      says: "not a regular file",
    },
    { title: "a folder", plant: async (path: string) => mkdir(path), says: "not a regular file" },
    {
      title: "bytes that are no text",
      plant: async (path: string) => writeFile(path, Buffer.from([0x7b, 0xff, 0xfe])),
      says: "not UTF-8",
    },
    {
      title: "a giant",
      plant: async (path: string) => {
        await writeFile(path, "");
        await truncate(path, 2 ** 31);
      },
      says: "too large",
    },
  ])("refuses $title in the place of a version", async ({ plant, says }) => {
    await opened.threeMoves();
    const file = join(folder, "versions", "1.2.0.json");
    await plant(file);
    const error = await corruption(opened.reopened().readVersion(prompt, { kind: "latest" }));
    expect(error.message).toContain(says);
  });

  it("shows control characters of a foreign file's name without obeying them", async () => {
    await opened.threeMoves();
    await writeFile(join(folder, "moves", "\u001b[31mred.json"), "{}");
    const error = await corruption(opened.reopened().history(prompt));
    expect(error.message).not.toContain("\u001b");
    expect(error.message).toContain("\\u{1b}");
  });
});
