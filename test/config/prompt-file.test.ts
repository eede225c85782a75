import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readPromptFile } from "../../src/config/prompt-file.ts";
import { ProblemsError, renderProblem } from "../../src/domain/problem.ts";
import type { PromptFile } from "../../src/domain/project.ts";
import { promptDigest } from "../../src/domain/prompt.ts";
import { aFolder, files, problemsOf } from "./project-folder.ts";

const base = files["desk.prompt.yml"];

function read(text: string): Promise<PromptFile> {
  return readPromptFile(aFolder({ "a.prompt.yml": text }), "a.prompt.yml");
}

async function problems(text: string): Promise<string[]> {
  const error = await read(text).catch((fault: unknown) => fault);
  expect(error).toBeInstanceOf(ProblemsError);
  expect((error as ProblemsError).code).toBe("PROMPT_INVALID");
  return (error as ProblemsError).problems.map(renderProblem);
}

describe("a prompt file", () => {
  it("is read without the keys that say nothing", async () => {
    expect(await read(`${base}changeReason: Shorter\nmetadata: { owner: me }\n`)).toEqual({
      file: "a.prompt.yml",
      source: {
        name: "desk",
        version: "1.2.3",
        changeReason: "Shorter",
        metadata: { owner: "me" },
        template: {
          messages: [{ role: "user", content: "Context: {{context}} Question: {{query}}" }],
          model: "own",
          modelParameters: { temperature: 0.2, maxTokens: 400 },
          responseFormat: "text",
          tools: [],
        },
      },
    });
  });

  it("has the same digest whatever its formatting, version and notes", async () => {
    const json = `{"messages":[{"content":"Context: {{context}} Question: {{query}}","role":"user"}],"model":"own","modelParameters":{"maxTokens":400,"temperature":0.2},"name":"desk","version":"9.9.9"}`;
    const [one, two] = await Promise.all([read(base), read(json)]);
    expect(promptDigest(two.source.template)).toBe(promptDigest(one.source.template));
  });

  it("takes a JSON Schema as a mapping or as JSON text", async () => {
    const asText = await read(`${base}responseFormat: json_schema\njsonSchema: '{"type":"object"}'\n`);
    const asMapping = await read(`${base}responseFormat: json_schema\njsonSchema: { type: object }\n`);
    expect(asText.source.template.jsonSchema).toEqual({ type: "object" });
    expect(promptDigest(asText.source.template)).toBe(promptDigest(asMapping.source.template));
  });

  it("turns one stop text into a list", async () => {
    const { source } = await read(base.replace("maxTokens: 400", "stop: END"));
    expect(source.template.modelParameters.stop).toEqual(["END"]);
  });

  it("may lie anywhere when its path is absolute, as on a command line", async () => {
    const outside = join(aFolder({ "x.yml": base }), "x.yml");
    expect((await readPromptFile(aFolder({}), outside)).source.name).toBe("desk");
    await expect(readPromptFile(aFolder({}), "../x.yml")).rejects.toThrow("lies outside the project");
  });

  it("warns of GitHub Models' keys that are not used here", async () => {
    const text = `${base}testData: [{ query: a }]\nevaluators: [{ name: x, string: { contains: y } }]\n`;
    expect(await problemsOf({ ...files, "desk.prompt.yml": text })).toEqual([
      "desk.prompt.yml:8:1 testData: is not used: the cases come from the dataset of the config",
      "desk.prompt.yml:9:1 evaluators: is not used: checks and judges come from the config and the dataset",
    ]);
  });

  it.each([
    ["version: 1.2.3", "version: 1.2", '2:10 version: expected MAJOR.MINOR.PATCH in "quotes", got 1.2'],
    [
      "version: 1.2.3",
      "version: v1.2.3",
      '2:10 version: expected MAJOR.MINOR.PATCH, e.g. 2.4.0, got "v1.2.3"',
    ],
    [
      "name: desk",
      "name: ../desk",
      '1:7 name: expected a name of letters, digits, -, _ and . that could be a file\'s, got "../desk"',
    ],
    [
      "temperature: 0.2",
      "temperature: 3",
      "4:33 modelParameters.temperature: expected a number of at most 2, got 3",
    ],
    ["maxTokens", "max_tokens", '4:38 modelParameters.max_tokens: unknown key; did you mean "maxTokens"?'],
    [
      "role: user",
      "role: usr",
      '6:11 messages[0].role: expected one of system, developer, user, assistant, got "usr"; did you mean "user"?',
    ],
    [
      "{{query}}",
      "{{query | upper}}",
      '7:14 messages[0].content: expected {{name}} and nothing else in double braces, got "{{query | upper}}"',
    ],
    [
      "{{query}}",
      "{{#if query}}",
      '7:14 messages[0].content: expected {{name}} and nothing else in double braces, got "{{#if query}}"',
    ],
    [
      'content: "Context: {{context}} Question: {{query}}"',
      "content: [a]",
      "7:14 messages[0].content: expected text, got a list",
    ],
    [
      "model: own\n",
      "model: own\nresponseFormat: json_schema\n",
      "4:17 responseFormat: json_schema needs a jsonSchema",
    ],
    [
      "model: own\n",
      "model: own\njsonSchema: { type: object }\n",
      "4:13 jsonSchema: has no effect without responseFormat: json_schema",
    ],
    [
      "model: own\n",
      "model: own\nresponseFormat: json_schema\njsonSchema: '[1]'\n",
      "5:13 jsonSchema: expected a JSON Schema: an object, or the JSON text of one",
    ],
    [
      "model: own\n",
      "model: own\ntools: [{ name: f, parameters: {} }, { name: f, parameters: {} }]\n",
      "4:46 tools[1].name: is the name of another tool",
    ],
  ])("%j -> %j", async (from, to, expected) => {
    expect((await problems(base.replace(from, () => to))).join("\n")).toContain(`a.prompt.yml:${expected}`);
  });
});
