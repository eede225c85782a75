import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readScoreFile } from "../../src/config/score-file.ts";
import type { ScoreRow } from "../../src/domain/scores.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "promptgate-scores-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(content: string | Uint8Array, name = "scores.jsonl"): Promise<ScoreRow[]> {
  const path = join(folder, name);
  writeFileSync(path, content);
  return readScoreFile(path, name);
}

function lines(...rows: unknown[]): string {
  return rows.map((row) => JSON.stringify(row)).join("\n");
}

/** A promptfoo result with what matters to the test. */
function result(fields: Record<string, unknown>): Record<string, unknown> {
  return {
    promptIdx: 0,
    testIdx: 0,
    provider: { id: "openai:gpt-4o-mini", label: "" },
    testCase: { vars: { question: "How long?" }, assert: [] },
    vars: { question: "How long?" },
    success: true,
    score: 1,
    namedScores: {},
    failureReason: 0,
    latencyMs: 812,
    ...fields,
  };
}

function promptfoo(...results: unknown[]): string {
  return JSON.stringify({ evalId: "eval-1", results: { version: 3, results, prompts: [], stats: {} } });
}

/** A grading of two assertions, of which the second one's grader failed. */
function grading(metric?: string): Record<string, unknown> {
  return {
    pass: false,
    score: 0,
    componentResults: [
      { pass: true, score: 1, assertion: { type: "contains", metric: "facts" } },
      {
        pass: false,
        score: 0,
        metadata: { graderError: true },
        assertion: { type: "llm-rubric", ...(metric === undefined ? {} : { metric }) },
      },
    ],
  };
}

/** A result as version 2 wrote it. */
function old(vars: Record<string, unknown>, fields: Record<string, unknown>): Record<string, unknown> {
  return {
    provider: { id: "openai:gpt-4o-mini" },
    prompt: { raw: "x", display: "x" },
    vars,
    namedScores: {},
    latencyMs: 1,
    ...fields,
  };
}

describe("reading a score file", () => {
  it("keeps id, scores, sample and group, and leaves other fields alone", async () => {
    const rows = await read(
      lines(
        { id: "c1", scores: { accuracy: 1, coherence: 0.7 }, sample: 0, group: "g1", note: "mine" },
        { id: "c2", scores: { accuracy: null } },
      ),
    );
    expect(rows).toEqual([
      { id: "c1", scores: { accuracy: 1, coherence: 0.7 }, sample: 0, group: "g1" },
      { id: "c2", scores: { accuracy: null }, sample: 0 },
    ]);
  });

  it("skips blank lines, a byte order mark and carriage returns", async () => {
    const rows = await read(`\uFEFF${lines({ id: "c1", scores: { a: 1 } })}\r\n\r\n\n`);
    expect(rows.map(({ id }) => id)).toEqual(["c1"]);
  });

  it("counts lines of one case without a sample number as its repeats", async () => {
    const rows = await read(lines({ id: "c1", scores: { a: 1 } }, { id: "c1", scores: { a: 0 } }));
    expect(rows.map(({ sample }) => sample)).toEqual([0, 1]);
  });

  it("reads measures", async () => {
    const rows = await read(lines({ id: "c1", scores: {}, measures: { latency: 812, cost: null } }));
    expect(rows[0]?.measures).toEqual({ latency: 812, cost: null });
  });

  it("reports every bad line with its place at once", async () => {
    const content = [
      '{"id":"c1","scores":{"a":1}}',
      '{"id":"c2","scores":{"a":"1"}}',
      '{"id":"c3","scores":{"a":1.5}}',
      '{"id":"c4","scores":{"a":NaN}}',
      '{"id":7,"scores":{"a":1}}',
      '{"id":"c6"}',
      "[]",
      '{"id":"c1","sample":0,"scores":{"a":0}}',
      '{"id":"c9","scores":{"a":-0.1},"sample":-1,"group":""}',
    ].join("\n");
    const error = await read(content).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: "SCORES_INVALID" });
    const { message } = error as Error;
    expect(message.split("\n")).toEqual([
      "10 problems in scores.jsonl:",
      '  scores.jsonl:2:26 scores.a: expected a number in [0,1] or null, got "1"',
      "  scores.jsonl:3:26 scores.a: expected a number in [0,1] or null, got 1.5",
      "  scores.jsonl:4:26: expected a JSON value",
      "  scores.jsonl:5:7 id: expected a text that is not empty, got 7",
      "  scores.jsonl:6:1 scores: expected an object of numbers, got nothing",
      "  scores.jsonl:7:1: expected an object with id and scores, got an empty list",
      "  scores.jsonl:8:21 sample: case c1 has a sample 0 already, in line 1",
      "  scores.jsonl:9:41 sample: expected a whole number of at least 0, got -1",
      "  scores.jsonl:9:52 group: expected a text that is not empty, got empty text",
      "  scores.jsonl:9:26 scores.a: expected a number in [0,1] or null, got -0.1",
    ]);
  });

  it("lists at most 20 problems and counts the rest", async () => {
    const error = (await read("x\n".repeat(1_000)).catch((error: unknown) => error)) as Error;
    expect(error.message.split("\n")).toHaveLength(22);
    expect(error.message).toContain("1000 problems");
    expect(error.message).toContain("and 980 more");
  });

  it("makes names from the file harmless in its messages", async () => {
    const content = lines({ id: "c1", scores: { "\u001b[31mred": 2 } });
    const error = (await read(content).catch((error: unknown) => error)) as Error;
    expect(error.message).toContain("u{1b}");
    expect(error.message).not.toContain("\u001b");
  });

  it.each([
    ["an empty file", "", "holds no scores"],
    ["blank lines", "\n\n", "holds no scores"],
    ["UTF-16", Buffer.from('{"id":"c1","scores":{"a":1}}', "utf16le"), "UTF-16"],
    ["Latin-1", Buffer.from('{"id":"\u00e9","scores":{"a":1}}', "latin1"), "not UTF-8"],
    ["a list", "[1]", "expected one object a line"],
    ["a document of another tool", '{\n"runs": []\n}', "promptfoo"],
    ["a torn document", '{\n"results": {', "the text ends here"],
    ["a line without end", `{"id":"${"x".repeat(1_100_000)}`, "at most 1 MB"],
  ])("refuses %s", async (_, content, words) => {
    await expect(read(content)).rejects.toMatchObject({
      code: "SCORES_INVALID",
      message: expect.stringContaining(words) as string,
    });
  });

  it.each([
    ["a missing file", "missing.jsonl", "no such file"],
    ["a folder", ".", "is a folder"],
  ])("names %s", async (_, name, words) => {
    await expect(readScoreFile(join(folder, name), name)).rejects.toMatchObject({
      code: "FILE_UNREADABLE",
      message: expect.stringContaining(words) as string,
    });
  });
});

describe("reading promptfoo's JSON output", () => {
  it("takes the named scores of each case, known by its variables", async () => {
    const rows = await read(
      promptfoo(
        result({ namedScores: { tone: 0.5 } }),
        result({ testIdx: 1, testCase: { vars: { question: "Why?" } }, namedScores: { tone: 1 } }),
        result({ testIdx: 2, namedScores: { tone: 0.25 } }),
      ),
    );
    expect(rows.map(({ scores, sample }) => [scores["tone"], sample])).toEqual([
      [0.5, 0],
      [1, 0],
      [0.25, 1],
    ]);
    expect(rows[0]?.id).toMatch(/^vars-[0-9a-f]{12}$/);
    expect(rows[2]?.id).toBe(rows[0]?.id);
    expect(rows[1]?.id).not.toBe(rows[0]?.id);
  });

  it("prefers the id and the conversation of the test's metadata", async () => {
    const metadata = { id: "refund-1", conversationId: "chat-7" };
    const rows = await read(promptfoo(result({ testCase: { vars: {}, metadata } })), "out.json");
    expect(rows).toEqual([{ id: "refund-1", group: "chat-7", scores: { score: 1 }, sample: 0 }]);
  });

  it("falls back on the overall score and the test's number", async () => {
    const rows = await read(promptfoo(result({ testIdx: 4, testCase: {}, vars: {}, score: 0.75 })));
    expect(rows).toEqual([{ id: "test-4", scores: { score: 0.75 }, sample: 0 }]);
  });

  it("takes an error for no score, not for a score of 0", async () => {
    const rows = await read(
      promptfoo(
        result({ namedScores: { tone: 1 } }),
        result({ testIdx: 1, testCase: { vars: { q: 1 } }, failureReason: 2, score: 0, success: false }),
      ),
    );
    expect(rows[1]?.scores).toEqual({ tone: null });
  });

  it("takes a grader that failed for no score of its metric, whatever the rest says", async () => {
    const named = { failureReason: 1, namedScores: { facts: 1, tone: 0 }, gradingResult: grading("tone") };
    expect((await read(promptfoo(result(named))))[0]?.scores).toEqual({ facts: 1, tone: null });
    const overall = { failureReason: 1, score: 0.5, gradingResult: grading() };
    expect((await read(promptfoo(result(overall))))[0]?.scores).toEqual({ score: null });
  });

  it("keeps an assertion that failed as the 0 that it is", async () => {
    const failed = { failureReason: 1, success: false, score: 0, error: "Expected output to contain 30" };
    const gradingResult = { pass: false, score: 0, componentResults: [{ pass: false, score: 0 }] };
    expect((await read(promptfoo(result({ ...failed, gradingResult }))))[0]?.scores).toEqual({ score: 0 });
  });

  it("leaves a metric that a test does not have out of its row", async () => {
    const rows = await read(
      promptfoo(
        result({ namedScores: { tone: 1 } }),
        result({ testIdx: 1, vars: { q: 2 }, testCase: { vars: { q: 2 } }, namedScores: { facts: 0.5 } }),
      ),
    );
    expect(rows.map(({ scores }) => scores)).toEqual([{ tone: 1 }, { facts: 0.5 }]);
  });

  it("reads version 2, where an error is a result without a grading", async () => {
    const rows = await read(
      JSON.stringify({
        results: {
          version: 2,
          timestamp: "2024-01-01",
          results: [
            old({ q: 1 }, { success: true, score: 1, gradingResult: { pass: true, score: 1 } }),
            old(
              { q: 2 },
              { success: false, score: 0, error: "Expected x", gradingResult: { pass: false, score: 0 } },
            ),
            old({ q: 3 }, { success: false, score: 0, error: "API error: 500" }),
          ],
          stats: {},
          table: {},
        },
      }),
    );
    expect(rows.map(({ scores }) => scores["score"])).toEqual([1, 0, null]);
  });

  it("reads a document over several lines", async () => {
    const text = JSON.stringify(JSON.parse(promptfoo(result({}))), null, 2);
    expect(await read(text)).toHaveLength(1);
  });

  it.each([
    ["two prompts", promptfoo(result({}), result({ promptIdx: 1 })), "2 combinations of prompt and provider"],
    ["a sum for a score", promptfoo(result({ namedScores: { tone: 2 } })), "results.results[0].scores.tone"],
    ["something else for results", promptfoo({ ok: true }), "results.results[0]"],
    ["no result", promptfoo(), "holds no scores"],
    [
      "variables nested too deeply",
      `{"results":{"results":[{"testIdx":0,"vars":${"[".repeat(50_000)}${"]".repeat(50_000)}}]}}`,
      "levels",
    ],
  ])("refuses %s", async (_, content, words) => {
    await expect(read(content)).rejects.toMatchObject({
      code: "SCORES_INVALID",
      message: expect.stringContaining(words) as string,
    });
  });
});
