import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Digest } from "../../domain/digest.ts";
import type { Completion } from "../../domain/model.ts";
import type { Log } from "../../domain/ports.ts";
import { parseStoredCall, storedCallDocument, type ModelIdentity } from "../../domain/stored-call.ts";
import { visibleLine } from "../../domain/visible.ts";

/** Answers by request digest, shared by runs and by processes that work at the same time. */
export interface CallCache {
  /** The stored completion with its original latency, or null. A damaged entry is dropped and said. */
  read(digest: Digest): Promise<Completion | null>;
  /** Stores a completion whole or not at all. A cache that cannot be written is said once and costs only speed. */
  write(digest: Digest, identity: ModelIdentity, completion: Completion): Promise<void>;
}

function message(error: unknown): string {
  return visibleLine(error instanceof Error ? error.message : String(error));
}

/** A cache in `directory`, made on the first write: one JSON file an answer, sharded by two digits of the digest. */
export function openCallCache(directory: string, log: Log): CallCache {
  const folders = new Map<string, Promise<unknown>>();
  let warned = false;

  function entryPath(digest: Digest): string {
    const hex = digest.slice("sha256:".length);
    return join(directory, hex.slice(0, 2), `${hex.slice(2)}.json`);
  }

  async function store(path: string, text: string): Promise<void> {
    const folder = dirname(path);
    if (!folders.has(folder)) folders.set(folder, mkdir(folder, { recursive: true }));
    await folders.get(folder);
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, text);
      // A rename replaces the entry in one step: readers see the old file, the new one, or none.
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  return {
    read: async (digest) => {
      const path = entryPath(digest);
      let text: string;
      try {
        text = await readFile(path, "utf8");
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
          log.warn(`cannot read the call cache, the call is made again: ${message(error)}`);
        }
        return null;
      }
      const stored = parseStoredCall(text);
      if (stored.kind === "call" && stored.call.digest === digest) return stored.call.completion;
      const reason = stored.kind === "invalid" ? stored.reason : "it belongs to another call";
      log.warn(
        `dropped a damaged entry of the call cache, the call is made again: ${visibleLine(path)}: ${visibleLine(reason)}`,
      );
      await rm(path, { force: true }).catch(() => undefined);
      return null;
    },
    write: async (digest, identity, completion) => {
      try {
        await store(entryPath(digest), JSON.stringify(storedCallDocument(identity, digest, { completion })));
      } catch (error) {
        if (!warned) log.warn(`cannot write the call cache, answers are not kept: ${message(error)}`);
        warned = true;
      }
    },
  };
}
