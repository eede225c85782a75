import { describe, expect, it } from "vitest";
import { issuesOf, passes, scoreOutput } from "./a-subject.ts";

describe("checks of text", () => {
  it.each([
    ["equals compares white space too", { type: "equals", value: "yes" }, "yes ", false],
    ["equals takes a number as text", { type: "equals", value: 42 }, "42", true],
    ["equals takes an empty text", { type: "equals", value: "" }, "", true],
    [
      "equals compares an object as JSON, key order aside",
      { type: "equals", value: { a: 1, b: [2] } },
      '{"b":[2],"a":1}',
      true,
    ],
    ["equals sees a further key", { type: "equals", value: { a: 1 } }, '{"a":1,"b":2}', false],
    ["equals tells a list from an object", { type: "equals", value: [1] }, '{"0":1}', false],
    ["equals fails prose where an object is wanted", { type: "equals", value: { a: 1 } }, "a is 1", false],
    [
      "not-equals passes prose where an object is unwanted",
      { type: "not-equals", value: { a: 1 } },
      "a is 1",
      true,
    ],
    ["contains takes a number", { type: "contains", value: 0 }, "10", true],
    [
      "contains-all splits a text at commas",
      { type: "contains-all", value: "30, days" },
      "30 calendar days",
      true,
    ],
    ["contains-all keeps quoted commas", { type: "contains-all", value: '"1,000", ok' }, "ok: 1,000", true],
    ["contains-all keeps doubled quotes", { type: "contains-all", value: '"say ""hi"""' }, 'say "hi"', true],
    ["contains-any needs one", { type: "contains-any", value: ["a", "b"] }, "xb", true],
    ["not-contains-any fails on one", { type: "not-contains-any", value: ["a", "b"] }, "xb", false],
    ["icontains ignores case beyond ASCII", { type: "icontains", value: "ÜBER" }, "über alles", true],
    ["starts-with keeps leading white space", { type: "starts-with", value: "{" }, "\n{", false],
    ["ends-with looks at the very end", { type: "ends-with", value: "?" }, "Why?", true],
    ["one-of wants the label alone", { type: "one-of", value: ["a", "b"] }, "a, I think", false],
  ])("%s", (_, raw, text, expected) => {
    expect(passes(raw, text)).toBe(expected);
  });

  it("says what was expected and what was found", () => {
    expect(scoreOutput({ type: "contains-all", value: ["30", "days", "refund"] }, "30").reason).toBe(
      'expected the output to contain all of "30, days, refund"; found all but "days, refund"',
    );
    expect(scoreOutput({ type: "not-contains", value: "sorry" }, "I am sorry").reason).toBe(
      'expected the output not to contain "sorry"; found it at character 6',
    );
  });

  it.each([
    [{ type: "contains", value: [] }, "value: expected a text or a number, got []"],
    [{ type: "contains-all", value: [] }, "value: expected a list that is not empty"],
    [{ type: "contains-any", value: ["a", ""] }, "value.1: expected a text that is not empty"],
    [{ type: "starts-with", value: null }, "value: expected a text or a number, got null"],
    [
      { type: "contains", value: "{{ name | upper }}" },
      "value: only {{name}} is filled in: no filters, no expressions, no other braces",
    ],
    [{ type: "contains", value: "a", threshold: 0.5 }, ': check contains has no field "threshold"'],
    [{ type: "one-of", value: [{}] }, "value: expected a list of texts, got [{}]"],
  ])("refuses %j", (raw, message) => {
    expect(issuesOf(raw)).toEqual([message]);
  });

  it("lets a check look for double braces that no one filled in", () => {
    expect(passes({ type: "not-contains", value: "{{" }, "Dear {{name}}")).toBe(false);
  });
});

describe("values from the case", () => {
  it.each([
    ["in {{days}} days", { days: 30 }, "in 30 days"],
    ["{{ days }}", { days: "30" }, "30"],
    ["{{a}} and {{a}}", { a: "{{b}}", b: "x" }, "{{b}} and {{b}}"],
  ])("fills %j in once from %j", (value, vars, text) => {
    expect(passes({ type: "equals", value }, text, { case: { vars } })).toBe(true);
  });

  it("takes a variable as it is where it stands alone", () => {
    const given = { case: { vars: { words: ["30", "days"], answer: { a: 1 } } } };
    expect(passes({ type: "contains-all", value: "{{words}}" }, "30 working days", given)).toBe(true);
    expect(passes({ type: "equals", value: "{{answer}}" }, '{ "a": 1 }', given)).toBe(true);
  });

  it("fills in texts inside an object", () => {
    const given = { case: { vars: { order: "A-7" } } };
    expect(passes({ type: "equals", value: { order: "{{order}}" } }, '{"order":"A-7"}', given)).toBe(true);
  });

  it.each([
    "equals",
    "contains",
    "icontains",
    "starts-with",
    "ends-with",
    "contains-all",
    "contains-any",
    "one-of",
    "levenshtein",
    "rouge-n",
  ])("%s falls back on what the case expects", (type) => {
    const given = { case: { expected: "Yes, gladly" } };
    expect(passes({ type }, "Yes, gladly", given)).toBe(true);
    expect(passes({ type }, "Nothing of that kind at all", given)).toBe(false);
  });

  it("never splits what the case expects", () => {
    expect(passes({ type: "contains-any" }, "Yes", { case: { expected: "Yes, gladly" } })).toBe(false);
    expect(passes({ type: "contains-any" }, "Yes", { case: { expected: ["Yes", "gladly"] } })).toBe(true);
  });

  it.each([
    [
      { type: "contains" },
      {},
      "DATASET_INVALID",
      /case c9, check contains: it has no value and the case has no e/,
    ],
    [
      { type: "not-equals", value: "{{days}}" },
      {},
      "VARIABLE_MISSING",
      /case c9, check not-equals: the value uses {{days}}/,
    ],
    [{ type: "equals", value: "{{toString}}" }, {}, "VARIABLE_MISSING", /uses {{toString}}/],
    [
      { type: "contains", value: "{{days}}" },
      { vars: { days: "" } },
      "DATASET_INVALID",
      /a text that is not empty/,
    ],
    [{ type: "contains" }, { expected: { a: 1 } }, "DATASET_INVALID", /got {"a":1}/],
    [
      { type: "equals" },
      { expected: [Infinity] },
      "DATASET_INVALID",
      /case c9, check equals: its value cannot be used/,
    ],
    [{ type: "numeric" }, { expected: "many" }, "DATASET_INVALID", /must be a number, got "many"/],
    [{ type: "one-of" }, { expected: [] }, "DATASET_INVALID", /list of values is empty/],
  ])("ends the run on %j for a case with %j", (raw, fields, code, message) => {
    let thrown: unknown;
    try {
      scoreOutput(raw, "text", { case: { id: "c9", vars: {}, ...fields } });
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ name: "GateError", code, message: expect.stringMatching(message) });
  });
});
