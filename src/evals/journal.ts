import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { GateError } from "../domain/errors.ts";
import type { Completion } from "../domain/model.ts";
import { parseStoredCall, storedCallDocument } from "../domain/stored-call.ts";
import type { CallCache, SharedCallCache } from "./calls/call-cache.ts";

/**
 * The calls of one run, appended as they complete: what a killed run had paid for is there when it goes on. Unlike the
 * cache that runs share, a journal that cannot be written ends the run with `STORAGE_FAILED`.
 */
export interface Journal extends CallCache {
  /** Lines that could not be read: writes that were cut off. */
  readonly damagedLines: number;
  /** Calls `work` before the journal is closed; the same function only once. */
  onClose(work: () => void): void;
  close(): void;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function storageFailure(path: string, cause: unknown): GateError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GateError("STORAGE_FAILED", `cannot keep the run's journal ${path}: ${reason}`, {
    hint: "free space or make the folder writable, then run the same command again: it goes on where it stopped",
    cause,
    fatal: true,
  });
}

function readCalls(text: string): { readonly calls: Map<string, Completion>; readonly damagedLines: number } {
  const calls = new Map<string, Completion>();
  let damagedLines = 0;
  for (const line of text.split("\n")) {
    if (line === "") continue;
    const parsed = parseStoredCall(line);
    if (parsed.kind === "call") calls.set(parsed.call.digest, parsed.call.completion);
    else damagedLines += 1;
  }
  return { calls, damagedLines };
}

/** Opens or creates the journal at `path`. Two processes may append to one journal: every line is one write. */
export function openJournal(path: string): Journal {
  let file: number;
  let stored: ReturnType<typeof readCalls>;
  const append = (line: string): void => {
    const bytes = Buffer.from(`${line}\n`);
    const written = writeSync(file, bytes);
    if (written < bytes.length) throw new Error("the disk took only a part of a line");
  };
  try {
    const text = readText(path);
    stored = readCalls(text);
    file = openSync(path, "a");
    // A torn last line is ended, not cut off: another process may be writing behind it.
    if (text !== "" && !text.endsWith("\n")) append("");
  } catch (error) {
    throw storageFailure(path, error);
  }
  const { calls, damagedLines } = stored;
  const closing = new Set<() => void>();
  return {
    damagedLines,
    onClose: (work) => void closing.add(work),
    read: (digest) => calls.get(digest) ?? null,
    write: (digest, identity, completion) => {
      calls.set(digest, completion);
      try {
        append(JSON.stringify(storedCallDocument(identity, digest, { completion })));
      } catch (error) {
        throw storageFailure(path, error);
      }
    },
    close: () => {
      for (const work of closing) work();
      closeSync(file);
    },
  };
}

/** Reads the run's own journal first and then what all runs share; keeps new answers in both. */
export function journaledCache(journal: Journal, shared: SharedCallCache | null): CallCache {
  if (shared === null) return journal;
  // What the shared cache still has in memory is in the journal already, whatever becomes of this process.
  journal.onClose(shared.flush);
  return {
    read: (digest) => journal.read(digest) ?? shared.read(digest),
    write: (digest, identity, completion) => {
      journal.write(digest, identity, completion);
      shared.write(digest, identity, completion);
    },
  };
}
