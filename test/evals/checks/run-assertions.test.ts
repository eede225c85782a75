import { describe, expect, it } from "vitest";
import type { Assertion } from "../../../src/domain/case.ts";
import type { AssertionResult, Score } from "../../../src/domain/evaluation.ts";
import {
  assertionSchema,
  casePassed,
  classOf,
  metricScores,
  runAssertions,
  verifyAssertions,
} from "../../../src/evals/checks/index.ts";
import { aCase } from "../../builders.ts";
import { aCompletion } from "./a-subject.ts";

function parse(...raws: unknown[]): Assertion[] {
  return raws.map((raw) => assertionSchema.parse(raw));
}

const subject = { case: aCase(), completion: aCompletion("It takes 30 days."), costUsd: null };

describe("running assertions", () => {
  it("gives one result each, in order, without the static ones", () => {
    const assertions = parse(
      { type: "contains", value: "30" },
      { type: "interface" },
      { type: "not-contains", value: "30" },
      { type: "cost", threshold: 1 },
    );
    const results = runAssertions(assertions, subject);
    expect(
      results.map(({ assertion, score }) => [assertion.metric, score.kind === "scored" ? score.pass : null]),
    ).toEqual([
      ["contains", true],
      ["not-contains", false],
      ["cost", null],
    ]);
  });

  it("refuses a type that is not in the table", () => {
    const [assertion] = parse({ type: "is-refusal" });
    const unknown = { ...(assertion as Assertion), type: "constructor" };
    expect(() => runAssertions([unknown], subject)).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID" }),
    );
    expect(() => classOf("constructor")).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  it("tells before any answer is paid for what a case lacks", () => {
    const assertions = parse({ type: "contains", value: "{{days}}" });
    expect(() => verifyAssertions(assertions, aCase({ id: "c3" }))).toThrow(
      /case c3, check contains: .*\{\{days\}\}/,
    );
    expect(() => verifyAssertions(assertions, aCase({ vars: { days: 30 } }))).not.toThrow();
  });
});

describe("the class of a check", () => {
  it.each([
    ["contains", "deterministic"],
    ["cost", "deterministic"],
    ["interface", "static"],
    ["template-vars", "static"],
    ["prompt-max-tokens", "static"],
  ])("%s is %s", (type, expected) => {
    expect(classOf(type)).toBe(expected);
  });
});

function result(
  metric: string,
  score: number | null,
  fields: { weight?: number; reason?: string } = {},
): AssertionResult {
  const { weight = 1, reason = `${metric} ${score}` } = fields;
  const assertion = { type: "contains", negated: false, metric, weight, options: {} };
  const measured: Score =
    score === null
      ? { kind: "unscored", reason }
      : { kind: "scored", value: score, pass: score >= 0.5, reason };
  return { assertion, score: measured };
}

describe("scores of a case", () => {
  it("weigh the assertions of one metric", () => {
    const scores = metricScores([
      result("tone", 1, { weight: 3 }),
      result("tone", 0, { weight: 1 }),
      result("length", 0.5),
    ]);
    expect(scores).toMatchObject({ tone: { value: 0.75 }, length: { value: 0.5 } });
  });

  it("never exceed 1 by rounding", () => {
    const scores = metricScores([
      result("a", 1, { weight: 0.1 }),
      result("a", 1, { weight: 0.2 }),
      result("a", 1, { weight: 0.3 }),
    ]);
    expect(scores["a"]?.value).toBe(1);
  });

  it("are missing as soon as one assertion was not measured, and say which", () => {
    const scores = metricScores([result("a", 0), result("a", null, { reason: "no usage" }), result("b", 1)]);
    expect(scores).toMatchObject({ a: { value: null, reason: "no usage" }, b: { value: 1 } });
  });

  it("explain themselves by the heaviest failure", () => {
    const scores = metricScores([
      result("a", 1, { reason: "fine", weight: 9 }),
      result("a", 0, { reason: "light", weight: 1 }),
      result("a", 0, { reason: "heavy", weight: 2 }),
    ]);
    expect(scores["a"]?.reason).toBe("heavy");
  });

  it("keep a metric that is named like a part of every object", () => {
    const scores = metricScores([result("__proto__", 1), result("constructor", 0)]);
    expect(Object.keys(scores).toSorted()).toEqual(["__proto__", "constructor"]);
  });
});

describe("whether a case passed", () => {
  it.each([
    ["all passed", [result("a", 1), result("b", 0.5)], true],
    ["one failed", [result("a", 1), result("b", 0)], false],
    ["one failed and one is missing", [result("a", null), result("b", 0)], false],
    ["one is missing", [result("a", 1), result("b", null)], null],
    ["there was nothing to pass", [], null],
  ])("%s", (_, results, expected) => {
    expect(casePassed(results)).toBe(expected);
  });
});
