import { describe, expect, it } from "vitest";
import type { Score } from "../../../src/domain/evaluation.ts";
import type { PromptTemplate } from "../../../src/domain/prompt.ts";
import { assertionSchema, runStaticChecks } from "../../../src/evals/checks/index.ts";
import { issuesOf } from "./a-subject.ts";

const prompt: PromptTemplate = {
  messages: [
    { role: "system", content: "You work for {{company}}." },
    { role: "user", content: "{{query}}" },
  ],
  model: "gpt-4o-mini",
  modelParameters: {},
  responseFormat: "text",
  tools: [{ name: "lookup", parameters: { type: "object" } }],
};

type Cases = Parameters<typeof runStaticChecks>[1]["cases"];

const complete = { id: "c1", vars: { company: "Acme", query: "Hi", unused: 1 } };

async function* arriving() {
  yield complete;
}

async function* breaking(): AsyncGenerator<typeof complete> {
  yield complete;
  throw new RangeError("broken");
}

async function measure(
  raw: unknown,
  given: { candidate?: PromptTemplate; baseline?: PromptTemplate | null; cases?: Cases } = {},
): Promise<Score> {
  const [result] = await runStaticChecks([assertionSchema.parse(raw)], {
    candidate: prompt,
    baseline: prompt,
    cases: [complete],
    ...given,
  });
  if (result === undefined) throw new Error("the assertion was left out");
  return result.score;
}

describe("template-vars", () => {
  it("passes when every case has every variable", async () => {
    expect(await measure({ type: "template-vars" })).toMatchObject({ pass: true, value: 1 });
  });

  it("names the cases and variables that are missing, and scores the share of whole cases", async () => {
    const cases = ["c2", "c3", "c4", "c5"].map((id) => ({ id, vars: { company: "Acme" } }));
    const score = await measure({ type: "template-vars" }, { cases: [complete, ...cases] });
    expect(score).toMatchObject({ pass: false, value: 0.2 });
    expect(score.reason).toBe(
      'expected the prompt to get all its variables from every case; found them missing in c2 ("query"), c3 ("query"), c4 ("query") and 1 more',
    );
  });

  it("does not take an inherited name for a variable", async () => {
    const candidate = { ...prompt, messages: [{ role: "user" as const, content: "{{toString}}" }] };
    expect(await measure({ type: "template-vars" }, { candidate })).toMatchObject({ pass: false });
  });

  it("reads cases as they come", async () => {
    expect(await measure({ type: "template-vars" }, { cases: arriving() })).toMatchObject({ pass: true });
  });

  it("is unscored without cases, in the twin too", async () => {
    expect(await measure({ type: "template-vars" }, { cases: [] })).toMatchObject({ kind: "unscored" });
    expect(await measure({ type: "not-template-vars" }, { cases: [] })).toMatchObject({ kind: "unscored" });
  });
});

describe("prompt-max-tokens", () => {
  it.each([
    ["prompt-max-tokens", 40, true],
    ["prompt-max-tokens", 5, false],
    ["not-prompt-max-tokens", 5, true],
  ])("%s %i: %s", async (type, value, pass) => {
    const score = await measure({ type, value });
    expect(score).toMatchObject({ pass });
    expect(score.reason).toMatch(/found about \d+ \(o200k_base\)$/);
  });

  it.each([undefined, 0, 1.5])("refuses %s", (value) => {
    expect(issuesOf({ type: "prompt-max-tokens", value })).toHaveLength(1);
  });
});

describe("interface", () => {
  it("passes where only words changed", async () => {
    const candidate = {
      ...prompt,
      model: "another",
      messages: [
        { role: "system" as const, content: "Be brief. You work for {{company}}." },
        { role: "user" as const, content: "Question: {{ query }}" },
      ],
      tools: [{ name: "lookup", description: "Finds an order", parameters: { type: "object" } }],
    };
    expect(await measure({ type: "interface" }, { candidate })).toMatchObject({ pass: true });
  });

  it("does not mind the order of tools", async () => {
    const tools = [...prompt.tools, { name: "refund", parameters: {} }];
    const given = { candidate: { ...prompt, tools }, baseline: { ...prompt, tools: tools.toReversed() } };
    expect(await measure({ type: "interface" }, given)).toMatchObject({ pass: true });
  });

  it.each([
    [
      "variables",
      { messages: [...prompt.messages, { role: "user" as const, content: "{{order}}" }] },
      "variables",
    ],
    ["roles", { messages: prompt.messages.toReversed() }, "roles"],
    ["the response format", { responseFormat: "json_object" as const }, "response format"],
    ["the response schema", { jsonSchema: { type: "object" } }, "response schema"],
    ["a tool", { tools: [{ name: "lookup", parameters: { type: "array" } }] }, "tools"],
  ])("fails when %s changed and says so", async (_, change, part) => {
    const score = await measure({ type: "interface" }, { candidate: { ...prompt, ...change } });
    expect(score).toMatchObject({ pass: false, value: 0 });
    expect(score.reason).toContain(`other ${part} (`);
  });

  it("is unscored without a baseline", async () => {
    expect(await measure({ type: "interface" }, { baseline: null })).toEqual({
      kind: "unscored",
      reason: "there is no baseline whose interface could be compared",
    });
  });
});

describe("static checks among others", () => {
  it("leaves out what looks at outputs and keeps the order", async () => {
    const assertions = [
      { type: "prompt-max-tokens", value: 100 },
      { type: "contains", value: "a" },
      { type: "interface" },
    ].map((raw) => assertionSchema.parse(raw));
    const results = await runStaticChecks(assertions, { candidate: prompt, baseline: prompt, cases: [] });
    expect(results.map(({ assertion }) => assertion.type)).toEqual(["prompt-max-tokens", "interface"]);
  });

  it("reads the cases once for a check and its twin", async () => {
    const assertions = ["template-vars", "not-template-vars"].map((type) => assertionSchema.parse({ type }));
    const results = await runStaticChecks(assertions, {
      candidate: prompt,
      baseline: null,
      cases: arriving(),
    });
    expect(results.map(({ score }) => score)).toMatchObject([{ pass: true }, { pass: false }]);
  });

  it("leaves unscored a check whose cases cannot be read for a reason of their own", async () => {
    expect(await measure({ type: "template-vars" }, { cases: breaking() })).toEqual({
      kind: "unscored",
      reason: "check template-vars could not measure: broken",
    });
  });
});
