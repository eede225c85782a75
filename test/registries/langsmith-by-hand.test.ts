import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { langsmithRegistry } from "../../src/registries/langsmith.ts";
import { chat, made, message } from "../loopback/langsmith-manifests.ts";
import { connectionTo, startLangsmith, type LangsmithServer } from "../loopback/langsmith-server.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };

describe("what people made on LangSmith by hand", () => {
  let server: LangsmithServer;
  let registry: Registry;
  beforeAll(async () => {
    server = await startLangsmith();
    registry = langsmithRegistry(connectionTo(server), clock);
  });
  afterAll(async () => server.close());

  it("is read as versions 0.0.n, in either syntax, as text or chat", async () => {
    const chats = [
      chat([message("System", "Be {{brief}} to {name}"), message("AI", "Yes."), message("Human", "{q}")]),
      chat([message("Human", "Dear {{name}}, {as is}", "mustache")]),
      chat([made("SystemMessage", { content: "Literal {braces}" }), message("Human", "Hi")]),
      chat([
        made("ChatMessagePromptTemplate", {
          role: "developer",
          prompt: made("PromptTemplate", { template: "D" }),
        }),
      ]),
      made("PromptTemplate", { template: "Answer {query}", template_format: "f-string" }),
    ];
    for (const one of chats) server.hub.addByHand("desk", one, "by hand");
    const { items } = await registry.listVersions("desk");
    expect(items.toReversed().map(({ template }) => template.messages)).toEqual([
      [
        { role: "system", content: "Be {brief} to {{name}}" },
        { role: "assistant", content: "Yes." },
        { role: "user", content: "{{q}}" },
      ],
      [{ role: "user", content: "Dear {{name}}, {as is}" }],
      [
        { role: "system", content: "Literal {braces}" },
        { role: "user", content: "Hi" },
      ],
      [{ role: "developer", content: "D" }],
      [{ role: "user", content: "Answer {{query}}" }],
    ]);
    expect(items[0]).toMatchObject({
      version: "0.0.5",
      changeReason: "by hand",
      author: "unknown (langsmith)",
      template: { model: "unknown" },
    });
  });

  it.each([
    ["beside the prompt", made("ChatOpenAI", { model_name: "gpt-4o", temperature: 0.5, max_tokens: 9 })],
    [
      "in a binding",
      made("RunnableBinding", {
        bound: made("ChatOpenAI", { model: "gpt-4o", temperature: 0.5, max_tokens: 9 }),
        kwargs: {},
      }),
    ],
  ])("has the model that was saved with it, %s", async (place, last) => {
    const name = place.startsWith("in") ? "bound" : "beside";
    server.hub.addByHand(name, made("RunnableSequence", { first: chat([message("Human", "Hi")]), last }));
    expect(await registry.readVersion(name, { kind: "latest" })).toMatchObject({
      template: { model: "gpt-4o", modelParameters: { temperature: 0.5, maxTokens: 9 } },
    });
  });

  const human = message("Human", "Hi");
  const parts = made("HumanMessagePromptTemplate", { prompt: [made("PromptTemplate", { template: "Hi" })] });
  it.each([
    ["placeholders", chat([made("MessagesPlaceholder", { variable_name: "history" })])],
    ["a jinja template", chat([message("Human", "{% if a %}", "jinja2")])],
    ["an attribute", chat([message("Human", "{user.name}")])],
    ["a section", chat([message("Human", "{{#a}}{{/a}}", "mustache")])],
    ["an unknown role", chat([made("ChatMessagePromptTemplate", { role: "tool", prompt: human })])],
    ["parts of several kinds", chat([parts])],
    ["calls of tools", chat([made("AIMessage", { content: "", tool_calls: [{ name: "x" }] })])],
    ["braces in a literal message", chat([made("HumanMessage", { content: "{{name}}" })])],
    ["variables that are filled in", chat([human], { partial_variables: { a: "b" } })],
    ["no message", chat([])],
    ["a schema for answers", made("StructuredPrompt", { messages: [human], schema_: {} })],
    ["several steps", made("RunnableSequence", { first: chat([human]), middle: [{}], last: null })],
    [
      "tools of the model",
      made("RunnableSequence", {
        first: chat([human]),
        last: made("RunnableBinding", { bound: made("ChatOpenAI", {}), kwargs: { tools: [{}] } }),
      }),
    ],
    ["something else", { lc: 2 }],
  ])("is left out with %s", async (_, manifest) => {
    server.hub.addByHand("odd", manifest);
    expect(await registry.listVersions("odd")).toEqual({ items: [], next: null });
  });
});
