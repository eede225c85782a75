import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Comparison } from "../../src/domain/scores.ts";
import { runCompare, type CompareCommandOptions } from "../../src/entry/commands/compare.ts";
import type { CommandContext } from "../../src/entry/context.ts";
import type { ExitCode } from "../../src/entry/exit-codes.ts";

const realScores = join(import.meta.dirname, "..", "..", "..", "shared", "data", "tree-of-thoughts");

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "promptgate-compare-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, rows: readonly unknown[]): string {
  writeFileSync(join(folder, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return name;
}

/** Rows of `size` cases; `score` says what case number i scored. */
function rows(size: number, score: (index: number) => Record<string, number | null>): unknown[] {
  return Array.from({ length: size }, (_, index) => ({ id: `c${index}`, scores: score(index) }));
}

async function compare(
  options: Partial<CompareCommandOptions>,
): Promise<{ code: ExitCode; text: string; errors: string[] }> {
  const errors: string[] = [];
  let text = "";
  const context: CommandContext = {
    cwd: folder,
    environment: {},
    clock: { now: () => 0 },
    log: { info: (line) => errors.push(line), warn: (line) => errors.push(line) },
    print: (printed) => (text += printed),
    signal: new AbortController().signal,
    terminal: { color: false, interactive: false, width: 100 },
  };
  const code = await runCompare(context, {
    baseline: "baseline.jsonl",
    candidate: "candidate.jsonl",
    margin: [],
    alphaMiss: 0.05,
    alphaBlock: 0.05,
    sequential: false,
    json: false,
    verbose: false,
    ...options,
  });
  return { code, text, errors };
}

describe("compare", () => {
  beforeAll(() => {
    write(
      "baseline.jsonl",
      rows(200, (index) => ({ accuracy: index % 5 === 0 ? 0 : 1, tone: 0.6 })),
    );
    write(
      "candidate.jsonl",
      rows(200, (index) => ({ accuracy: index % 5 === 0 ? 0 : 1, tone: 0.7 })),
    );
    write(
      "worse.jsonl",
      rows(200, (index) => ({ accuracy: index % 2 === 0 ? 0 : 1, tone: 0.9 })),
    );
  });

  it("passes equal scores, and says so first", async () => {
    const { code, text } = await compare({});
    expect(code).toBe(0);
    const [first = "", second = ""] = text.split("\n");
    expect(first).toContain("pass");
    expect(first).toContain("candidate.jsonl against baseline.jsonl");
    expect(second).toMatch(/^Pass\./);
    expect(text).toMatch(/accuracy +0\.800 +0\.800/);
  });

  it("fails worse scores with exit code 1 and names the metric", async () => {
    const { code, text } = await compare({ candidate: "worse.jsonl" });
    expect(code).toBe(1);
    expect(text).toContain("Fail on accuracy (0.80 -> 0.50)");
    expect(text).toContain("tone improved");
  });

  it("prints one JSON document", async () => {
    const { code, text } = await compare({ candidate: "worse.jsonl", json: true, seed: 7 });
    const comparison = JSON.parse(text) as Comparison;
    expect(code).toBe(1);
    expect(comparison).toMatchObject({ schema: "promptgate/comparison@1", verdict: "fail", seed: 7 });
    expect(comparison.reasons[0]).toMatch(/^accuracy: worse than baseline by 30 points/);
    expect(comparison.metrics[0]).toMatchObject({
      name: "accuracy",
      verdict: "fail",
      margin: 0.05,
      n: 200,
      used: 200,
      unscored: 0,
      wins: 20,
      losses: 80,
      ties: 100,
    });
  });

  it("has no verdict with too few cases: exit code 3", async () => {
    write(
      "small.jsonl",
      rows(10, () => ({ accuracy: 1 })),
    );
    const { code, text } = await compare({ baseline: "small.jsonl", candidate: "small.jsonl" });
    expect(code).toBe(3);
    expect(text).toContain("10 cases are too few");
  });

  it("takes a margin for all metrics and one of its own", async () => {
    const { text } = await compare({ margin: ["0.1", "accuracy=0.2"], json: true });
    const { metrics } = JSON.parse(text) as Comparison;
    expect(metrics.map(({ name, margin }) => [name, margin])).toEqual([
      ["accuracy", 0.2],
      ["tone", 0.1],
    ]);
  });

  it.each([["ten"], [""], ["0"], ["1"], ["-0.1"], ["accuracy="], ["NaN"]])(
    "refuses the margin %j",
    async (margin) => {
      await expect(compare({ margin: [margin] })).rejects.toMatchObject({ code: "USAGE" });
    },
  );

  it("refuses a margin for a metric that nobody scored, and names those there are", async () => {
    await expect(compare({ margin: ["acuracy=0.1"] })).rejects.toMatchObject({
      code: "USAGE",
      message: "no score is named acuracy",
      hint: "the scores are: accuracy, tone",
    });
  });

  it("stops early when asked to", async () => {
    const { text } = await compare({ candidate: "worse.jsonl", sequential: true, json: true });
    const { metrics } = JSON.parse(text) as Comparison;
    expect(metrics[0]?.used).toBeLessThan(200);
  });

  it("reads no answer into a missing file", async () => {
    await expect(compare({ candidate: "nowhere.jsonl" })).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
      message: "nowhere.jsonl: no such file",
    });
  });

  it.for([false, true])(
    "never passes a real prompt that pleases the judge and breaks the requirement (sequential: %j)",
    async (sequential, { skip }) => {
      skip(!existsSync(realScores), `no real scores at ${realScores}`);
      const options = {
        baseline: join(realScores, "scores-standard.jsonl"),
        candidate: join(realScores, "scores-cot.jsonl"),
        margin: ["0.05"],
        sequential,
        json: true,
      };
      for (const seed of sequential ? [0, 1, 2, 3, 4] : [0]) {
        const { code, text } = await compare({ ...options, seed });
        const { reasons, metrics } = JSON.parse(text) as Comparison;
        const coherence = metrics.find(({ name }) => name === "coherence");
        expect(code).not.toBe(0);
        expect(reasons[0]).toMatch(/^ends-as-required: /);
        expect(coherence?.delta).toBeGreaterThan(0.05);
      }
    },
  );
});
