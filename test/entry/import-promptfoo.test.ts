import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runImportPromptfoo } from "../../src/entry/commands/import-promptfoo.ts";
import { aContext, aFolder, imported, importIn } from "./import/promptfoo-folder.ts";

const supportBot = `# yaml-language-server: $schema=https://promptfoo.dev/config-schema.json
description: Support bot
prompts:
  - file://prompts/support.json
  - { id: file://prompts/short.txt, label: short }
providers:
  - id: openai:chat:gpt-4o-mini-2024-07-18
    config: { temperature: 0.2, max_tokens: 400, response_format: { type: json_object }, apiKey: sk-secret }
  - anthropic:messages:claude-3-5-sonnet-20241022
defaultTest:
  vars: { company: Acme }
  options: { provider: openai:gpt-4o-2024-11-20 }
  assert:
    - { type: not-contains, value: As an AI }
    - { type: latency, threshold: 3000 }
    - { type: llm-rubric, value: "Answers {{query}} politely" }
tests:
  - description: Refund time
    vars: { query: How long do refunds take? }
    assert:
      - { type: contains, value: 30 days, weight: 2 }
      - { type: javascript, value: "output.length < 100" }
  - vars: { query: [Where is my parcel?, Where is my order?], order: 7 }
    assert:
      - { type: llm-rubric, value: Names the tracking page }
      - { type: is-json, value: "type: object\\nrequired: [answer]" }
  - file://more.csv
evaluateOptions: { maxConcurrency: 2 }
`;
const supportFiles = {
  "prompts/support.json":
    '[{"role":"system","content":"You work for {{company}}."},{"role":"user","content":"{{query}}"}]',
  "prompts/short.txt": "Answer shortly: {{query}}\n---\n{% if a %}x{% endif %} {{query}}\n",
  "more.csv":
    'query,__expected,__expected2,__description,__metric\nHi,"contains-any:hello, hi",grade: is friendly,Greeting,tone\nBye,word-count:3,,,\n',
};

describe("a promptfoo config of a support bot", () => {
  it("becomes a project with one prompt file for each prompt", async () => {
    const { project, yaml } = await imported(supportBot, supportFiles);
    expect(project.prompts.map(({ name, cases }) => [name, cases])).toEqual([
      ["support", 5],
      ["short", 5],
    ]);
    expect(yaml("prompts/support.prompt.yml")).toEqual({
      name: "support",
      version: "1.0.0",
      changeReason: "Imported from promptfoo",
      description: "Support bot",
      model: "gpt-4o-mini-2024-07-18",
      modelParameters: { temperature: 0.2, maxTokens: 400 },
      responseFormat: "json_object",
      messages: [
        { role: "system", content: "You work for {{company}}." },
        { role: "user", content: "{{query}}" },
      ],
    });
    expect(yaml("prompts/short.prompt.yml")["messages"]).toEqual([
      { role: "user", content: "Answer shortly: {{query}}" },
    ]);
  });

  it("keeps what every case asserts with the prompt, and the rest with the case", async () => {
    const { yaml, cases } = await imported(supportBot, supportFiles);
    expect(yaml("promptgate.yaml")["prompts"]).toMatchObject({
      support: {
        dataset: "golden-datasets/support.jsonl",
        assert: [
          { type: "not-contains", value: "As an AI" },
          { type: "latency", threshold: 3000, metric: "latency-limit" },
        ],
        judges: ["rubrics/answers-the-variable-query-politely.yml"],
      },
      short: { dataset: "golden-datasets/support.jsonl" },
    });
    const all = cases("golden-datasets/support.jsonl");
    expect(all.map(({ id }) => id)).toEqual([
      "refund-time",
      expect.stringMatching(/^case-[0-9a-f]{12}$/),
      expect.stringMatching(/^case-[0-9a-f]{12}$/),
      "greeting",
      expect.stringMatching(/^case-[0-9a-f]{12}$/),
    ]);
    expect(all[0]).toEqual({
      id: "refund-time",
      vars: { company: "Acme", query: "How long do refunds take?" },
      assert: [{ type: "contains", value: "30 days", weight: 2 }],
      description: "Refund time",
    });
    expect(all[2]).toMatchObject({
      vars: { company: "Acme", query: "Where is my order?", order: 7 },
      assert: [{ type: "is-json", value: { type: "object", required: ["answer"] } }],
    });
    expect(all[3]?.["assert"]).toEqual([{ type: "contains-any", value: ["hello", "hi"], metric: "tone" }]);
    expect(all[4]?.["assert"]).toEqual([{ type: "word-count", value: 3 }]);
  });

  it("makes a rubric of each criterion and lists those that every case asks for", async () => {
    const { yaml, lost } = await imported(supportBot, supportFiles);
    expect(yaml("rubrics/answers-the-variable-query-politely.yml")).toEqual({
      name: "answers-the-variable-query-politely",
      model: "gpt-4o-2024-11-20",
      scale: { kind: "choices", choices: { yes: 1, no: 0 } },
      criteria: [{ id: "criterion", question: "Answers (the variable query) politely" }],
      threshold: 1,
    });
    expect(yaml("rubrics/names-the-tracking-page.yml")["criteria"]).toEqual([
      { id: "criterion", question: "Names the tracking page" },
    ]);
    expect(lost).toContainEqual(
      expect.stringContaining(
        "rubrics/names-the-tracking-page.yml is written and not listed under judges: 2 of 5 cases ask for it",
      ),
    );
  });

  it("says with file and place what was left behind, and why", async () => {
    const { lost, text } = await imported(supportBot, supportFiles);
    expect(lost).toEqual([
      expect.stringMatching(/^promptfooconfig\.yaml:28:18 evaluateOptions: belongs to the command line here/),
      expect.stringMatching(
        /^promptfooconfig\.yaml:8:98 providers\[0\]\.config\.apiKey: a key must not stand/,
      ),
      expect.stringMatching(/^promptfooconfig\.yaml:9:5 providers\[1\]: the provider anthropic is none/),
      expect.stringMatching(/^promptfooconfig\.yaml:5:5 prompts\[1\]: prompts\/short\.txt: \{% if a %\}/),
      expect.stringMatching(/^promptfooconfig\.yaml:22:9 tests\[0\]\.assert\[1\]: javascript: runs code/),
      expect.stringMatching(
        /^promptfooconfig\.yaml:25:9 tests\[1\]\.assert\[0\]: rubrics\/names-the-tracking/,
      ),
      expect.stringMatching(/^more\.csv:2:1 assert\[1\]: rubrics\/tone-2\.yml is written and not listed/),
    ]);
    for (const line of lost) expect(text("IMPORT-NOTES.md")).toContain(line);
    expect(text("IMPORT-NOTES.md") + JSON.stringify(lost)).not.toContain("sk-secret");
  });
});

function config(rest: string, prompt = "Translate: {{text}}"): string {
  return `prompts: [${JSON.stringify(prompt)}]\nproviders: openai:gpt-4o-mini\n${rest}`;
}

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

describe("a criterion for a judge", () => {
  const rubric = async (yaml: string, options = "{ provider: openai:gpt-4.1 }") => {
    const made = await imported(
      config(
        `defaultTest: { options: ${options}, assert: [${yaml}] }\ntests: [{ vars: { text: a } }, { vars: { text: b } }]\n`,
      ),
    );
    const [file] = made.document.files.filter((path) => path.startsWith("rubrics/"));
    return { made, rubric: made.yaml(file ?? ""), judges: made.project.prompts[0]?.judges ?? [] };
  };

  it.each([
    [
      "{ type: llm-rubric, value: Is kind }",
      { scale: { kind: "choices", choices: { yes: 1, no: 0 } }, threshold: 1 },
    ],
    [
      "{ type: not-llm-rubric, value: Is rude }",
      { scale: { kind: "choices", choices: { no: 1, yes: 0 } }, threshold: 1 },
    ],
    [
      "{ type: model-graded-closedqa, value: Is kind }",
      { scale: { kind: "choices", choices: { yes: 1, no: 0 } } },
    ],
    [
      "{ type: llm-rubric, value: Is kind, threshold: 0.8 }",
      { scale: { kind: "likert", min: 0, max: 10 }, threshold: 0.8 },
    ],
    ["{ type: g-eval, value: Is kind }", { scale: { kind: "likert", min: 0, max: 10 }, threshold: 0.7 }],
    [
      "{ type: g-eval, value: [Is kind, Is short], threshold: 0.9, metric: style }",
      {
        name: "style",
        threshold: 0.9,
        criteria: [
          { id: "criterion-1", question: "Is kind" },
          { id: "criterion-2", question: "Is short" },
        ],
      },
    ],
  ])("%s becomes a rubric with its scale", async (yaml, expected) => {
    const found = await rubric(yaml);
    expect(found.rubric).toMatchObject({ model: "gpt-4.1", ...expected });
    expect(found.judges).toHaveLength(1);
    expect(found.made.lost).toEqual([]);
  });

  it("on facts carries its reference as the case's expected answer", async () => {
    const made = await imported(
      config(
        "defaultTest: { options: { provider: { text: { id: openai:gpt-4.1 } }, factuality: { subset: 0.5 } } }\ntests: [{ vars: { text: a }, assert: [{ type: factuality, value: 'It is {{text}}' }] }, { vars: { text: b }, assert: [{ type: model-graded-factuality, value: B }] }]\n",
      ),
    );
    expect(made.yaml("rubrics/factuality.yml")["scale"]).toEqual({
      kind: "choices",
      choices: { subset: 0.5, superset: 1, agree: 1, disagree: 0, "differ-but-factual": 1 },
    });
    expect(made.cases("golden-datasets/prompt.jsonl").map(({ expected }) => expected)).toEqual([
      "It is a",
      "B",
    ]);
    expect(made.project.prompts[0]?.judges.map(({ name }) => name)).toEqual(["factuality"]);
  });

  it("without a grader names promptfoo's default and says so", async () => {
    const { rubric: found, made } = await rubric("{ type: llm-rubric, value: Is kind }", "{}");
    expect(found["model"]).toBe("gpt-5");
    expect(made.changed).toEqual([expect.stringContaining("no grader is named: the judge is gpt-5")]);
  });

  it("judged by the model that answers is allowed to, and says so", async () => {
    const { rubric: found, made } = await rubric(
      "{ type: llm-rubric, value: a }",
      "{ provider: openai:gpt-4o-mini }",
    );
    expect(found["allowSelfGrading"]).toBe(true);
    expect(made.changed).toEqual([expect.stringContaining("judges its own answers")]);
  });

  it("loses a grading prompt of its own with a word", async () => {
    const { made } = await rubric("{ type: llm-rubric, value: a, rubricPrompt: 'Grade {{output}}' }");
    expect(made.lost).toEqual([expect.stringContaining("rubricPrompt is not carried")]);
  });
});

describe("tests", () => {
  const datasets = async (rest: string, files: Record<string, string> = {}, prompt = "{{a}} {{b}}") => {
    const made = await imported(config(rest, prompt), files);
    return { made, cases: made.cases("golden-datasets/prompt.jsonl") };
  };

  it("multiply lists of texts out, keep other lists, and read files", async () => {
    const { cases } = await datasets(
      "tests: [{ vars: { a: [x, y], b: [p, q], c: [1, 2], d: file://d.txt, e: file://e.yaml, f: 'see {{a}}' }, assert: [{ type: is-json }] }]\n",
      { "d.txt": "text\n", "e.yaml": "k: [1]\n" },
    );
    expect(cases.map(({ vars }) => vars)).toEqual(
      ["xp", "xq", "yp", "yq"].map(([a = "", b = ""]) => ({
        a,
        b,
        c: [1, 2],
        d: "text",
        e: '{"k":[1]}',
        f: `see ${a}`,
      })),
    );
    expect(new Set(cases.map(({ id }) => id)).size).toBe(4);
  });

  it("keep their ids when others come before them", async () => {
    const tests = ["{ vars: { a: x, b: y } }", "{ vars: { a: z, b: y }, description: Äpfel & Öl }"];
    const first = await datasets(`tests: [${tests.join(", ")}]\n`);
    const second = await datasets(`tests: [{ vars: { a: 0, b: 0 } }, ${tests.toReversed().join(", ")}]\n`);
    const ids = first.cases.map(({ id }) => id);
    expect(ids[1]).toBe("apfel-ol");
    expect(second.cases.map(({ id }) => id)).toEqual([expect.any(String), ids[1], ids[0]]);
  });

  it("with the same description, variables or metadata.id have ids of their own", async () => {
    const { cases } = await datasets(
      "tests: [{ description: d, vars: { a: 1, b: 1 } }, { description: d, vars: { a: 2, b: 1 } }, { vars: { a: 1, b: 1 } }, { vars: { a: 1, b: 1 } }, { metadata: { id: T-1 }, vars: { a: 3, b: 1 } }]\n",
    );
    expect(new Set(cases.map(({ id }) => id)).size).toBe(5);
    expect(cases[4]).toMatchObject({ id: "T-1", metadata: { id: "T-1" } });
  });

  it("come from JSON, JSON Lines, YAML and scenarios alike", async () => {
    const { cases, made } = await datasets(
      "tests: [file://t.json, file://t.jsonl, file://t.yaml]\nscenarios: [{ config: [{ vars: { a: s1 } }, { vars: { a: s2 } }], tests: [{ vars: { b: t } }] }]\ndefaultTest: file://default.yaml\n",
      {
        "t.json": '[{"vars":{"a":"j"}}]',
        "t.jsonl": '{"vars":{"a":"l1"}}\n{"vars":\n{"vars":{"a":"l2"}}\n',
        "t.yaml": "- vars: { a: y }\n- { vars: { a: z }, assert: [{ type: javascript, value: x }] }\n",
        "default.yaml": "vars: { b: shared }\nassert: [{ type: contains, value: ok }]\n",
      },
    );
    const pairs = cases.map(({ vars }) =>
      Object.values(vars as Record<string, string>)
        .toSorted()
        .join(),
    );
    expect(pairs).toEqual(["j,shared", "l1,shared", "l2,shared", "shared,y", "shared,z", "s1,t", "s2,t"]);
    expect(made.lost).toEqual([
      expect.stringMatching(/^t\.jsonl:2:1/),
      expect.stringMatching(/^t\.yaml:2:\d+ \[1\]\.assert\[0\]: javascript: runs code/),
    ]);
  });

  it("without a variable of the prompt get an empty one, as promptfoo renders it", async () => {
    const { cases, made } = await datasets("tests: [{ vars: { a: x } }]\n");
    expect(cases[0]?.["vars"]).toEqual({ a: "x", b: "" });
    expect(made.changed).toEqual([expect.stringContaining("the test has no b, which prompt uses")]);
  });

  it("are one test when the config has none", async () => {
    const { cases } = await datasets("defaultTest: { assert: [{ type: is-json }] }\n", {}, "Say hello");
    expect(cases).toHaveLength(1);
  });

  it("lose their assertions, with a word for each, when a transform changes what they check", async () => {
    const { cases, made } = await datasets(
      "tests: [{ vars: { a: x, b: y }, options: { transform: output.trim() }, assert: [{ type: contains, value: a }] }]\n",
    );
    expect(cases[0]).not.toHaveProperty("assert");
    expect(made.lost.join()).toContain("it checks an output that the test's transform changed");
    expect(made.lost.join()).toContain("nothing checks prompt");
  });

  it("that need code, another provider, or too many combinations are left behind with their place", async () => {
    const many = Array.from({ length: 5 }, (_, index) => `v${index}: [a,b,c,d,e,f,g,h,i,j]`).join(", ");
    const { cases, made } = await datasets(
      `tests:\n  - { vars: { a: file://x.js, b: y } }\n  - { vars: { a: x, b: y }, provider: openai:gpt-4o }\n  - { vars: { a: x, b: y }, providers: ["anthropic:*"] }\n  - { vars: { ${many} } }\n  - file://gen.py\n  - { path: "file://gen.py:make" }\n  - https://docs.google.com/spreadsheets/d/1\n  - { vars: { a: "{{ env.HOME }}", b: y } }\n  - { vars: { a: kept, b: y }, providers: ["openai:*"], threshold: 0.5 }\n`,
    );
    expect(cases.map(({ vars }) => vars)).toEqual([{ a: "kept", b: "y" }]);
    const lost = made.lost.join("\n");
    for (const [line, word] of [
      [4, "x.js is code"],
      [5, "a provider of its own"],
      [6, "for another provider"],
      [7, "multiply to more than"],
      [8, "gen.py is code"],
      [9, "made by a program"],
      [10, "live elsewhere"],
      [11, "{{ env.HOME }} in a variable is template logic"],
      [12, "a case has no pass mark of its own"],
    ] as const) {
      expect(lost).toMatch(
        new RegExp(`^promptfooconfig\\.yaml:${line}:.*${word.replace(/[{}.]/g, "\\$&")}`, "m"),
      );
    }
  });
});

describe("prompts and providers", () => {
  it("are read from patterns, YAML chats, objects and maps, under names of their own", async () => {
    const made = await imported(
      `prompts:\n  - file://p/*.txt\n  - { raw: "- role: user\\n  content: '{{q}}'", label: My Chat!, config: { max_tokens: 9 } }\n  - p/b.md\nproviders:\n  - { id: "openai:gpt-4o", config: { temperature: 1, tools: [{ type: function, function: { name: look, parameters: { type: object } } }], organization: x } }\n  - openai:chat:gpt-4o: { config: { temperature: 0 } }\ntests: [{ vars: { q: 1 }, assert: [{ type: is-json }] }]\n`,
      { "p/a.txt": "A {{q}}", "p/b.txt": "B {{q}}", "p/b.md": "# C {{q}}" },
    );
    expect(made.project.prompts.map(({ name }) => name)).toEqual(["a", "b", "my-chat", "b-2"]);
    expect(made.yaml("prompts/my-chat.prompt.yml")).toMatchObject({
      modelParameters: { temperature: 1, maxTokens: 9 },
      tools: [{ name: "look", parameters: { type: "object" } }],
      messages: [{ role: "user", content: "{{q}}" }],
    });
    const lost = made.lost.join("\n");
    expect(lost).toContain("providers[0].config.organization: has no counterpart");
    expect(lost).toContain("a prompt has one model here: a keeps gpt-4o");
  });

  it.each([
    ["{ role: user, content: [{ type: image_url }] }", "a message's content is no text"],
    ["{ role: tool, content: x }", "the role tool is none of"],
  ])("lose a chat with %s", async (message, reason) => {
    const made = await imported(
      `prompts: [file://a.yaml, "Hi {{q}}"]\nproviders: [openai:gpt-4o]\ntests: [{ vars: { q: 1 }, assert: [{ type: is-json }] }]\n`,
      { "a.yaml": `- ${message}\n` },
    );
    expect(made.lost.join()).toContain(reason);
    expect(made.project.prompts).toHaveLength(1);
  });

  it("answer from a stand-in, and say so, when no provider can be carried", async () => {
    const made = await imported(
      `prompts: ["Hi {{q}}"]\nproviders: ["ollama:llama3", "openai:embedding:x", "openai:{{env.M}}"]\ntests: [{ vars: { q: 1 }, assert: [{ type: is-json }] }]\n`,
    );
    expect(Object.values(made.project.models).map(({ provider }) => provider)).toEqual(["embedded"]);
    expect(made.lost.join("\n")).toContain("providers: no provider could be carried: a stand-in");
  });

  it("keep an address of an OpenAI-compatible server, but none with a password", async () => {
    const made = await imported(
      `prompts: ["Hi {{q}}"]\nproviders:\n  - { id: openai:a, config: { apiBaseUrl: "https://u:secret@x.example/v1" } }\n  - { id: openai:b, config: { apiBaseUrl: "http://localhost:1/v1", apiKeyEnvar: MY_KEY } }\ntests: [{ vars: { q: 1 }, assert: [{ type: is-json }] }]\n`,
    );
    expect(made.project.models).toMatchObject({ b: { model: "b", baseUrl: "http://localhost:1/v1" } });
    expect(made.lost.join("\n")).toContain('write apiKey: "${MY_KEY}" to the model');
    expect(made.text("IMPORT-NOTES.md")).not.toContain("secret");
  });

  it("understand anchors, merge keys and local references", async () => {
    const made = await imported(
      `assertionTemplates:\n  ok: { type: contains, value: fine }\nprompts: ["Hi {{q}}"]\nproviders: [openai:gpt-4o]\ntests:\n  - &base { vars: { q: 1 }, assert: [{ $ref: "#/assertionTemplates/ok" }] }\n  - { <<: *base, vars: { q: 2 } }\n`,
    );
    expect(made.project.prompts[0]).toMatchObject({ cases: 2, assert: [{ type: "contains" }] });
    expect(made.lost).toEqual([]);
  });

  it("refuse references that unfold without end", async () => {
    const levels = Array.from(
      { length: 9 },
      (_, index) =>
        `l${index}: [${Array.from({ length: 9 }, () => `{ $ref: "#/l${index + 1}" }`).join(", ")}]`,
    );
    const folder = aFolder({ "promptfooconfig.yaml": `prompts: [a]\n${levels.join("\n")}\nl9: [x]\n` });
    await expect(importIn(folder)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });
});

describe("the command", () => {
  const small = config("tests: [{ vars: { text: a }, assert: [{ type: contains, value: b }] }]\n");

  it("writes nothing when a file exists, and overwrites with --force", async () => {
    const folder = aFolder({ "promptfooconfig.yaml": small, "out/promptgate.yaml": "mine" });
    await expect(importIn(folder)).rejects.toMatchObject({
      code: "USAGE",
      message: "nothing was written, because these exist already: promptgate.yaml",
    });
    expect(readdirSync(join(folder, "out"))).toEqual(["promptgate.yaml"]);
    await importIn(folder, { force: true });
    expect(readFileSync(join(folder, "out", "promptgate.yaml"), "utf8")).toContain("version: 1");
  });

  it("writes nothing with --dry-run", async () => {
    const folder = aFolder({ "promptfooconfig.yaml": small });
    const document = await importIn(folder, { dryRun: true });
    expect(document).toMatchObject({ written: [], files: expect.arrayContaining(["promptgate.yaml"]) });
    expect(existsSync(join(folder, "out"))).toBe(false);
  });

  it("prints sections for people, with hostile names made visible", async () => {
    const folder = aFolder({
      "promptfooconfig.yaml": config(
        'tests: [{ vars: { text: a }, assert: [{ type: "x\\e[2J```y", value: b }, { type: is-json }] }]\n',
      ),
    });
    let printed = "";
    const context = aContext(folder, (text) => {
      printed += text;
    });
    const options = {
      file: "promptfooconfig.yaml",
      directory: "out",
      force: false,
      dryRun: false,
      json: false,
    };
    expect(await runImportPromptfoo(context, options)).toBe(0);
    expect(printed).toContain("Carried 1 prompt, 1 case, 1 check and 0 judges.");
    expect(printed).toContain("Not carried (1):\n  promptfooconfig.yaml:3:");
    expect(printed).toContain("x\\u{1b}[2J```y: is no check of this tool");
    expect(readFileSync(join(folder, "out", "IMPORT-NOTES.md"), "utf8").match(/```/g)).toHaveLength(2);
  });

  it.each([
    ["providers: []\n", "it has no prompts"],
    ["prompts: [exec:./make.sh]\nproviders: [openai:gpt-4o]\n", "nothing of it can be carried"],
    ["prompts: [\n", "promptfooconfig.yaml:"],
    ["", "the file is empty"],
  ])("refuses %j with a usage of exit code 2", async (text, message) => {
    const folder = aFolder({ "promptfooconfig.yaml": text });
    await expect(importIn(folder)).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(message),
    });
    expect(readdirSync(folder)).toEqual(["promptfooconfig.yaml"]);
  });

  it("reads nothing outside of the config's folder, by name or by link", async () => {
    const folder = aFolder({
      "secret.txt": "s3cret",
      "in/promptfooconfig.yaml":
        'prompts: [file://../secret.txt, file://link.txt, "file:///etc/hostname", "Hi {{q}}"]\nproviders: [openai:gpt-4o]\ntests: [{ vars: { q: file://../secret.txt } }, { vars: { q: 1 }, assert: [{ type: is-json }] }]\n',
    });
    symlinkSync(join(folder, "secret.txt"), join(folder, "in", "link.txt"));
    const document = await importIn(folder, { file: "in/promptfooconfig.yaml" });
    expect(document.carried).toMatchObject({ prompts: 1, cases: 1 });
    expect(document.notCarried).toHaveLength(5);
    for (const file of document.written) {
      expect(readFileSync(join(folder, "out", file), "utf8")).not.toContain("s3cret");
    }
  });

  it("does not run what it finds", async () => {
    const folder = aFolder({
      "promptfooconfig.yaml":
        'prompts: [file://p.js, "Hi {{q}}"]\nproviders: [file://prov.js, openai:gpt-4o]\ntests: [file://t.js, { vars: { q: 1 }, assert: [{ type: is-json }] }]\nextensions: ["file://hook.js:all"]\n',
    });
    const touch = 'require("node:fs").writeFileSync(__dirname + "/ran", "")';
    for (const name of ["p.js", "prov.js", "t.js", "hook.js"]) writeFileSync(join(folder, name), touch);
    mkdirSync(join(folder, "out"));
    const document = await importIn(folder);
    expect(existsSync(join(folder, "ran"))).toBe(false);
    expect(document.notCarried.map(({ path }) => path)).toEqual([
      "extensions",
      "providers[0]",
      "prompts[0]",
      "tests[0]",
    ]);
  });
});
