import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { promptLayerRegistry } from "../../src/registries/promptlayer.ts";
import { refusesPrompts, refusesSettings } from "../contracts/registry-refusals.contract.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import {
  API_KEY,
  connectionTo,
  startPromptLayer,
  type PromptLayerServer,
} from "../loopback/promptlayer-server.ts";
import { promptDigest } from "../../src/domain/prompt.ts";
import { aTemplate, aVersion } from "./a-version.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };

registryContract("a registry on PromptLayer", async () => {
  const server = await startPromptLayer();
  return {
    registry: promptLayerRegistry(connectionTo(server), clock),
    cleanup: async () => server.close(),
  };
});

let server: PromptLayerServer;
let registry: Registry;

function opened(): void {
  beforeAll(async () => {
    server = await startPromptLayer();
    registry = promptLayerRegistry(connectionTo(server), clock);
  });
  afterAll(async () => server.close());
}

const text = (content: string, role = "user", format?: string): object => ({
  role,
  content: [{ type: "text", text: content }],
  ...(format === undefined ? {} : { template_format: format }),
});
const chat = (...messages: object[]) => ({ prompt_template: { type: "chat", messages } });

describe("what a registry on PromptLayer stores", () => {
  opened();

  it("is a chat without a label, its reason as the commit message, the model as PromptLayer runs it", async () => {
    await registry.publish(aVersion("1.0.0"));
    const [stored] = server.shelf.versionsOf(prompt);
    expect(stored).toMatchObject({
      note: "1.0.0: why 1.0.0",
      template: {
        type: "chat",
        messages: [
          { role: "system", content: [{ type: "text", text: "You are a support agent for {company}." }] },
          { role: "user", content: [{ text: "{query}" }], template_format: "f-string" },
        ],
        input_variables: ["company", "query"],
      },
      metadata: { model: { provider: "openai", name: "gpt-4o-mini", parameters: { temperature: 0.2 } } },
    });
    expect(JSON.parse(String(stored?.metadata?.["promptgate"]))).toMatchObject({
      schema: "promptgate/version@1",
      version: "1.0.0",
      author: aVersion("1.0.0").author,
    });
    expect(server.shelf.labelsOf(prompt)).toEqual([]);
  });

  it("cuts the commit message at 72 characters, and the reason comes back whole", async () => {
    const version = { ...aVersion("1.1.0"), changeReason: "why ".repeat(40) };
    await registry.publish(version);
    expect(server.shelf.versionsOf(prompt).at(-1)?.note).toHaveLength(72);
    expect(await registry.readVersion(prompt, { kind: "latest" })).toEqual(version);
  });

  it("shows no model whose provider it does not know, and parameters by the provider's names", async () => {
    for (const [name, model] of [
      ["house", "our-own-model"],
      ["opus", "claude-opus-4"],
    ] as const) {
      const template = aTemplate({ model, modelParameters: { maxTokens: 7, topP: 0.5, stop: ["."] } });
      await registry.publish({ ...aVersion("1.0.0", "", name), template, digest: promptDigest(template) });
    }
    expect(server.shelf.versionsOf("house")[0]?.metadata).not.toHaveProperty("model");
    expect(server.shelf.versionsOf("opus")[0]?.metadata?.["model"]).toEqual({
      provider: "anthropic",
      name: "claude-opus-4",
      parameters: { max_tokens: 7, top_p: 0.5, stop: ["."] },
    });
  });

  it("is a companion that applications find under its production label", async () => {
    await registry.moveLabel(aMove());
    expect(server.shelf.versionsOf(`${prompt}.rollout`)).toHaveLength(1);
    expect(server.shelf.labelsOf(`${prompt}.rollout`)).toMatchObject([{ name: "production", version: 1 }]);
    expect(server.shelf.labelsOf(prompt)).toMatchObject([{ name: "production", version: 1 }]);
    expect((await registry.listPrompts()).items).toEqual([prompt, "house", "opus"]);
  });

  it("is read without filling snippets in, each version once", async () => {
    await registry.listVersions(prompt);
    const before = server.calls.length;
    await registry.listVersions(prompt);
    expect(server.calls.slice(before)).toEqual([`GET /prompt-templates/${prompt}?resolve_snippets=false`]);
    const reads = server.calls.filter((call) => /^GET \/prompt-templates\/[^/?]+\?/.test(call));
    expect(reads.every((call) => call.includes("resolve_snippets=false"))).toBe(true);
  });

  it("leaves out snippets and names that no prompt can have", async () => {
    for (const name of ["Grüße", "by hand", "a/b", "4711", "b.2"]) server.shelf.add(name, chat(text("Hi")));
    server.shelf.add("policy", chat(text("Be nice")), true);
    expect((await registry.listPrompts()).items).toEqual(["b.2", prompt, "house", "opus"]);
  });

  it("is read over several pages of the list", async () => {
    const names = Array.from({ length: 230 }, (_, index) => `many-${index}`);
    for (const name of names) server.shelf.add(name, chat(text("x")));
    const { items } = await registry.listPrompts({ limit: 1000 });
    expect(items).toEqual(expect.arrayContaining(names) as string[]);
  });

  refusesPrompts(
    () => ({ registry, calls: server.calls }),
    [
      ["a name of digits", { name: "4711" }, "taken for the number"],
      ["a companion's name", { name: "desk.rollout" }, "hold rollouts"],
      ["a snippet", { text: "@@@policy@@@" }, "the snippet"],
      ["logic", { text: "{name} {% if a %}" }, "logic"],
      ["a path", { text: "{{user.name}}" }, "a path"],
      ["a NUL", { text: "a\u0000b" }, "NUL character"],
    ],
  );
});

describe("what people made on PromptLayer by hand", () => {
  opened();

  it("is read as versions 0.0.n with the model beside it, chat and completion, in both formats", async () => {
    const model = { provider: "openai", name: "gpt-4o", parameters: { top_p: 0.5, user: "x" } };
    server.shelf.add("mail", {
      prompt_template: { type: "completion", content: [{ type: "text", text: "Answer {query}" }] },
      metadata: { model, team: "desk" },
    });
    server.shelf.add("mail", {
      ...chat(text("Hi {{who}}", "system", "jinja2"), text("{query}", "user", "f-string")),
      commit_message: "second",
    });
    expect(await registry.readVersion("mail", { kind: "version", version: "0.0.1" })).toMatchObject({
      author: "unknown (promptlayer)",
      template: {
        messages: [{ role: "user", content: "Answer {{query}}" }],
        model: "gpt-4o",
        modelParameters: { topP: 0.5 },
      },
    });
    expect(await registry.readVersion("mail", { kind: "latest" })).toMatchObject({
      version: "0.0.2",
      changeReason: "second",
      template: {
        messages: [
          { role: "system", content: "Hi {{who}}" },
          { role: "user", content: "{{query}}" },
        ],
      },
    });
  });

  it("is left out where it says more than a prompt of ours can", async () => {
    const odd: Parameters<typeof server.shelf.add>[1][] = [
      chat({ role: "placeholder", name: "history" }),
      chat({ role: "tool", content: [{ type: "text", text: "42" }], tool_call_id: "1" }),
      chat(text("@@@policy@@@")),
      chat(text("{% if a %}", "user", "jinja2")),
      chat({ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }),
      chat({ role: "user", content: [...Array(2).keys()].map((at) => ({ type: "text", text: `${at}` })) }),
      chat(),
      {
        prompt_template: {
          ...chat(text("Hi")).prompt_template,
          tools: [{ type: "function", function: { name: "find" } }],
        },
      },
      {
        ...chat(text("Hi")),
        metadata: {
          model: { provider: "openai", name: "m", parameters: { response_format: { type: "x" } } },
        },
      },
      chat(text("Plain")),
    ];
    for (const version of odd) server.shelf.add("odd", version);
    const { items } = await registry.listVersions("odd");
    expect(items.map(({ version }) => version)).toEqual([`0.0.${odd.length}`]);
  });

  it("is theirs when they edited a version of ours, and ours stays what it was", async () => {
    const ours = aVersion("1.0.0", "Ours.", "edited");
    await registry.publish(ours);
    const [stored] = server.shelf.versionsOf("edited");
    const metadata = { ...stored?.metadata };
    server.shelf.add("edited", { ...chat(text("Theirs.", "system")), metadata });
    server.shelf.add("edited", { ...chat({ role: "placeholder", name: "history" }), metadata });
    const { items } = await registry.listVersions("edited");
    expect(items.map(({ version }) => version)).toEqual(["1.0.0", "0.0.2"]);
    expect(items[0]).toEqual(ours);
  });
});

describe("the settings of a registry on PromptLayer", () => {
  const settings = { kind: "promptlayer", apiKey: API_KEY };

  it("need nothing but the key", () => {
    expect(() => openRegistry(settings, "/nowhere")).not.toThrow();
  });

  refusesSettings(settings, [
    [{ apiKey: "two words" }, "registry.apiKey"],
    [{ apiKey: undefined }, "registry.apiKey"],
    [{ workspace: 7 }, "registry"],
  ]);
});
