import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Digest } from "../../domain/digest.ts";
import type { Completion } from "../../domain/model.ts";
import type { Log } from "../../domain/ports.ts";
import { parseStoredCall, storedCallDocument, type ModelIdentity } from "../../domain/stored-call.ts";
import { visibleLine } from "../../domain/visible.ts";

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

function message(error: unknown): string {
  return visibleLine(error instanceof Error ? error.message : String(error));
}

/** A cache in `directory`, made on the first write: one JSON file an answer, sharded by two digits of the digest. */
export function openCallCache(directory: string, log: Log): CallCache {
  const folders = new Set<string>();
  let written = 0;
  let warned = false;

  function entryPath(digest: Digest): string {
    const hex = digest.slice("sha256:".length);
    return join(directory, hex.slice(0, 2), `${hex.slice(2)}.json`);
  }

  function store(path: string, text: string): void {
    const folder = dirname(path);
    if (!folders.has(folder)) mkdirSync(folder, { recursive: true });
    folders.add(folder);
    written += 1;
    // Unique among processes that share the folder, those in other containers with the same id included.
    const temporary = `${path}.${process.pid}-${performance.timeOrigin.toString(36)}-${written}.tmp`;
    try {
      writeFileSync(temporary, text);
      // A rename replaces the entry in one step: readers see the old file, the new one, or none.
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  function load(path: string, digest: Digest): Completion | null {
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return null;
    const stored = parseStoredCall(readFileSync(path, "utf8"));
    if (stored.kind === "call" && stored.call.digest === digest) return stored.call.completion;
    const reason = stored.kind === "invalid" ? stored.reason : "it belongs to another call";
    log.warn(
      `dropped a damaged entry of the call cache, the call is made again: ${visibleLine(path)}: ${visibleLine(reason)}`,
    );
    rmSync(path, { force: true });
    return null;
  }

  return {
    read: (digest) => {
      try {
        return load(entryPath(digest), digest);
      } catch (error) {
        // Pruned between two steps of the reading: it is not there, which is no fault.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
        log.warn(`cannot read the call cache, the call is made again: ${message(error)}`);
        return null;
      }
    },
    write: (digest, identity, completion) => {
      try {
        store(entryPath(digest), JSON.stringify(storedCallDocument(identity, digest, { completion })));
      } catch (error) {
        if (!warned) log.warn(`cannot write the call cache, answers are not kept: ${message(error)}`);
        warned = true;
      }
    },
  };
}
