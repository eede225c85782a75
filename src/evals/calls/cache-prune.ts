import { readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { readdir, readFile, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { isShard, readEntries, type ShardEntry } from "./cache-shard.ts";

/** A writer is done with its temporary file in far less; an older one was left behind by a process that died. */
const STALE_AFTER_MS = 3_600_000;
const TEMPORARY = /^[0-9a-f]\.jsonl\..+\.tmp$/;
const NEWLINE = Buffer.from("\n");

export interface PruneLimits {
  /** Size that may stay, in bytes; null = any. 0 leaves nothing. */
  readonly maxBytes: number | null;
  /** Age in milliseconds above which an answer goes; null = none. */
  readonly maxAgeMs: number | null;
}

/** What a pruning removed and what is left. */
export interface Pruned {
  readonly removed: { readonly answers: number; readonly temporaryFiles: number; readonly bytes: number };
  readonly left: { readonly answers: number; readonly bytes: number };
}

interface Shard {
  readonly path: string;
  readonly entries: readonly ShardEntry[];
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}

function failure(path: string, cause: unknown): GateError {
  const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
  return new GateError("STORAGE_FAILED", `cannot prune the call cache: ${visibleLine(path, 400)} (${code})`, {
    hint: "check who may read and write that folder",
    cause,
  });
}

/** What another process removes meanwhile is as good as removed here. */
async function unlessGone<Value>(path: string, work: () => Promise<Value>): Promise<Value | null> {
  try {
    return await work();
  } catch (error) {
    if (isGone(error)) return null;
    throw failure(path, error);
  }
}

/** Files of the cache by kind; links, folders and files that are none of the cache's are left alone. */
async function listFiles(directory: string): Promise<{ shards: string[]; temporary: string[] }> {
  const found = await unlessGone(directory, () => readdir(directory, { withFileTypes: true }));
  const names = (found ?? []).filter((file) => file.isFile()).map(({ name }) => name);
  return {
    shards: names.filter(isShard).map((name) => join(directory, name)),
    temporary: names.filter((name) => TEMPORARY.test(name)).map((name) => join(directory, name)),
  };
}

/** The latest answer of every digest. */
function latestEntries(bytes: Buffer): ShardEntry[] {
  return [...new Map(readEntries(bytes, 0).entries.map((entry) => [entry.hex, entry])).values()];
}

async function readShards(paths: readonly string[]): Promise<Shard[]> {
  const shards: Shard[] = [];
  for (const path of paths) {
    const bytes = await unlessGone(path, () => readFile(path));
    if (bytes !== null) shards.push({ path, entries: latestEntries(bytes) });
  }
  return shards;
}

function bytesOf(entries: Iterable<ShardEntry>): number {
  let bytes = 0;
  for (const { line } of entries) bytes += line.length;
  return bytes;
}

/** Entries to remove, oldest first: those that are too old, then as many as it takes to fit. */
function surplus(
  entries: readonly ShardEntry[],
  { maxBytes, maxAgeMs }: PruneLimits,
  now: number,
): ShardEntry[] {
  const oldestFirst = entries.toSorted(
    (left, right) => left.at - right.at || (left.hex < right.hex ? -1 : 1),
  );
  let bytes = bytesOf(entries);
  return oldestFirst.filter((entry) => {
    const isOld = maxAgeMs !== null && now - entry.at > maxAgeMs;
    const isTooMuch = maxBytes !== null && bytes > maxBytes;
    if (isOld || isTooMuch) bytes -= entry.line.length;
    return isOld || isTooMuch;
  });
}

function nameOf({ hex, at }: ShardEntry): string {
  return `${hex} ${at}`;
}

/** Replaces a shard by what stays of it now. Synchronous: what others append between reading and renaming is lost. */
function rewrite(path: string, going: ReadonlySet<string>): void {
  const bytes = readFileSync(path);
  const kept = latestEntries(bytes).filter((entry) => !going.has(nameOf(entry)));
  if (kept.length === 0) {
    unlinkSync(path);
    return;
  }
  const lines = kept.flatMap(({ line }) => [bytes.subarray(line.offset, line.offset + line.length), NEWLINE]);
  const temporary = `${path}.${process.pid}-${performance.timeOrigin.toString(36)}.tmp`;
  try {
    writeFileSync(temporary, Buffer.concat(lines));
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Removes what writers that died left behind; returns how many files. */
async function removeStale(temporary: readonly string[], now: number): Promise<number> {
  let removed = 0;
  for (const path of temporary) {
    const stats = await unlessGone(path, () => stat(path));
    if (stats === null || now - stats.mtimeMs <= STALE_AFTER_MS) continue;
    await unlessGone(path, () => unlink(path));
    removed += 1;
  }
  return removed;
}

/**
 * Removes the oldest answers until the rest keeps the limits, and what writers that died left behind. Others may read and
 * write meanwhile: a reader misses an answer that went, and makes the call again; one that is stored in the very moment in
 * which its file is replaced may go as well. `now` in milliseconds since 1970. Throws `STORAGE_FAILED`.
 */
export async function pruneCallCache(directory: string, limits: PruneLimits, now: number): Promise<Pruned> {
  const { shards: paths, temporary } = await listFiles(directory);
  const shards = await readShards(paths);
  const entries = shards.flatMap((shard) => shard.entries);
  const going = surplus(entries, limits, now);
  const names = new Set(going.map(nameOf));
  for (const { path, entries: own } of shards) {
    if (!own.some((entry) => names.has(nameOf(entry)))) continue;
    await unlessGone(path, async () => rewrite(path, names));
  }
  const bytes = bytesOf(going);
  return {
    removed: { answers: going.length, temporaryFiles: await removeStale(temporary, now), bytes },
    left: { answers: entries.length - going.length, bytes: bytesOf(entries) - bytes },
  };
}
