import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRegistry } from "../../src/registries/index.ts";
import { promptDigest } from "../../src/domain/prompt.ts";
import type { Registry } from "../../src/domain/registry.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { aVersion, SOME_TIME } from "./a-version.ts";
import { plantMoves, plantVersions } from "./plant.ts";

const prompt = "customer-support";
const clock = { now: () => SOME_TIME };

registryContract("the file registry", async () => {
  const root = await mkdtemp(join(tmpdir(), "promptgate-registry-"));
  return {
    registry: openRegistry({ kind: "file", path: "registry" }, root, clock),
    cleanup: async () => rm(root, { recursive: true, force: true }),
  };
});

describe("the folder of a file registry", () => {
  let root: string;
  let folder: string;
  let registry: Registry;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "promptgate-registry-"));
    folder = join(root, "registry", prompt);
    registry = openRegistry({ kind: "file", path: "registry" }, root, clock);
  });
  afterEach(async () => rm(root, { recursive: true, force: true }));

  const reopened = (): Registry => openRegistry({ kind: "file", path: "registry" }, root, clock);

  async function move(to: string, expected: string | null, label = "production"): Promise<void> {
    await registry.moveLabel({ prompt, label, to, expected, by: "Ada", reason: "because" });
  }

  async function threeMoves(): Promise<void> {
    await registry.publish(aVersion("1.0.0", "One."));
    await registry.publish(aVersion("1.1.0", "Two."));
    await move("1.0.0", null);
    await move("1.1.0", "1.0.0");
    await move("1.0.0", "1.1.0");
  }

  it("holds one readable file for each version and each move, and nothing else", async () => {
    await threeMoves();
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
    await registry.publish({ ...version, template, digest: promptDigest(template) });
    const stored = await reopened().readVersion(prompt, { kind: "latest" });
    expect(JSON.stringify(stored?.template.jsonSchema)).toBe(JSON.stringify(jsonSchema));
  });

  it("is read the same by another process", async () => {
    await threeMoves();
    expect(await reopened().listLabels(prompt)).toEqual(await registry.listLabels(prompt));
    expect(await reopened().history(prompt)).toEqual(await registry.history(prompt));
  });

  it("shows a reader what another writer moved meanwhile", async () => {
    await threeMoves();
    const other = reopened();
    await other.listLabels(prompt);
    await move("1.1.0", "1.0.0");
    expect((await other.listLabels(prompt))[0]?.version).toBe("1.1.0");
  });

  it("is read anew after it was replaced by another history", async () => {
    await threeMoves();
    await registry.listLabels(prompt);
    const second = join(folder, "moves", "000002.json");
    const third = join(folder, "moves", "000003.json");
    const text = await readFile(third, "utf8");
    await rm(third);
    expect((await registry.listLabels(prompt))[0]?.version).toBe("1.1.0");
    await writeFile(third, text.replace("because", "for another reason"));
    await writeFile(second, (await readFile(second, "utf8")).replace("because", "for no reason"));
    expect((await registry.history(prompt)).items.map((entry) => entry.reason)).toEqual([
      "for another reason",
      "for no reason",
      "because",
    ]);
  });

  it("holds thousands of moves and pages through them", async () => {
    await plantVersions(join(root, "registry"), 2);
    await plantMoves(join(root, "registry"), 3000);
    expect((await registry.history(prompt, { limit: 1 })).items[0]?.sequence).toBe(3000);
    expect((await registry.listLabels(prompt))[0]?.version).toBe("1.0.1");
    await move("1.0.0", null, "x");
    expect((await registry.history(prompt, { limit: 1000 })).items[0]?.sequence).toBe(3001);
  });

  it("sweeps what writers left behind that died long ago, and nothing younger", async () => {
    await threeMoves();
    const stale = join(folder, "moves", ".0123456789abcdef.partial");
    const young = join(folder, "moves", ".fedcba9876543210.partial");
    await writeFile(stale, "{");
    await writeFile(young, "{");
    const twoHoursAgo = new Date(Date.now() - 7_200_000);
    await utimes(stale, twoHoursAgo, twoHoursAgo);
    await move("1.1.0", "1.0.0");
    const hidden = (await readdir(join(folder, "moves"))).filter((name) => name.startsWith("."));
    expect(hidden).toEqual([".fedcba9876543210.partial"]);
    expect((await reopened().listLabels(prompt))[0]?.version).toBe("1.1.0");
  });

  it("does not take a folder without versions for a prompt", async () => {
    await mkdir(join(root, "registry", "empty", "versions"), { recursive: true });
    expect((await registry.listPrompts()).items).toEqual([]);
  });

  it("says so when a file stands where the folder should be", async () => {
    await writeFile(join(root, "registry"), "x");
    await expect(registry.listPrompts()).rejects.toMatchObject({ code: "STORAGE_FAILED" });
    await expect(registry.publish(aVersion("1.0.0"))).rejects.toMatchObject({ code: "STORAGE_FAILED" });
  });
});

describe("opening a registry", () => {
  it("knows its kinds", () => {
    expect(() => openRegistry({ kind: "toString" }, "/nowhere")).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", hint: "known: file" }),
    );
  });

  it.each([{ path: 7 }, { path: "" }, { pth: "x" }])("refuses the options %j", (options) => {
    expect(() => openRegistry({ kind: "file", ...options }, "/nowhere")).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
  });
});
