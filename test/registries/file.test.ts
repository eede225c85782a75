import { mkdir, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRegistry } from "../../src/registries/index.ts";
import { promptDigest } from "../../src/domain/prompt.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { aVersion } from "./a-version.ts";
import { fileFolder, prompt, type FileFolder } from "./file-folder.ts";
import { plantMoves, plantVersions } from "./plant.ts";

registryContract("the file registry", async () => {
  const { registry, remove } = await fileFolder();
  return { registry, cleanup: remove };
});

describe("the folder of a file registry", () => {
  let opened: FileFolder;
  let root: string;
  let folder: string;

  beforeEach(async () => {
    opened = await fileFolder();
    ({ root, folder } = opened);
  });
  afterEach(async () => opened.remove());

  it("holds one readable file for each version and each move, and nothing else", async () => {
    await opened.threeMoves();
    expect((await readdir(folder, { recursive: true })).sort()).toEqual([
      "moves",
      "moves/000001.json",
      "moves/000002.json",
      "moves/000003.json",
      "versions",
      "versions/1.0.0.json",
      "versions/1.1.0.json",
    ]);
    const text = await readFile(join(folder, "moves", "000002.json"), "utf8");
    expect(text).toBe(`{
  "schema": "promptgate/label-move@1",
  "sequence": 2,
  "label": "production",
  "from": "1.0.0",
  "to": "1.1.0",
  "at": "2026-11-20T10:00:00.000Z",
  "by": "Ada",
  "reason": "because"
}
`);
    const version = JSON.parse(await readFile(join(folder, "versions", "1.0.0.json"), "utf8"));
    expect(Object.keys(version).slice(0, 3)).toEqual(["schema", "name", "version"]);
  });

  it("keeps the order of a schema's properties, which models answer in", async () => {
    const version = aVersion("1.0.0");
    const jsonSchema = { type: "object", properties: { zebra: {}, ant: {} } };
    const template = { ...version.template, jsonSchema };
    await opened.registry.publish({ ...version, template, digest: promptDigest(template) });
    const stored = await opened.reopened().readVersion(prompt, { kind: "latest" });
    expect(JSON.stringify(stored?.template.jsonSchema)).toBe(JSON.stringify(jsonSchema));
  });

  it("is read the same by another process", async () => {
    await opened.threeMoves();
    expect(await opened.reopened().listLabels(prompt)).toEqual(await opened.registry.listLabels(prompt));
    expect(await opened.reopened().history(prompt)).toEqual(await opened.registry.history(prompt));
  });

  it("shows a reader what another writer moved meanwhile", async () => {
    await opened.threeMoves();
    const other = opened.reopened();
    await other.listLabels(prompt);
    await opened.move("1.1.0", "1.0.0");
    expect((await other.listLabels(prompt))[0]?.version).toBe("1.1.0");
  });

  it("is read anew after it was replaced by another history", async () => {
    await opened.threeMoves();
    await opened.registry.listLabels(prompt);
    const second = join(folder, "moves", "000002.json");
    const third = join(folder, "moves", "000003.json");
    const text = await readFile(third, "utf8");
    await rm(third);
    expect((await opened.registry.listLabels(prompt))[0]?.version).toBe("1.1.0");
    await writeFile(third, text.replace("because", "for another reason"));
    await writeFile(second, (await readFile(second, "utf8")).replace("because", "for no reason"));
    expect((await opened.registry.history(prompt)).items.map((entry) => entry.reason)).toEqual([
      "for another reason",
      "for no reason",
      "because",
    ]);
  });

  it("holds thousands of moves and pages through them", async () => {
    await plantVersions(join(root, "registry"), 2);
    await plantMoves(join(root, "registry"), 3000);
    expect((await opened.registry.history(prompt, { limit: 1 })).items[0]?.sequence).toBe(3000);
    expect((await opened.registry.listLabels(prompt))[0]?.version).toBe("1.0.1");
    await opened.move("1.0.0", null, "x");
    expect((await opened.registry.history(prompt, { limit: 1000 })).items[0]?.sequence).toBe(3001);
  });

  it("sweeps what writers left behind that died long ago, and nothing younger", async () => {
    await opened.threeMoves();
    const stale = join(folder, "moves", ".0123456789abcdef.partial");
    const young = join(folder, "moves", ".fedcba9876543210.partial");
    await writeFile(stale, "{");
    await writeFile(young, "{");
    const twoHoursAgo = new Date(Date.now() - 7_200_000);
    await utimes(stale, twoHoursAgo, twoHoursAgo);
    await opened.move("1.1.0", "1.0.0");
    const hidden = (await readdir(join(folder, "moves"))).filter((name) => name.startsWith("."));
    expect(hidden).toEqual([".fedcba9876543210.partial"]);
    expect((await opened.reopened().listLabels(prompt))[0]?.version).toBe("1.1.0");
  });

  it("does not take a folder without versions for a prompt", async () => {
    await mkdir(join(root, "registry", "empty", "versions"), { recursive: true });
    expect((await opened.registry.listPrompts()).items).toEqual([]);
  });

  it("says so when a file stands where the folder should be", async () => {
    await writeFile(join(root, "registry"), "x");
    await expect(opened.registry.listPrompts()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await expect(opened.registry.publish(aVersion("1.0.0"))).rejects.toMatchObject({
      code: "STORAGE_FAILED",
    });
  });
});

describe("opening a registry", () => {
  it("knows its kinds", () => {
    expect(() => openRegistry({ kind: "toString" }, "/nowhere")).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        hint: expect.stringMatching(/^known: file, git, langfuse\b/) as unknown,
      }),
    );
  });

  it.each([{ path: 7 }, { path: "" }, { pth: "x" }])("refuses the options %j", (options) => {
    expect(() => openRegistry({ kind: "file", ...options }, "/nowhere")).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });
});
