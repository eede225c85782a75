import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { assertionSchema, caseAssertionSchema, checks } from "../../../src/evals/checks/index.ts";
import { issuesOf } from "./a-subject.ts";

describe("assertions as users write them", () => {
  it("become the domain's form with defaults", () => {
    expect(assertionSchema.parse({ type: "not-contains", value: "sorry" })).toEqual({
      type: "contains",
      negated: true,
      metric: "not-contains",
      weight: 1,
      options: { value: "sorry" },
    });
  });

  it("keep the metric and weight that were given", () => {
    expect(
      assertionSchema.parse({ type: "word-count", max: 120, metric: "length", weight: 2 }),
    ).toMatchObject({
      metric: "length",
      weight: 2,
      options: { max: 120 },
    });
  });

  it.each([
    [{ type: "contians", value: "x" }, 'type: unknown check "contians", did you mean "contains"?'],
    [{ type: "not-contain", value: "x" }, 'type: unknown check "not-contain", did you mean "not-contains"?'],
    [{ type: "javascript", value: "x" }, 'type: unknown check "javascript"'],
    [
      { type: "llm-rubric", value: "x" },
      'type: unknown check "llm-rubric": a judgement by a model is a rubric, listed under judges',
    ],
    [
      { type: "similar:cosine" },
      'type: unknown check "similar:cosine": a judgement by a model is a rubric, listed under judges',
    ],
    [{ type: "toString" }, 'type: unknown check "toString"'],
    [{ type: "\u001b[2J" }, 'type: unknown check "\\\\u{1b}[2J"'],
    [{ type: 5 }, 'type: expected the type of a check, e.g. "contains"'],
    [{}, 'type: expected the type of a check, e.g. "contains"'],
    [
      { type: "contains", valeu: "x", value: "x" },
      ': check contains has no field "valeu", did you mean "value"?',
    ],
    [{ type: "is-refusal", value: "x" }, ': check is-refusal has no field "value"'],
    [{ type: "is-refusal", weight: 0 }, "weight: expected a weight above 0"],
    [{ type: "is-refusal", weight: "1" }, 'weight: expected a number, got "1"'],
    [{ type: "is-refusal", metric: "" }, "metric: expected a metric's name of 1 to 100 visible characters"],
    [
      { type: "is-refusal", metric: "a\nb" },
      "metric: expected a metric's name of 1 to 100 visible characters",
    ],
  ])("%j: %s", (raw, message) => {
    expect(issuesOf(raw)).toEqual([message]);
  });

  it.each([null, 5, "contains", []])("%j is no assertion", (raw) => {
    expect(issuesOf(raw)).toHaveLength(1);
  });

  it("reports every problem of an assertion at once", () => {
    expect(issuesOf({ type: "rouge-n", value: [], threshold: 2, weight: -1 })).toHaveLength(3);
  });
});

describe("assertions of a case", () => {
  it("have no static checks", () => {
    expect(caseAssertionSchema.safeParse({ type: "contains", value: "a" }).success).toBe(true);
    expect(caseAssertionSchema.safeParse({ type: "not-interface" }).error?.issues).toMatchObject([
      {
        path: ["type"],
        message:
          'check "not-interface" looks at the prompt, not at an output: put it under the prompt\'s assert',
      },
    ]);
  });
});

describe("the JSON Schema for editors", () => {
  const schema = z.toJSONSchema(assertionSchema, { io: "input" });
  const validate = new Ajv2020({ strict: false }).compile(schema);

  it("describes every check and its twin, told apart by type", () => {
    const variants = schema.oneOf as { description: string; properties: { type: { enum: string[] } } }[];
    expect(variants.map(({ properties }) => properties.type.enum)).toEqual(
      Object.keys(checks).map((type) => [type, `not-${type}`]),
    );
    expect(variants.filter(({ description }) => !description.startsWith("Passes when "))).toEqual([]);
  });

  it.each([
    [{ type: "contains", value: "a", weight: 2 }, true],
    [{ type: "not-word-count", value: { max: 3 } }, true],
    [{ type: "is-json", value: { type: "object" } }, true],
    [{ type: "contains", valeu: "a" }, false],
    [{ type: "contians", value: "a" }, false],
    [{ type: "latency" }, false],
    [{ type: "rouge-n", threshold: 2 }, false],
  ])("judges %j: %s", (raw, expected) => {
    expect(validate(raw)).toBe(expected);
  });
});
