import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { promptDigest } from "../../src/domain/prompt.ts";
import type { Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { logfireRegistry } from "../../src/registries/logfire.ts";
import { refusesPrompts, refusesSettings } from "../contracts/registry-refusals.contract.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import { API_KEY, connectionTo, startLogfire, type LogfireServer } from "../loopback/logfire-server.ts";
import { aTemplate, aVersion } from "./a-version.ts";

const MAIN = "customer_support";
const clock = { now: () => Date.UTC(2026, 10, 20, 12) };
const usual = { weights: true, singleWriter: false };

registryContract("a registry on Logfire", async () => {
  const server = await startLogfire();
  return {
    registry: logfireRegistry({ ...connectionTo(server), ...usual }, clock),
    cleanup: async () => server.close(),
  };
});

describe("what a registry on Logfire stores", () => {
  let server: LogfireServer;
  let registry: Registry;
  beforeAll(async () => {
    server = await startLogfire();
    registry = logfireRegistry({ ...connectionTo(server), ...usual }, clock);
  });
  afterAll(async () => server.close());

  it("is a variable whose value has messages, model and parameters in the open, and a label of its own", async () => {
    await registry.publish(aVersion("1.0.0"));
    const { versions, labels, rollout } = server.shelf.existing(MAIN);
    expect(JSON.parse(versions[0]?.serialized_value ?? "")).toMatchObject({
      prompt,
      messages: aTemplate().messages,
      model: "gpt-4o-mini",
      parameters: { temperature: 0.2 },
      promptgate: { schema: "promptgate/version@1", version: "1.0.0", author: aVersion("1.0.0").author },
    });
    expect([...labels.keys()]).toEqual([expect.stringMatching(/^v1\.0\.0\.[0-9a-f]{12}$/)]);
    expect(rollout).toEqual({});
    expect(await registry.listLabels(prompt)).toEqual([]);
  });

  it("routes to production with the first move, in the same update, and to nothing before", async () => {
    const updates = (): number =>
      server.calls.filter((call) => call.startsWith(`PUT /v1/variables/${MAIN}/`)).length;
    await registry.moveLabel(aMove({ label: "staging" }));
    expect(server.shelf.variable(MAIN)?.rollout).toEqual({});
    const before = updates();
    await registry.moveLabel(aMove());
    expect(updates()).toBe(before + 1);
    expect(server.shelf.variable(MAIN)?.rollout).toEqual({ production: 1 });
  });

  it("is a companion that applications are served under its production label", async () => {
    const companion = server.shelf.variable(`${MAIN}_rollout`);
    expect(companion?.versions).toHaveLength(2);
    expect(companion?.labels.get("production")?.target).toEqual({ kind: "version", version: 2 });
    expect(companion?.rollout).toEqual({ production: 1 });
    expect(await registry.listPrompts()).toEqual({ items: [prompt], next: null });
  });

  it("leaves alone what else is among the variables", async () => {
    server.shelf.saveByHand("dark_mode", true, "production");
    server.shelf.saveByHand("greeting", "Hello", "production");
    server.shelf.saveByHand("prompt__mail_agent", "Answer {{query}}", "production", "mail-agent");
    expect((await registry.listPrompts()).items).toEqual([prompt, "mail-agent"]);
    expect(await registry.readVersion("greeting", { kind: "latest" })).toMatchObject({ version: "0.0.1" });
    await expect(registry.publish(aVersion("1.0.0", "Text.", "dark-mode"))).rejects.toMatchObject({
      code: "PROMPT_INVALID",
      message: expect.stringContaining("holds no prompts") as string,
    });
  });

  refusesPrompts(
    () => ({ registry, calls: server.calls }),
    [
      ["a companion's name", { name: "desk-rollout" }, "hold rollouts"],
      ["the name of what promptgate tries", { name: "promptgate.probe" }, "found out there"],
      ["another variable in the text", { text: "Use @{house_style}@." }, "includes another variable"],
      ["logic", { text: "{{#each}}{{/each}}" }, "logic or an unescaped value"],
      ["a path", { text: "{{user.name}}" }, "is a path"],
      ["a NUL", { text: "a\u0000b" }, "NUL character"],
      ["half a character", { text: "a\ud83d" }, "half of a surrogate pair"],
    ],
  );

  it("keeps apart names that Logfire would write the same", async () => {
    await expect(registry.publish(aVersion("1.0.0", "Text.", "customer.support"))).rejects.toMatchObject({
      code: "PROMPT_INVALID",
      message: "logfire: customer.support cannot be the variable customer_support: that is customer-support",
    });
    expect(await registry.readVersion("customer.support", { kind: "latest" })).toBeNull();
    await registry.publish(aVersion("1.0.0", "Text.", "2fa.mail"));
    expect(server.shelf.variable("_2fa_mail")).toBeDefined();
    expect(await registry.readVersion("2fa.mail", { kind: "latest" })).toMatchObject({ name: "2fa.mail" });
  });

  it.each(["latest", "code_default"])("has no label %s", async (label) => {
    await expect(registry.moveLabel(aMove({ label }))).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("what people made on Logfire by hand", () => {
  let server: LogfireServer;
  let registry: Registry;
  beforeEach(async () => {
    server = await startLogfire();
    registry = logfireRegistry({ ...connectionTo(server), ...usual }, clock);
    return async () => server.close();
  });

  it.each([
    ["a text", "Answer {{query}}", { messages: [{ role: "user", content: "Answer {{query}}" }] }],
    [
      "an agent",
      { instructions: "Be brief.", model: "openai:gpt-4o", temperature: 0.3, max_tokens: 400 },
      {
        messages: [{ role: "system", content: "Be brief." }],
        model: "openai:gpt-4o",
        modelParameters: { temperature: 0.3, maxTokens: 400 },
      },
    ],
    ["a chat", { messages: [{ role: "system", content: "Hi" }] }, { model: "unknown" }],
  ])("is read as version 0.0.n: %s", async (_, value, template) => {
    server.shelf.saveByHand("mail_agent", value);
    expect(await registry.readVersion("mail-agent", { kind: "latest" })).toMatchObject({
      version: "0.0.1",
      author: "unknown (logfire)",
      template,
    });
  });

  it("is left out where it says more than a prompt of ours can", async () => {
    const values = [
      42,
      { a: 1 },
      "@{x}@",
      "{{#if}}",
      { messages: [{ role: "tool", content: "42" }] },
      { messages: [] },
    ];
    for (const [at, value] of values.entries()) server.shelf.saveByHand("odd", value, `odd-${at}`);
    server.shelf.saveByHand("odd", "Plain");
    const { items } = await registry.listVersions("odd");
    expect(items.map(({ version }) => version)).toEqual(["0.0.7"]);
  });

  it("can be promoted as a prompt of Logfire's own, and takes no versions with more than a text", async () => {
    server.shelf.saveByHand("prompt__mail_agent", "One", "production", "mail-agent");
    server.shelf.saveByHand("prompt__mail_agent", "Two", undefined, "mail-agent");
    await registry.moveLabel(aMove({ prompt: "mail-agent", to: "0.0.2", expected: "0.0.1" }));
    expect(server.shelf.variable("prompt__mail_agent")?.labels.get("production")?.target).toMatchObject({
      version: 2,
    });
    expect((await registry.listVersions("mail-agent")).items).toHaveLength(2);
    await expect(registry.publish(aVersion("1.0.0", "Text.", "mail-agent"))).rejects.toMatchObject({
      code: "PROMPT_INVALID",
      message: expect.stringContaining("holds its text alone") as string,
    });
  });

  it("takes versions of ours beside its own where it is a variable with prompts", async () => {
    server.shelf.saveByHand("mail_agent", { instructions: "Be brief." }, "production");
    const template = aTemplate();
    const version = { ...aVersion("1.0.0", "", "mail-agent"), template, digest: promptDigest(template) };
    expect(await registry.publish(version)).toMatchObject({ created: true });
    expect((await registry.listVersions("mail-agent")).items.map((one) => one.version)).toEqual([
      "1.0.0",
      "0.0.1",
    ]);
  });
});

describe("the settings of a registry on Logfire", () => {
  const settings = { kind: "logfire", apiKey: API_KEY };

  it.each([
    settings,
    { ...settings, apiKey: "pylf_v1_eu_x" },
    { ...settings, apiKey: "x", baseUrl: "http://own.example/" },
  ])("need nothing but a key that names its region, or an address: %j", (enough) => {
    expect(() => openRegistry(enough, "/nowhere")).not.toThrow();
  });

  refusesSettings(settings, [
    [{ apiKey: "pylf_v1_moon_x" }, "registry.baseUrl"],
    [{ apiKey: "two words" }, "registry.apiKey"],
    [{ apiKey: undefined }, "registry.apiKey"],
    [{ weights: "no" }, "registry.weights"],
    [{ region: "eu" }, "registry"],
  ]);
});
