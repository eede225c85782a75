import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Digest } from "../../src/domain/digest.ts";
import { runCachePrune, type CachePruneOptions } from "../../src/entry/commands/cache-prune.ts";
import { openCallCache } from "../../src/evals/calls/call-cache.ts";
import { aProject, type ProjectShape } from "../e2e/project.ts";
import { completion } from "../evals/calls/simulated-run.ts";
import { checkout, refusal, type Checkout } from "./gate-checkout.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A project whose cache holds so many answers of today. */
function aCache(answers: number, shape: ProjectShape = {}): Checkout {
  const { folder } = aProject({ cases: 1, ...shape });
  folders.push(folder);
  const made = checkout(folder);
  const cache = openCallCache(join(folder, ".promptgate/cache"), made.context.log, made.context.clock);
  for (let index = 0; index < answers; index += 1) {
    const digest: Digest = `sha256:${String(index).padEnd(64, "0")}`;
    cache.write(digest, { provider: "openai", model: "m", baseUrl: undefined }, completion("text"));
  }
  cache.flush();
  return made;
}

function prune(made: Checkout, options: Partial<CachePruneOptions>): Promise<0> {
  return runCachePrune(made.context, { json: true, verbose: false, all: false, ...options });
}

describe("cache prune", () => {
  it("says what it freed and what is left", async () => {
    const made = aCache(3);
    await prune(made, { all: true });
    expect(made.printed()).toMatchObject({
      schema: "promptgate/cache-prune@1",
      removed: { answers: 3, temporaryFiles: 0 },
      left: { answers: 0, bytes: 0 },
    });
  });

  it("says it in words", async () => {
    const made = aCache(2);
    let text = "";
    const context = { ...made.context, print: (line: string) => void (text = line) };
    await runCachePrune(context, { json: false, verbose: false, all: true });
    expect(text).toMatch(/^freed \d+ B: 2 answers; 0 answers \(0 B\) left$/);
  });

  it("takes the size of the config where the command names none", async () => {
    const made = aCache(5, { config: { cache: { maxSize: "1B" } } });
    await prune(made, {});
    expect(made.printed()).toMatchObject({ removed: { answers: 5 } });
  });

  it.each<[string, Partial<CachePruneOptions>, RegExp]>([
    ["no limit at all", {}, /nothing says what may stay/],
    ["a size that is none", { maxSize: "10 apples" }, /--max-size: expected a size such as 500MB/],
    ["an age that is none", { maxAge: "old" }, /--max-age: expected a duration/],
    ["everything and a size", { all: true, maxSize: "1MB" }, /--all removes everything/],
  ])("refuses %s", async (_, options, message) => {
    expect(await refusal(prune(aCache(1), options))).toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(message) as string,
    });
  });
});
