import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRegistry } from "../../src/registries/index.ts";
import { langfuseRegistry } from "../../src/registries/langfuse.ts";
import { refusesPrompts, refusesSettings } from "../contracts/registry-refusals.contract.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import {
  connectionTo,
  PUBLIC_KEY,
  SECRET_KEY,
  startLangfuse,
  type LangfuseServer,
} from "../loopback/langfuse-server.ts";
import { aTemplate, aVersion } from "./a-version.ts";
import { promptDigest } from "../../src/domain/prompt.ts";
import type { Registry } from "../../src/domain/registry.ts";

const clock = { now: () => Date.UTC(2026, 10, 20, 12) };

registryContract("a registry on Langfuse", async () => {
  const server = await startLangfuse();
  return {
    registry: langfuseRegistry({ ...connectionTo(server), folder: "" }, clock),
    cleanup: async () => server.close(),
  };
});

describe("what a registry on Langfuse stores", () => {
  let server: LangfuseServer;
  let registry: Registry;
  beforeAll(async () => {
    server = await startLangfuse();
    registry = langfuseRegistry({ ...connectionTo(server), folder: "team/desk" }, clock);
  });
  afterAll(async () => server.close());

  it("is a chat without a label, its reason as the commit message, the model in the open", async () => {
    await registry.publish(aVersion("1.0.0"));
    const [row] = server.shelf.rowsOf(`team/desk/${prompt}`);
    expect(row).toMatchObject({
      type: "chat",
      labels: ["latest"],
      commitMessage: "1.0.0: why 1.0.0",
      prompt: aTemplate().messages,
      config: {
        model: "gpt-4o-mini",
        temperature: 0.2,
        promptgate: { schema: "promptgate/version@1", version: "1.0.0", author: aVersion("1.0.0").author },
      },
    });
    expect(server.calls.filter((call) => call.includes("team")).join()).toContain("team%2Fdesk%2F");
  });

  it("is a companion that applications find under its production label", async () => {
    await registry.moveLabel(aMove());
    const rows = server.shelf.rowsOf(`team/desk/${prompt}.rollout`);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.labels.toSorted()).toEqual(["latest", "production"]);
    expect(await registry.listPrompts()).toEqual({ items: [prompt], next: null });
  });

  it("never asks the cache of the server", () => {
    const reads = server.calls.filter((call) => call.startsWith("GET /api/public/v2/prompts/"));
    expect(reads.length).toBeGreaterThan(0);
    expect(reads.filter((call) => !call.includes("resolve=false"))).toEqual([]);
  });

  it("leaves out what is in other folders or has a name that no prompt can have", async () => {
    for (const name of [
      "elsewhere",
      "team/desk/sub/deeper",
      "team/desk/Grüße",
      "team/desk/by hand",
      "team/desk/b.2",
    ]) {
      server.shelf.addByHand({ name, type: "text", prompt: "Hello" });
    }
    expect((await registry.listPrompts()).items).toEqual(["b.2", prompt]);
  });

  it("is read over several pages of the list", async () => {
    const names = Array.from({ length: 230 }, (_, index) => `many-${index}`);
    for (const name of names) server.shelf.addByHand({ name: `team/desk/${name}`, prompt: "x" });
    const { items } = await registry.listPrompts({ limit: 1000 });
    expect(items).toEqual(expect.arrayContaining(names) as string[]);
  });

  refusesPrompts(
    () => ({ registry, calls: server.calls }),
    [
      ["a name that is a page", { name: "metrics" }, "is a page of its own there"],
      ["a companion's name", { name: "desk.rollout" }, "hold rollouts"],
      [
        "another prompt in the text",
        { text: "@@@langfusePrompt:name=x|label=y@@@" },
        "includes another prompt",
      ],
      ["logic", { text: "{{#each}}{{/each}}" }, "logic or an unescaped value"],
      ["a path", { text: "{{user.name}}" }, "is a path"],
      ["a NUL", { text: "a\u0000b" }, "NUL character"],
      ["half a character", { text: "a\ud83d" }, "half of a surrogate pair"],
    ],
  );

  it.each([
    ["latest", "newest version"],
    ["a".repeat(37), "at most 36"],
  ])("is no label %s, and no label is moved", async (label, reason) => {
    await expect(registry.moveLabel(aMove({ label }))).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(reason) as string,
    });
    expect(server.calls.filter((call) => call.startsWith("PATCH"))).toHaveLength(2);
  });
});

describe("what people made on Langfuse by hand", () => {
  let server: LangfuseServer;
  let registry: Registry;
  beforeAll(async () => {
    server = await startLangfuse();
    registry = langfuseRegistry({ ...connectionTo(server), folder: "" }, clock);
  });
  afterAll(async () => server.close());

  it("is read as versions 0.0.n with the model of its config, text and chat", async () => {
    server.shelf.addByHand({
      name: "mail",
      type: "text",
      prompt: "Answer {{query}}",
      config: { model: "gpt-4o", top_p: 0.5, x: 1 },
    });
    server.shelf.addByHand({
      name: "talk",
      type: "chat",
      prompt: [{ type: "chatmessage", role: "system", content: "Hi" }],
      commitMessage: "first",
    });
    const mail = await registry.readVersion("mail", { kind: "latest" });
    expect(mail).toMatchObject({
      version: "0.0.1",
      author: "cm-user",
      template: {
        messages: [{ role: "user", content: "Answer {{query}}" }],
        model: "gpt-4o",
        modelParameters: { topP: 0.5 },
      },
    });
    const talk = await registry.readVersion("talk", { kind: "latest" });
    expect(talk).toMatchObject({
      changeReason: "first",
      template: { messages: [{ role: "system", content: "Hi" }] },
    });
  });

  it("is left out where it says more than a prompt of ours can", async () => {
    const chats = [
      [{ type: "placeholder", name: "history" }],
      [{ role: "tool", content: "42" }],
      [{ role: "system", content: "@@@langfusePrompt:name=x|version=1@@@" }],
      [{ role: "system", content: "{{#if}}" }],
      [],
    ];
    for (const chat of chats) server.shelf.addByHand({ name: "odd", type: "chat", prompt: chat });
    server.shelf.addByHand({ name: "odd", type: "chat", prompt: [{ role: "user", content: "Plain" }] });
    const { items } = await registry.listVersions("odd");
    expect(items.map(({ version }) => version)).toEqual(["0.0.6"]);
  });

  it("keeps its type: a text prompt takes further versions of one user message, and no others", async () => {
    server.shelf.addByHand({ name: "letter", type: "text", prompt: "Write {{what}}" });
    const template = aTemplate({ messages: [{ role: "user", content: "Write {{what}} well" }] });
    const version = { ...aVersion("1.0.0", "", "letter"), template, digest: promptDigest(template) };
    expect(await registry.publish(version)).toMatchObject({ created: true });
    expect(await registry.readVersion("letter", { kind: "latest" })).toEqual(version);
    await expect(registry.publish(aVersion("1.1.0", "A system message", "letter"))).rejects.toMatchObject({
      code: "PROMPT_INVALID",
      message: "langfuse: letter holds text prompts, and always will",
    });
  });
});

describe("the settings of a registry on Langfuse", () => {
  const settings = { kind: "langfuse", publicKey: PUBLIC_KEY, secretKey: SECRET_KEY };

  it("need nothing but the keys", () => {
    expect(() => openRegistry(settings, "/nowhere")).not.toThrow();
  });

  refusesSettings(settings, [
    [{ secretKey: "two words" }, "registry.secretKey"],
    [{ publicKey: undefined }, "registry.publicKey"],
    [{ folder: "/a//b" }, "registry.folder"],
    [{ region: "eu" }, "registry"],
  ]);
});
