import { describe, expect, it } from "vitest";
import { aFolder, imported, importIn } from "./promptfoo-folder.ts";

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
