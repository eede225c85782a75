import { describe, expect, it } from "vitest";
import { config, imported } from "./promptfoo-folder.ts";

/** The checks and the notes that one assertion becomes. */
async function assertion(
  yaml: string,
  vars = "{ text: Hello }",
): Promise<{ checks: unknown; lost: readonly string[]; changed: readonly string[] }> {
  const made = await imported(
    config(`tests: [{ vars: ${vars}, assert: [${yaml}, { type: contains, value: kept }] }]\n`),
  );
  const prompts = made.yaml("promptgate.yaml")["prompts"] as Record<
    string,
    { assert: Record<string, unknown>[] }
  >;
  const checks = prompts["prompt"]?.assert.filter(({ value }) => value !== "kept");
  return { checks, lost: made.lost, changed: made.changed };
}

describe("an assertion", () => {
  it.each([
    ["{ type: equals, value: { a: 1 } }", { type: "equals", value: { a: 1 } }],
    [
      "{ type: icontains-all, value: [a, b], metric: words }",
      { type: "icontains-all", value: ["a", "b"], metric: "words" },
    ],
    ["{ type: regex, value: '\\d+' }", { type: "regex", value: "\\d+" }],
    ["{ type: not-is-refusal }", { type: "not-is-refusal" }],
    ["{ type: starts-with, value: '{{text}}' }", { type: "starts-with", value: "{{text}}" }],
    [
      "{ type: rouge-n, value: a b, threshold: 0.4, weight: 3 }",
      { type: "rouge-n", value: "a b", threshold: 0.4, weight: 3 },
    ],
    ["{ type: levenshtein, value: abc, threshold: 2 }", { type: "levenshtein", value: "abc", threshold: 2 }],
    ["{ type: cost, threshold: 0.01 }", { type: "cost", threshold: 0.01, metric: "cost-limit" }],
    ["{ type: word-count, value: { min: 1, max: 9 } }", { type: "word-count", value: { min: 1, max: 9 } }],
    ["{ type: is-json }", { type: "is-json" }],
    [
      '{ type: contains-json, value: \'{"type":"object"}\' }',
      { type: "contains-json", value: { type: "object" } },
    ],
    ["{ type: finish-reason, value: stop }", { type: "finish-reason", value: "stop" }],
    [
      "{ type: contains, value: a, metric: latency }",
      { type: "contains", value: "a", metric: "latency-limit" },
    ],
  ])("%s is carried", async (yaml, check) => {
    const { checks, lost } = await assertion(yaml);
    expect(checks).toEqual([check]);
    expect(lost).toEqual([]);
  });

  it.each([
    ["{ type: python, value: 'True' }", "python: runs code"],
    ["{ type: similar, value: a, threshold: 0.8 }", "similar: needs an embedding model"],
    ["{ type: 'similar:cosine', value: a }", "needs an embedding model"],
    ["{ type: classifier, provider: 'huggingface:x' }", "needs a service of its own"],
    ["{ type: moderation }", "needs a service of its own"],
    ["{ type: answer-relevance }", "is computed in a way of its own"],
    ["{ type: context-recall, value: a }", "is computed in a way of its own"],
    ["{ type: select-best, value: best }", "compares the outputs of several prompts"],
    ["{ type: is-valid-openai-tools-call }", "has no counterpart"],
    ["{ type: contain, value: a }", "contain: is no check of this tool"],
    ["{ type: contains, value: '{{ text | upper }}' }", "{{ text | upper }} in contains is template logic"],
    ["{ type: contains, value: '{{text.name}}' }", "template logic"],
    ["{ type: contains, value: a, transform: output.trim() }", "checks an output that a transform changed"],
    ["{ type: contains, value: a, weight: 0 }", "weight 0, so it can never fail"],
    ["{ type: latency }", "latency: threshold"],
    ["{ type: regex, value: '(?=a)' }", "lookahead"],
    ["{ type: contains, value: '{{missing}}' }", "the value uses {{missing}}, the case has no such variable"],
    ["{ type: contains, value: file://check.js }", "check.js is code"],
    ["{ type: contains, value: file://nowhere.txt }", "nowhere.txt: no such file"],
    ["{ type: llm-rubric, value: ok, provider: 'anthropic:claude' }", "the grader anthropic:claude"],
    ["{ type: not-g-eval, value: ok }", "no counterpart of not-g-eval"],
    ["{ value: a }", "expected an assertion with a type"],
  ])("%s is left behind and said", async (yaml, reason) => {
    const { checks, lost } = await assertion(yaml);
    expect(checks).toEqual([]);
    expect(lost.join("\n")).toContain(reason);
    expect(lost.every((line) => line.startsWith("promptfooconfig.yaml:3:"))).toBe(true);
  });

  it("of a set counts under the set's metric with the set's weight", async () => {
    const { checks, changed } = await assertion(
      "{ type: assert-set, metric: tone, weight: 2, threshold: 0.5, assert: [{ type: icontains, value: hi, weight: 3 }, { type: contains, value: b, metric: own }] }",
    );
    expect(checks).toEqual([
      { type: "icontains", value: "hi", metric: "tone", weight: 6 },
      { type: "contains", value: "b", metric: "own", weight: 2 },
    ]);
    expect(changed).toEqual([expect.stringContaining("threshold of the set is left out")]);
  });

  it("with a threshold that changes nothing loses it with a word", async () => {
    const { checks, changed } = await assertion("{ type: contains, value: a, threshold: 0.5 }");
    expect(checks).toEqual([{ type: "contains", value: "a" }]);
    expect(changed).toEqual([expect.stringContaining("it changes nothing for contains")]);
  });
});
