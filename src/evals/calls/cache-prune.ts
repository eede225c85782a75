import { readdir, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";

/** A writer is done with its temporary file in far less; an older one was left behind by a process that died. */
const STALE_AFTER_MS = 3_600_000;

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

interface Entry {
  readonly path: string;
  readonly bytes: number;
  readonly writtenAt: number;
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
async function unlessGone<Value>(path: string, work: Promise<Value>): Promise<Value | null> {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return null;
    throw failure(path, error);
  }
}

/** Files of the cache by kind; links, folders and files that are none of the cache's are left alone. */
async function listFiles(
  directory: string,
): Promise<{ readonly answers: Entry[]; readonly temporary: Entry[] }> {
  const answers: Entry[] = [];
  const temporary: Entry[] = [];
  const folders = (await unlessGone(directory, readdir(directory, { withFileTypes: true }))) ?? [];
  for (const folder of folders) {
    if (!folder.isDirectory() || !/^[0-9a-f]{2}$/.test(folder.name)) continue;
    const place = join(directory, folder.name);
    for (const file of (await unlessGone(place, readdir(place, { withFileTypes: true }))) ?? []) {
      const kind = /^[0-9a-f]{62}\.json(\..+\.tmp)?$/.exec(file.name);
      if (!file.isFile() || kind === null) continue;
      const path = join(place, file.name);
      const stats = await unlessGone(path, stat(path));
      if (stats === null) continue;
      const list = kind[1] === undefined ? answers : temporary;
      list.push({ path, bytes: stats.size, writtenAt: stats.mtimeMs });
    }
  }
  return { answers, temporary };
}

/** Entries to remove, oldest first: those that are too old, then as many as it takes to fit. */
function surplus(oldestFirst: readonly Entry[], { maxBytes, maxAgeMs }: PruneLimits, now: number): Entry[] {
  let bytes = oldestFirst.reduce((sum, entry) => sum + entry.bytes, 0);
  return oldestFirst.filter((entry) => {
    const isOld = maxAgeMs !== null && now - entry.writtenAt > maxAgeMs;
    const isTooMuch = maxBytes !== null && bytes > maxBytes;
    if (isOld || isTooMuch) bytes -= entry.bytes;
    return isOld || isTooMuch;
  });
}

async function removeAll(entries: readonly Entry[]): Promise<number> {
  let bytes = 0;
  for (const { path, bytes: size } of entries) {
    await unlessGone(path, unlink(path));
    bytes += size;
  }
  return bytes;
}

/**
 * Removes the oldest answers until the rest keeps the limits, and what writers that died left behind. Only unlinks files, so
 * that others may read and write meanwhile: a reader misses an answer that went, and makes the call again. `now` in
 * milliseconds since 1970. Throws `STORAGE_FAILED`.
 */
export async function pruneCallCache(directory: string, limits: PruneLimits, now: number): Promise<Pruned> {
  const { answers, temporary } = await listFiles(directory);
  const oldestFirst = answers.toSorted(
    (left, right) => left.writtenAt - right.writtenAt || (left.path < right.path ? -1 : 1),
  );
  const going = surplus(oldestFirst, limits, now);
  const stale = temporary.filter(({ writtenAt }) => now - writtenAt > STALE_AFTER_MS);
  const bytes = await removeAll([...going, ...stale]);
  const total = answers.reduce((sum, entry) => sum + entry.bytes, 0);
  const gone = going.reduce((sum, entry) => sum + entry.bytes, 0);
  return {
    removed: { answers: going.length, temporaryFiles: stale.length, bytes },
    left: { answers: answers.length - going.length, bytes: total - gone },
  };
}
