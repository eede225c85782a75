import { describe, expect, it } from "vitest";
import { firstNumber } from "../../../src/evals/checks/numeric.ts";
import { issuesOf, passes, scoreOutput } from "./a-subject.ts";

describe("the first number of a text", () => {
  it.each([
    ["It costs $1,234.50 today", 1234.5],
    ["12,345,678", 12_345_678],
    ["1,23 or 4", 1],
    ["3.14.15", 3.14],
    ["-5 degrees", -5],
    ["\u22125 degrees", -5],
    ["item-5", 5],
    ["10-20", 10],
    ["2e3", 2000],
    ["0.5", 0.5],
    [".5", 0.5],
    ["GPT4 says 12", 12],
    ["共5个", 5],
    ["12%", 12],
    ["none", null],
    ["", null],
    ["1".repeat(400), null],
  ])("%j is %s", (text, expected) => {
    expect(firstNumber(text)).toBe(expected);
  });
});

describe("numeric", () => {
  it.each([
    [{ value: 30 }, "30 days", true],
    [{ value: 30 }, "30.1 days", false],
    [{ value: 10.3, tolerance: 0.1 }, "10.2", true],
    [{ value: 10.3, tolerance: 0.1 }, "10.19", false],
    [{ value: 200, relativeTolerance: 0.05 }, "210", true],
    [{ value: 200, relativeTolerance: 0.05 }, "211", false],
    [{ value: "{{days}}" }, "30", true],
    [{ value: 30 }, "thirty", false],
  ])("%j on %j: %s", (fields, text, expected) => {
    expect(passes({ type: "numeric", ...fields }, text, { case: { vars: { days: "30" } } })).toBe(expected);
  });

  it.each([
    [{ value: 1, tolerance: -1 }, "tolerance: expected 0 or more"],
    [
      { value: 1, tolerance: 1, relativeTolerance: 1 },
      "relativeTolerance: expected tolerance or relativeTolerance, got both",
    ],
    [{ value: [1] }, "value: expected a number, got [1]"],
  ])("refuses %j", (fields, message) => {
    expect(issuesOf({ type: "numeric", ...fields })).toEqual([message]);
  });
});

describe("counts", () => {
  it.each([
    [{ type: "word-count", value: 3 }, " a  b\nc ", true],
    [{ type: "word-count", value: { min: 2, max: 3 } }, "a b c d", false],
    [{ type: "word-count", value: "{{n}}" }, "a b", true],
    [{ type: "word-count", min: 1 }, "", false],
    [{ type: "word-count", max: 0 }, "  ", true],
    [{ type: "word-count", value: 1 }, "这是一个没有空格的句子", true],
    [{ type: "char-count", value: 3 }, "a😀b", true],
    [{ type: "char-count", value: 0 }, "", true],
  ])("%j on %j: %s", (raw, text, expected) => {
    expect(passes(raw, text, { case: { vars: { n: 2 } } })).toBe(expected);
  });

  it.each([
    [{ type: "word-count" }, ": expected min, max or value, got none of them"],
    [{ type: "char-count", value: {} }, "value: expected min, max or value, got none of them"],
    [{ type: "word-count", min: 5, max: 4 }, "max: expected at least min (5), got 4"],
    [{ type: "word-count", value: { min: 5, max: 4 } }, "value.max: expected at least min (5), got 4"],
    [{ type: "word-count", value: 5, max: 4 }, "value: expected value, or min and max, got both"],
    [{ type: "word-count", max: -1 }, "max: expected 0 or more"],
    [{ type: "word-count", max: "ten" }, 'max: expected a number, got "ten"'],
  ])("refuses %j", (raw, message) => {
    expect(issuesOf(raw)).toEqual([message]);
  });
});

describe("limits of a call", () => {
  it.each([
    ["latency", { threshold: 800 }, {}, true],
    ["latency", { threshold: 799 }, {}, false],
    ["cost", { threshold: 0.0004 }, {}, true],
    ["cost", { threshold: 0.0003 }, {}, false],
    ["tokens", { threshold: 150 }, {}, true],
    ["tokens", { threshold: 149 }, {}, false],
    ["tokens", { threshold: 119, of: "input" }, {}, false],
    ["tokens", { threshold: 30, of: "output" }, {}, true],
    ["latency", { threshold: 1 }, { completion: { latencyMs: null } }, null],
    ["cost", { threshold: 1 }, { costUsd: null }, null],
    ["tokens", { threshold: 1 }, { completion: { usage: null } }, null],
    ["not-latency", { threshold: 1 }, { completion: { latencyMs: null } }, null],
    ["not-cost", { threshold: 1 }, { costUsd: null }, null],
    ["not-tokens", { threshold: 1 }, { completion: { usage: null } }, null],
  ])("%s %j given %j: %s", (type, fields, given, expected) => {
    expect(passes({ type, ...fields }, "text", given)).toBe(expected);
  });

  it.each(["latency", "cost", "tokens"])("%s needs a threshold", (type) => {
    expect(issuesOf({ type })).toHaveLength(1);
  });

  it("says in words what is missing", () => {
    expect(scoreOutput({ type: "cost", threshold: 1 }, "text", { costUsd: null }).reason).toMatch(
      /cost of this output is not known/,
    );
  });
});
