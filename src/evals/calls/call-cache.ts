import { appendFileSync, closeSync, fstatSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import type { Digest } from "../../domain/digest.ts";
import type { Completion } from "../../domain/model.ts";
import type { Clock, Log } from "../../domain/ports.ts";
import { parseStoredCall, storedCallDocument, type ModelIdentity } from "../../domain/stored-call.ts";
import { visibleLine } from "../../domain/visible.ts";
import { hexOf, readEntries, shardLine, shardPath } from "./cache-shard.ts";

/**
 * Answers by request digest, shared by runs and by processes that work at the same time. Synchronous on purpose: a
 * small local file costs a tenth of the processor time that way, and every call pays it.
 */
export interface CallCache {
  /** The stored completion with its original latency, or null. A damaged entry is dropped and said. */
  readonly read: (digest: Digest) => Completion | null;
  /** Stores a completion whole or not at all. A cache that cannot be written is said once and costs only money. */
  readonly write: (digest: Digest, identity: ModelIdentity, completion: Completion) => void;
}

/** A cache whose latest answers may still be in memory: whoever writes to it keeps them elsewhere as well. */
export interface SharedCallCache extends CallCache {
  /** Brings them to the disk. */
  readonly flush: () => void;
}

/** Answers are appended together: opening a file costs as much as writing ten of them. */
const PENDING_ANSWERS = 64;
const PENDING_CHARACTERS = 1 << 20;

/** What is known of a shard: where its answers lie, as of `size` bytes of one file. */
interface ShardIndex {
  readonly inode: number;
  size: number;
  readonly places: Map<string, { readonly offset: number; readonly length: number }>;
}

function message(error: unknown): string {
  return visibleLine(error instanceof Error ? error.message : String(error));
}

/** So many bytes of a file from `offset`; fewer where it ends earlier. */
function readPart(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
}

/** The index of an open shard, brought up to date: other processes append to it, and pruning replaces it. */
function refreshed(file: number, known: ShardIndex | undefined, drop: (reason: string) => void): ShardIndex {
  const { ino, size } = fstatSync(file);
  const isSame = known !== undefined && known.inode === ino && known.size <= size;
  const index: ShardIndex = isSame ? known : { inode: ino, size: 0, places: new Map() };
  if (index.size === size) return index;
  const bytes = readPart(file, index.size, size - index.size);
  const { entries, end, damaged } = readEntries(bytes, index.size);
  if (damaged > 0) drop("a write was cut off");
  for (const { hex, json } of entries) index.places.set(hex, json);
  index.size = end;
  return index;
}

/** The stored texts by the hex digits of their digest, as they are now. */
function createReader(
  directory: string,
  drop: (path: string, reason: string) => void,
): { readonly find: (hex: string) => string | null; readonly forget: (hex: string) => void } {
  const indexes = new Map<string, ShardIndex>();
  return {
    find: (hex) => {
      const path = shardPath(directory, hex);
      const known = indexes.get(path);
      const now = statSync(path, { throwIfNoEntry: false });
      // Nothing was ever stored, or nothing since: most answers of a new version are looked for in vain.
      if (now === undefined) return null;
      if (known?.inode === now.ino && known.size === now.size && !known.places.has(hex)) return null;
      // One file for index and answer, whatever becomes of its name meanwhile.
      const file = openSync(path, "r");
      try {
        const index = refreshed(file, known, (reason) => drop(path, reason));
        indexes.set(path, index);
        const place = index.places.get(hex);
        return place === undefined ? null : readPart(file, place.offset, place.length).toString("utf8");
      } finally {
        closeSync(file);
      }
    },
    forget: (hex) => indexes.get(shardPath(directory, hex))?.places.delete(hex),
  };
}

/** Lines on their way to their shards. */
function createAppender(directory: string): {
  readonly add: (hex: string, line: string) => void;
  readonly flush: () => void;
} {
  const pending = new Map<string, string>();
  let answers = 0;
  let characters = 0;
  const flush = (): void => {
    const lines = [...pending];
    pending.clear();
    answers = 0;
    characters = 0;
    if (lines.length > 0) mkdirSync(directory, { recursive: true });
    for (const [path, text] of lines) appendFileSync(path, text);
  };
  return {
    add: (hex, line) => {
      const path = shardPath(directory, hex);
      pending.set(path, (pending.get(path) ?? "") + line);
      answers += 1;
      characters += line.length;
      if (answers >= PENDING_ANSWERS || characters >= PENDING_CHARACTERS) flush();
    },
    flush,
  };
}

/**
 * A cache in `directory`, made on the first write: 16 files by the first digit of the digest, to which answers are
 * appended. `clock` dates them for pruning.
 */
export function openCallCache(directory: string, log: Log, clock: Clock): SharedCallCache {
  const drop = (path: string, reason: string): void =>
    log.warn(
      `dropped a damaged entry of the call cache, the call is made again: ${visibleLine(path)}: ${visibleLine(reason)}`,
    );
  const { find, forget } = createReader(directory, drop);
  const appender = createAppender(directory);
  let warned = false;

  function load(digest: Digest): Completion | null {
    const hex = hexOf(digest);
    const text = find(hex);
    if (text === null) return null;
    const stored = parseStoredCall(text);
    if (stored.kind === "call" && stored.call.digest === digest) return stored.call.completion;
    forget(hex);
    drop(shardPath(directory, hex), stored.kind === "invalid" ? stored.reason : "it belongs to another call");
    return null;
  }

  function append(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!warned) log.warn(`cannot write the call cache, answers are not kept: ${message(error)}`);
      warned = true;
    }
  }

  return {
    read: (digest) => {
      try {
        return load(digest);
      } catch (error) {
        // Nothing was stored yet, or everything was pruned: no fault.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        log.warn(`cannot read the call cache, the call is made again: ${message(error)}`);
        return null;
      }
    },
    write: (digest, identity, completion) =>
      append(() => {
        const hex = hexOf(digest);
        const json = JSON.stringify(storedCallDocument(identity, digest, { completion }));
        appender.add(hex, shardLine(hex, clock.now(), json));
      }),
    flush: () => append(appender.flush),
  };
}
