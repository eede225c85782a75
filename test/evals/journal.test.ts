import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { textDigest } from "../../src/domain/digest.ts";
import type { Completion } from "../../src/domain/model.ts";
import type { SharedCallCache } from "../../src/evals/calls/call-cache.ts";
import { journaledCache, openJournal } from "../../src/evals/journal.ts";

const identity = { provider: "openai", model: "model-1", baseUrl: undefined };
const digest = textDigest("a request");

function aCompletion(text: string): Completion {
  return { text, toolCalls: [], finishReason: "stop", model: "model-1", usage: null, latencyMs: 5 };
}

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "promptgate-journal-"));
  path = join(folder, "journal.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the journal of a run", () => {
  it("gives back what an earlier process wrote", () => {
    const first = openJournal(path);
    first.write(digest, identity, aCompletion("paid for"));
    first.close();
    const second = openJournal(path);
    expect(second.read(digest)).toEqual(aCompletion("paid for"));
    expect(second.damagedLines).toBe(0);
    second.close();
  });

  it("skips a line that was cut off, counts it, and keeps what is written behind it", () => {
    const first = openJournal(path);
    first.write(digest, identity, aCompletion("whole"));
    first.close();
    const torn = textDigest("torn");
    appendFileSync(path, `{"schema":"promptgate/call@1","digest":"${torn}","mod`);
    const second = openJournal(path);
    expect(second.damagedLines).toBe(1);
    expect(second.read(torn)).toBeNull();
    second.write(torn, identity, aCompletion("again"));
    second.close();
    const third = openJournal(path);
    expect(third.read(torn)).toEqual(aCompletion("again"));
    expect(third.read(digest)).toEqual(aCompletion("whole"));
    third.close();
  });

  it("takes lines of two writers at once without losing or mixing one", () => {
    const writers = [openJournal(path), openJournal(path)];
    const keys = Array.from({ length: 200 }, (_, index) => textDigest(String(index)));
    for (const [index, key] of keys.entries()) {
      writers[index % 2]?.write(key, identity, aCompletion("x".repeat(index * 50)));
    }
    for (const writer of writers) writer.close();
    const reader = openJournal(path);
    expect(reader.damagedLines).toBe(0);
    const lengths = keys.map((key) => reader.read(key)?.text.length);
    expect(lengths).toEqual(keys.map((_, index) => index * 50));
    reader.close();
  });

  it("ends the run when it cannot be written", () => {
    writeFileSync(join(folder, "file"), "");
    let failure: unknown;
    try {
      openJournal(join(folder, "file", "journal.jsonl"));
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ code: "STORAGE_FAILED", fatal: true });
  });

  it("is read before the shared cache, and both get a new answer", () => {
    const kept = new Map<string, Completion>();
    let flushed = 0;
    const shared: SharedCallCache = {
      read: (key) => kept.get(key) ?? null,
      write: (key, _, completion) => void kept.set(key, completion),
      flush: () => void (flushed += 1),
    };
    const journal = openJournal(path);
    const both = journaledCache(journal, shared);
    kept.set(digest, aCompletion("from another run"));
    expect(both.read(digest)?.text).toBe("from another run");
    both.write(digest, identity, aCompletion("from this run"));
    expect(kept.get(digest)?.text).toBe("from this run");
    kept.clear();
    expect(both.read(digest)?.text).toBe("from this run");
    journal.close();
    expect(flushed).toBe(1);
    expect(readFileSync(path, "utf8").split("\n")).toHaveLength(2);
  });
});
