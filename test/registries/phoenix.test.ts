import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { phoenixRegistry } from "../../src/registries/phoenix.ts";
import { refusesPrompts, refusesSettings } from "../contracts/registry-refusals.contract.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import { API_KEY, connectionTo, startPhoenix, type PhoenixServer } from "../loopback/phoenix-server.ts";
import { aTemplate, aVersion } from "./a-version.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };

registryContract(
  "a registry on Phoenix",
  async () => {
    const server = await startPhoenix();
    return {
      registry: phoenixRegistry(connectionTo(server), clock),
      cleanup: async () => server.close(),
    };
  },
  { plainNames: "Phoenix takes no other characters" },
);

const chat = (content: unknown, role = "user"): object => ({ type: "chat", messages: [{ role, content }] });

describe("a registry on Phoenix", () => {
  let server: PhoenixServer;
  let registry: Registry;
  beforeAll(async () => {
    server = await startPhoenix();
    registry = phoenixRegistry(connectionTo(server), clock);
  });
  afterAll(async () => server.close());

  it("stores a chat, its model in the open, the reason as the description with what is ours below", async () => {
    await registry.publish(aVersion("1.0.0"));
    const content = server.shelf.versionsOf(prompt)[0]?.content;
    expect(content).toMatchObject({
      model_name: "gpt-4o-mini",
      template: { type: "chat", messages: aTemplate().messages },
      template_format: "MUSTACHE",
      invocation_parameters: { type: "openai", openai: { temperature: 0.2 } },
    });
    const [reason, , ours] = String(content?.["description"]).split("\n");
    expect(reason).toBe("1.0.0: why 1.0.0");
    expect(JSON.parse(ours?.replace(/^promptgate: /, "") ?? "")).toMatchObject({
      schema: "promptgate/version@1",
      version: "1.0.0",
      author: aVersion("1.0.0").author,
    });
  });

  it("stores a reason that no database takes", async () => {
    const changeReason = "a\u0000b\n\npromptgate: {}\n\ud83d";
    const version = { ...aVersion("1.0.1", "Text.", "odd"), changeReason };
    await registry.publish(version);
    expect(String(server.shelf.versionsOf("odd")[0]?.content["description"])).not.toMatch(/[\u0000\ud83d]/);
    expect(await registry.readVersion("odd", { kind: "latest" })).toEqual(version);
  });

  it("keeps a companion that applications find under its production tag, and does not list it", async () => {
    await registry.moveLabel(aMove());
    const { tags, versions } = server.shelf.prompts.get(`${prompt}-rollout`) ?? {};
    expect(versions).toHaveLength(1);
    expect(tags?.get("production")?.versionNumber).toBe(versions?.[0]?.number);
    expect((await registry.listPrompts()).items).toEqual([prompt, "odd"].sort());
  });

  it("finds the labels of a prompt among many whose names contain its name", async () => {
    for (let one = 0; one < 230; one += 1) {
      await server.shelf.addByHand(`${prompt}-${one}`, { template: chat("x") });
    }
    expect(await registry.listLabels(prompt)).toMatchObject([{ name: "production", version: "1.0.0" }]);
    expect((await registry.listPrompts({ limit: 1000 })).items).toHaveLength(232);
  });

  it("reads the versions of a long history over several pages, and only the new ones later", async () => {
    for (let at = 0; at < 450; at += 1) await server.shelf.addByHand("long", { template: chat(`${at}`) });
    const { items } = await registry.listVersions("long", { limit: 1000 });
    const numbers = (): number[] => server.shelf.versionsOf("long").map(({ number }) => number);
    expect(numbers()).toHaveLength(450);
    expect(items.map(({ version }) => version)).toEqual(numbers().map((number) => `0.0.${number}`));
    await server.shelf.addByHand("long", { template: chat("one more") });
    const [newest] = numbers();
    const before = server.calls.length;
    expect((await registry.readVersion("long", { kind: "latest" }))?.version).toBe(`0.0.${newest}`);
    expect(server.calls.slice(before).filter((call) => call.includes("/versions"))).toHaveLength(1);
  });

  refusesPrompts(
    () => ({ registry, calls: server.calls }),
    [
      ["a name with capitals", { name: "Desk" }, "lowercase letters"],
      ["a name with a dot", { name: "desk.v2" }, "lowercase letters"],
      ["a companion's name", { name: "desk-rollout" }, "hold rollouts"],
      ["logic", { text: "{{#each}}{{/each}}" }, "logic or an unescaped value"],
      ["a path", { text: "{{user.name}}" }, "is a path"],
      ["a NUL", { text: "a\u0000b" }, "NUL character"],
      ["half a character", { text: "a\ud83d" }, "half of a surrogate pair"],
    ],
  );
});

describe("what people made on Phoenix by hand", () => {
  let server: PhoenixServer;
  let registry: Registry;
  beforeAll(async () => {
    server = await startPhoenix();
    registry = phoenixRegistry(connectionTo(server), clock);
  });
  afterAll(async () => server.close());

  it.each([
    ["mustache", { template: chat("Answer {{query}}") }, "user", "Answer {{query}}"],
    [
      "an f-string",
      { template: chat("Answer {query}"), template_format: "F_STRING" },
      "user",
      "Answer {{query}}",
    ],
    ["no template", { template: chat("Answer {it}"), template_format: "NONE" }, "user", "Answer {it}"],
    ["one part of text", { template: chat([{ type: "text", text: "Hi" }]) }, "user", "Hi"],
    ["a model's words", { template: chat("Hi", "ai") }, "assistant", "Hi"],
    [
      "a text",
      { template: { type: "string", template: "Hi {{who}}" }, template_type: "STR" },
      "user",
      "Hi {{who}}",
    ],
  ])("is read as version 0.0.n: %s", async (_, content, role, text) => {
    await server.shelf.addByHand("mail", {
      ...content,
      description: "by hand",
      model_name: "gpt-4o",
      invocation_parameters: { type: "openai", openai: { top_p: 0.5, extra_body: { x: 1 } } },
    });
    const newest = server.shelf.versionsOf("mail")[0]?.number;
    expect(await registry.readVersion("mail", { kind: "latest" })).toMatchObject({
      version: `0.0.${newest}`,
      author: "unknown (phoenix)",
      changeReason: "by hand",
      template: { messages: [{ role, content: text }], model: "gpt-4o", modelParameters: { topP: 0.5 } },
    });
  });

  it.each([
    ["a message of a tool", { template: chat("42", "tool") }],
    [
      "a part that is no text",
      { template: chat([{ type: "tool_result", tool_call_id: "a", tool_result: "42" }]) },
    ],
    ["two parts", { template: chat([1, 2].map(() => ({ type: "text", text: "x" }))) }],
    ["sections", { template: chat("{{#if}}") }],
    ["attributes", { template: chat("{user.name}"), template_format: "F_STRING" }],
    ["braces that mean themselves", { template: chat("{{name}}"), template_format: "NONE" }],
    ["no message", { template: { type: "chat", messages: [] } }],
    [
      "tools",
      {
        template: chat("x"),
        tools: { type: "tools", tools: [{ type: "function", function: { name: "f" } }] },
      },
    ],
    [
      "a response format",
      { template: chat("x"), response_format: { type: "json_schema", json_schema: { name: "a" } } },
    ],
  ])("is left out where it says more than a prompt of ours can: %s", async (_, content) => {
    await server.shelf.addByHand("plain", { template: chat("Plain") });
    const known = (await registry.listVersions("plain")).items.length;
    await server.shelf.addByHand("plain", content);
    expect((await registry.listVersions("plain")).items).toHaveLength(known);
  });

  it.each(["promptgate: {", "promptgate: 7", "promptgate: []", 'promptgate: {"schema":"x"}'])(
    "is not taken for ours by a description such as %s",
    async (description) => {
      await server.shelf.addByHand("words", { template: chat("Plain"), description });
      expect(await registry.readVersion("words", { kind: "latest" })).toMatchObject({
        author: "unknown (phoenix)",
      });
    },
  );
});

describe("the settings of a registry on Phoenix", () => {
  it("need nothing at all: a server of this machine asks for no key", () => {
    expect(() => openRegistry({ kind: "phoenix" }, "/nowhere")).not.toThrow();
  });

  refusesSettings({ kind: "phoenix", apiKey: API_KEY }, [
    [{ apiKey: "two words" }, "registry.apiKey"],
    [{ folder: "team" }, "registry"],
  ]);
});
