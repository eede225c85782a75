import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runImportPromptfoo } from "../../src/entry/commands/import-promptfoo.ts";
import { aContext, aFolder, config, imported, importIn } from "./import/promptfoo-folder.ts";

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

  it("says what it reads when it is given another file", async () => {
    const folder = aFolder({});
    await expect(importIn(folder, { file: "nowhere.yaml" })).rejects.toMatchObject({
      message: "nowhere.yaml: no such file",
      hint: "name the file that promptfoo eval reads, e.g. promptfooconfig.yaml",
    });
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
