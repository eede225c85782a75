import { mkdir, mkdtemp, readdir, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Digest } from "../../../src/domain/digest.ts";
import { openCallCache } from "../../../src/evals/calls/call-cache.ts";
import { pruneCallCache } from "../../../src/evals/calls/cache-prune.ts";
import { completion } from "./simulated-run.ts";

const NOW = Date.UTC(2026, 10, 20);
const HOUR = 3_600_000;
const warnings: string[] = [];
let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "promptgate-cache-"));
  warnings.length = 0;
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const identity = { provider: "openai", model: "m", baseUrl: undefined };

function cache(at = NOW) {
  const log = { info: () => undefined, warn: (line: string) => warnings.push(line) };
  return openCallCache(directory, log, { now: () => at });
}

function digestOf(index: number): Digest {
  return `sha256:${index.toString(16).padEnd(2, "0")}${"0".repeat(62)}`;
}

function pathOf(index: number): string {
  const hex = digestOf(index).slice("sha256:".length);
  return join(directory, `${hex.slice(0, 1)}.jsonl`);
}

/** An answer that was stored so many hours ago. */
function store(index: number, hours: number): void {
  const stored = cache(NOW - hours * HOUR);
  stored.write(digestOf(index), identity, completion("text"));
  stored.flush();
}

async function left(): Promise<string[]> {
  return (await readdir(directory, { recursive: true })).filter((name) => name.includes(".")).sort();
}

function kept(...indexes: number[]): boolean[] {
  return indexes.map((index) => cache().read(digestOf(index)) !== null);
}

describe("pruning the cache", () => {
  it("removes the oldest answers until the rest fits", async () => {
    for (const [index, hours] of [
      [1, 5],
      [2, 9],
      [3, 1],
      [4, 7],
    ] as const) {
      store(index, hours);
    }
    const all = await pruneCallCache(directory, { maxBytes: 1e9, maxAgeMs: null }, NOW);
    expect(all).toMatchObject({ removed: { answers: 0, bytes: 0 }, left: { answers: 4 } });
    const size = all.left.bytes / 4;
    const pruned = await pruneCallCache(directory, { maxBytes: 2.5 * size, maxAgeMs: null }, NOW);
    expect(pruned).toEqual({
      removed: { answers: 2, temporaryFiles: 0, bytes: 2 * size },
      left: { answers: 2, bytes: 2 * size },
    });
    expect(kept(1, 2, 3, 4)).toEqual([true, false, true, false]);
  });

  it("removes what is older than the age", async () => {
    store(1, 5);
    store(2, 3);
    await pruneCallCache(directory, { maxBytes: null, maxAgeMs: 4 * HOUR }, NOW);
    expect(kept(1, 2)).toEqual([false, true]);
  });

  it("removes everything with a size of 0, and a removed answer is a miss without a word", async () => {
    store(1, 1);
    store(2, 0);
    await pruneCallCache(directory, { maxBytes: 0, maxAgeMs: null }, NOW);
    expect(kept(1, 2)).toEqual([false, false]);
    expect(warnings).toEqual([]);
    store(1, 0);
    expect(kept(1)).toEqual([true]);
  });

  it("removes temporary files of writers that died and leaves those of writers at work", async () => {
    store(1, 1);
    for (const [name, hours] of [
      ["dead", 2],
      ["alive", 0.5],
    ] as const) {
      const path = `${pathOf(1)}.${name}.tmp`;
      await writeFile(path, "half");
      const at = new Date(NOW - hours * HOUR);
      await utimes(path, at, at);
    }
    const pruned = await pruneCallCache(directory, { maxBytes: 0, maxAgeMs: null }, NOW);
    expect(pruned.removed.temporaryFiles).toBe(1);
    expect(await left()).toEqual([expect.stringMatching(/alive\.tmp$/)]);
  });

  it("touches nothing that is not its own", async () => {
    await mkdir(join(directory, "a.jsonl"));
    await mkdir(join(directory, "keep"));
    store(1, 5);
    const outside = join(directory, "keep", "c.jsonl");
    await rename(pathOf(1), outside);
    await writeFile(join(directory, "notes.jsonl"), "{}");
    await symlink(outside, join(directory, "c.jsonl"));
    const before = await left();
    const pruned = await pruneCallCache(directory, { maxBytes: 0, maxAgeMs: 0 }, NOW + HOUR);
    expect(pruned.removed.answers).toBe(0);
    expect(await left()).toEqual(before);
  });

  it("finds nothing to do where there is no cache", async () => {
    const nothing = { answers: 0, bytes: 0 };
    expect(await pruneCallCache(join(directory, "none"), { maxBytes: 0, maxAgeMs: null }, NOW)).toEqual({
      removed: { ...nothing, temporaryFiles: 0 },
      left: nothing,
    });
  });

  it("may be done by several at a time while others read and write", async () => {
    for (let index = 0; index < 100; index += 1) store(index, 100 - index);
    const writing = (async () => {
      for (let index = 100; index < 200; index += 1) {
        cache().write(digestOf(index), identity, completion("text"));
        cache().read(digestOf(index - 100));
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const nothingStays = { maxBytes: 0, maxAgeMs: null };
    await Promise.all([
      pruneCallCache(directory, nothingStays, NOW),
      pruneCallCache(directory, nothingStays, NOW),
      writing,
    ]);
    expect(kept(...Array.from({ length: 100 }, (_, index) => index)).some(Boolean)).toBe(false);
    expect(warnings).toEqual([]);
  });
});
