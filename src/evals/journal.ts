import { open, readFile, type FileHandle } from "node:fs/promises";
import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { Completion } from "../domain/model.ts";

/** An answer as the engine sees it, wherever it came from. */
export interface Answer {
  readonly completion: Completion;
  /** True when no call was made for it in this run: its latency is not a fresh measurement. */
  readonly cached: boolean;
  /** US dollars; null = unknown price or usage. */
  readonly costUsd: number | null;
}

const entrySchema = z.object({
  key: z.string(),
  completion: z.object({
    text: z.string(),
    toolCalls: z.array(z.object({ name: z.string(), arguments: z.string() })),
    finishReason: z.enum(["stop", "length", "tool_calls", "content_filter", "unknown"]),
    model: z.string(),
    usage: z.object({ inputTokens: z.number(), outputTokens: z.number() }).nullable(),
    latencyMs: z.number().nullable(),
  }),
  costUsd: z.number().nullable(),
});

type Entry = { readonly key: string } & Omit<Answer, "cached">;

/** The calls of one run, appended as they complete: what a killed run had paid for is there when it goes on. */
export interface Journal {
  find(key: string): Answer | null;
  /** Resolves when the line is handed to the system. Throws `STORAGE_FAILED`. */
  append(key: string, answer: Answer): Promise<void>;
  /** Lines that could not be read: a write that was cut off. */
  readonly damagedLines: number;
  close(): Promise<void>;
}

function parseLine(line: string): Entry | null {
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return null;
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw error;
  }
}

function storageFailure(path: string, cause: unknown): GateError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new GateError("STORAGE_FAILED", `cannot write the run's journal ${path}: ${reason}`, {
    hint: "free space or make the folder writable, then run the same command again: it goes on where it stopped",
    cause,
  });
}

/** Opens or creates the journal file at `path`. Two processes may append to one journal: every line is one write. */
export async function openJournal(path: string): Promise<Journal> {
  let handle: FileHandle;
  const answers = new Map<string, Answer>();
  let damagedLines = 0;
  try {
    const text = await readText(path);
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const entry = parseLine(line);
      if (entry === null) damagedLines += 1;
      else answers.set(entry.key, { completion: entry.completion, costUsd: entry.costUsd, cached: true });
    }
    handle = await open(path, "a");
    // A torn last line is ended, not cut off: another process may be writing behind it.
    if (text !== "" && !text.endsWith("\n")) await handle.appendFile("\n");
  } catch (error) {
    throw storageFailure(path, error);
  }
  return {
    damagedLines,
    find: (key) => answers.get(key) ?? null,
    append: async (key, { completion, costUsd }) => {
      answers.set(key, { completion, costUsd, cached: true });
      try {
        await handle.appendFile(`${JSON.stringify({ key, completion, costUsd } satisfies Entry)}\n`);
      } catch (error) {
        throw storageFailure(path, error);
      }
    },
    close: () => handle.close(),
  };
}
