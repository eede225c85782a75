import { describe, expect, it } from "vitest";
import { checks, classOf } from "../../../src/evals/checks/index.ts";
import { checkContract, type CheckExample } from "../../contracts/check.contract.ts";

type OutputCheckType = Exclude<keyof typeof checks, "template-vars" | "prompt-max-tokens" | "interface">;

const schema = { type: "object", required: ["days"], properties: { days: { type: "integer" } } };
const call = { name: "lookup_order", arguments: '{"order": 7}' };

const examples: Record<OutputCheckType, CheckExample> = {
  equals: { fields: { value: "30 days" }, passing: ["30 days"], failing: ["30 days."] },
  contains: { fields: { value: "30 days" }, passing: ["It takes 30 days."], failing: ["It takes 30 Days."] },
  "contains-all": {
    fields: { value: ["30", "days"] },
    passing: ["30 calendar days"],
    failing: ["30 weeks"],
  },
  "contains-any": { fields: { value: ["30", "thirty"] }, passing: ["thirty days"], failing: ["Thirty"] },
  icontains: { fields: { value: "Days" }, passing: ["30 DAYS"], failing: ["30 weeks"] },
  "icontains-all": { fields: { value: ["A", "b"] }, passing: ["B, then a"], failing: ["only b"] },
  "icontains-any": { fields: { value: ["thirty"] }, passing: ["THIRTY"], failing: ["30"] },
  "starts-with": { fields: { value: "Yes" }, passing: ["Yes, we do."], failing: [" Yes"] },
  "ends-with": { fields: { value: "." }, passing: ["Done."], failing: ["Done. "] },
  regex: {
    fields: { value: "^\\d+ days$", flags: "im" },
    passing: ["It is\n30 DAYS"],
    failing: ["30 days or so"],
  },
  "is-json": { fields: { value: schema }, passing: ['{"days": 30}'], failing: ['{"days": "30"}'] },
  "contains-json": {
    fields: { value: schema },
    passing: ['Sure: {"days": 30}!'],
    failing: ['Sure: {"weeks": 4}!'],
  },
  "json-path": {
    fields: { path: "$.items[*].price", max: 10 },
    passing: ['{"items":[{"price":12},{"price":9.5}]}'],
    failing: ['{"items":[{"price":12}]}'],
  },
  "one-of": { fields: { value: ["billing", "refund"] }, passing: [" refund\n"], failing: ["Refund"] },
  numeric: { fields: { value: 30, tolerance: 1 }, passing: ["about 31 days"], failing: ["about 32 days"] },
  "word-count": { fields: { max: 3 }, passing: ["one two three"], failing: ["one two three four"] },
  "char-count": { fields: { min: 3 }, passing: ["abc"], failing: ["ab"] },
  levenshtein: { fields: { value: "refund", threshold: 1 }, passing: ["refunds"], failing: ["rebounds"] },
  "rouge-n": { fields: { value: "the cat sat" }, passing: ["The cat sat"], failing: ["a dog"] },
  "is-refusal": { fields: {}, passing: ["I cannot help with that."], failing: ["It takes 30 days."] },
  "finish-reason": { fields: { value: "stop" }, passing: ["a"], failing: ["a", { finishReason: "length" }] },
  "tool-call": {
    fields: { name: "lookup_order" },
    passing: ["", { toolCalls: [call] }],
    failing: ["", { toolCalls: [{ ...call, name: "refund" }] }],
  },
  latency: { fields: { threshold: 1_000 }, passing: ["a"], failing: ["a", { latencyMs: 1_001 }] },
  cost: { fields: { threshold: 0.001 }, passing: ["a", {}, 0.001], failing: ["a", {}, 0.002] },
  tokens: {
    fields: { threshold: 150 },
    passing: ["a"],
    failing: ["a", { usage: { inputTokens: 150, outputTokens: 1 } }],
  },
};

describe("the table of checks", () => {
  it("has an example for every check of outputs", () => {
    const measured = Object.keys(checks).filter((type) => classOf(type) === "deterministic");
    expect(measured.toSorted()).toEqual(Object.keys(examples).toSorted());
  });
});

for (const [type, example] of Object.entries(examples)) checkContract(type, example);
