import { describe, expect, it } from "vitest";
import { registrySource } from "../../src/client/adapters.ts";
import {
  bucket,
  createPromptClient,
  type PromptClientOptions,
  type ServeEvent,
} from "../../src/client/index.ts";
import { aVersion } from "../registries/a-version.ts";
import { memoryRegistry } from "../registries/memory-registry.ts";
import { aRelease, movableClock, prompt, salt, scriptedSource, settled } from "./a-source.ts";

const units = Array.from({ length: 300 }, (_, index) => `user-${index}`);
const canaryUnit = units.find((unit) => bucket(salt, unit) < 5000) ?? "";
const lastUnit = units.find((unit) => bucket(salt, unit) >= 95_000) ?? "";

function brokenLogger(): never {
  throw new Error("disk full");
}

function setUp(changes: Partial<PromptClientOptions> = {}) {
  const source = scriptedSource();
  const clock = movableClock();
  const events: ServeEvent[] = [];
  const problems: string[] = [];
  const client = createPromptClient({
    source,
    clock,
    environment: {},
    telemetry: null,
    onServe: (event) => events.push(event),
    onProblem: ({ error }) => problems.push(error.message),
    ...changes,
  });
  return { source, clock, client, events, problems };
}

describe("who gets which version", () => {
  it("is what the release says, the same for a unit every time", async () => {
    const { client, events } = setUp();
    for (const unit of [...units, ...units]) {
      const isCanary = bucket(salt, unit) < 5000;
      expect(await client.getPrompt(prompt, { unit })).toMatchObject({
        name: prompt,
        version: isCanary ? "1.1.0" : "1.0.0",
        variant: isCanary ? "canary" : "stable",
        reason: isCanary ? "canary" : "stable",
        freshness: "fresh",
        problem: null,
        messages: [{ role: "system", content: isCanary ? "Text 1.1.0." : "Text 1.0.0." }],
        model: "gpt-4o-mini",
        responseFormat: "text",
        tools: [],
      });
    }
    expect(events[0]).toEqual({
      prompt,
      version: "1.0.0",
      variant: "stable",
      reason: "stable",
      bucket: bucket(salt, "user-0"),
      salt,
      generation: 1,
      unit: "user-0",
    });
  });

  it("keeps the last units on the former version while the holdback lasts", async () => {
    const { client, source } = setUp();
    source.release = aRelease({
      stable: "1.1.0",
      candidate: null,
      holdback: { version: "1.0.0", weight: 5000, salt },
    });
    expect(await client.getPrompt(prompt, { unit: lastUnit })).toMatchObject({
      version: "1.0.0",
      variant: "holdback",
      reason: "holdback",
    });
    expect(await client.getPrompt(prompt, { unit: canaryUnit })).toMatchObject({
      version: "1.1.0",
      variant: "stable",
    });
  });

  it.each([[undefined], [null], [""], [Number.NaN], [1.5], [{}], [["user-1"]]])(
    "is the stable version for %j as a unit, which is counted",
    async (unit) => {
      const { client, source } = setUp();
      source.release = aRelease({ candidate: { version: "1.1.0", weight: 100_000, salt, hashVersion: 1 } });
      const served = await client.getPrompt(prompt, { unit: unit as never });
      expect(served).toMatchObject({ version: "1.0.0", variant: "stable", reason: "no-unit" });
      expect(client.unassigned).toBe(1);
    },
  );

  it("takes whole numbers by their digits", async () => {
    const { client, events } = setUp();
    await client.getPrompt(prompt, { unit: 42 });
    await client.getPrompt(prompt, { unit: 42n });
    expect(events.map(({ unit, bucket }) => [unit, bucket])).toEqual([
      ["42", bucket(salt, "42")],
      ["42", bucket(salt, "42")],
    ]);
  });

  it("is the production label without a rollout", async () => {
    const { client, source, events } = setUp();
    source.release = null;
    expect(await client.getPrompt(prompt, { unit: canaryUnit })).toMatchObject({
      version: "1.0.0",
      reason: "label",
    });
    expect(events[0]).toMatchObject({ bucket: null, salt: null, generation: null });
  });

  it("is what a label points at when one is asked for, outside of the rollout", async () => {
    const { client, source } = setUp();
    source.labels.set("staging", "1.2.0");
    expect(await client.getPrompt(prompt, { unit: canaryUnit, label: "staging" })).toMatchObject({
      version: "1.2.0",
      variant: "stable",
      reason: "label",
    });
  });

  it.each(["stable", "Stable", "off"])(
    "is the stable version for all under the kill switch %s",
    async (value) => {
      const { client, source } = setUp({ environment: { PROMPTGATE_ROLLOUT: value } });
      source.labels.set("staging", "1.2.0");
      const killed = { version: "1.0.0", variant: "stable", reason: "kill-switch" };
      expect(await client.getPrompt(prompt, { unit: canaryUnit })).toMatchObject(killed);
      expect(await client.getPrompt(prompt, { unit: canaryUnit, label: "staging" })).toMatchObject(killed);
    },
  );

  it("comes from any registry", async () => {
    const clock = movableClock();
    const registry = memoryRegistry(clock);
    await registry.publish(aVersion("1.0.0", "Hello."));
    await registry.publish(aVersion("1.1.0", "Hi."));
    await registry.writeRelease({ document: aRelease(), expected: null, by: "Ada", reason: "start" });
    const { client } = setUp({ source: registrySource(registry) });
    expect(await client.getPrompt(prompt, { unit: canaryUnit })).toMatchObject({ version: "1.1.0" });
  });
});

describe("a candidate that cannot be trusted", () => {
  const candidate = { version: "1.1.0", weight: 100_000, salt, hashVersion: 1 };
  it.each([
    ["a weight above everybody", { ...candidate, weight: 100_001 }],
    ["a negative weight", { ...candidate, weight: -1 }],
    ["half a weight", { ...candidate, weight: 0.5 }],
    ["a weight in words", { ...candidate, weight: "100000" }],
    ["a salt with a colon", { ...candidate, salt: "a:b" }],
    ["no salt", { ...candidate, salt: undefined }],
    ["a salt that only prints as one", { ...candidate, salt: ["a"] }],
    ["another hash", { ...candidate, hashVersion: 2 }],
    ["no version", { ...candidate, version: 7 }],
    ["a list", [candidate]],
    ["a text", "1.1.0"],
  ])("is nobody's with %s", async (_, bad) => {
    const { client, source } = setUp();
    source.release = { ...aRelease(), candidate: bad };
    expect(await client.getPrompt(prompt, { unit: canaryUnit })).toMatchObject({
      version: "1.0.0",
      variant: "stable",
      reason: "invalid-canary",
    });
  });

  it("is nobody's while its version is unknown, and is looked for again soon", async () => {
    const { client, source, clock, problems } = setUp();
    const version = source.versions.get("1.1.0");
    source.versions.delete("1.1.0");
    expect(await client.getPrompt(prompt, { unit: canaryUnit })).toMatchObject({
      version: "1.0.0",
      reason: "unknown-canary",
    });
    expect(problems).toEqual([`${prompt}@1.1.0 does not exist`]);
    source.versions.set("1.1.0", version);
    clock.at += 1000;
    client.peek(prompt, { unit: canaryUnit });
    await settled();
    expect(client.peek(prompt, { unit: canaryUnit })).toMatchObject({ version: "1.1.0", reason: "canary" });
  });

  it.each([
    ["null", null],
    ["another prompt's", aVersion("1.1.0", "x", "other")],
    ["another version", aVersion("1.2.0")],
    ["no messages", { name: prompt, version: "1.1.0", template: {} }],
    ["a message without text", { ...aVersion("1.1.0"), template: { messages: [null] } }],
    ["a text", "1.1.0"],
  ])("is nobody's when its version reads as %s", async (_, value) => {
    const { client, source } = setUp();
    source.versions.set("1.1.0", value);
    expect(await client.getPrompt(prompt, { unit: canaryUnit })).toMatchObject({
      version: "1.0.0",
      reason: "unknown-canary",
    });
  });
});

describe("hostile documents", () => {
  it("change no prototype and cannot be changed by those who are served", async () => {
    const { client, source } = setUp();
    const text = JSON.stringify(aVersion("1.0.0", "Mine."));
    source.versions.set("1.0.0", JSON.parse(text.replace("{", '{"__proto__":{"polluted":1},')));
    source.release = JSON.parse(JSON.stringify(aRelease()).replace("{", '{"__proto__":{"polluted":1},'));
    const served = await client.getPrompt(prompt, { unit: "user-0" });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    expect(() => ((served.messages[0] as { content: string }).content = "Yours.")).toThrow(TypeError);
    expect(() => ((served as { version: string }).version = "9.9.9")).toThrow(TypeError);
  });

  it.each([
    ["null", null, "label"],
    ["a text", "no", null],
    ["a number", 5, null],
    ["a list", [], null],
    ["another prompt's", aRelease({ prompt: "other" }), null],
    ["one of the future", { ...aRelease(), schema: "promptgate/release@2" }, null],
    ["one without a generation", { ...aRelease(), generation: undefined }, null],
    ["one without a stable version", { ...aRelease(), stable: { toString: 1 } }, null],
  ])("%s as a release is served by nothing that it says", async (_, release, reason) => {
    const { client, source } = setUp({
      fallback: { [prompt]: { messages: [{ role: "user", content: "Hm?" }] } },
    });
    source.release = release;
    expect(await client.getPrompt(prompt, { unit: canaryUnit })).toMatchObject(
      reason === null ? { reason: "fallback", version: "fallback" } : { reason, version: "1.0.0" },
    );
  });

  it("names as prompts are no others", async () => {
    const { client } = setUp();
    for (const name of ["__proto__", "constructor", "toString"]) {
      await expect(client.getPrompt(name)).rejects.toThrow("was never read");
    }
  });
});

describe("render", () => {
  it("replaces every variable once and names the one that is missing", async () => {
    const { client, source } = setUp();
    source.versions.set("1.0.0", aVersion("1.0.0", "{{a}} {{ b }} {{a}}"));
    const served = await client.getPrompt(prompt, { unit: "user-0" });
    expect(served.render({ a: "{{b}}", b: { n: 1 } })).toEqual([
      { role: "system", content: '{{b}} {"n":1} {{b}}' },
    ]);
    expect(() => served.render({ a: "x" })).toThrow(`${prompt}@1.0.0 needs {{b}}`);
    expect(() => served.render()).toThrow(expect.objectContaining({ code: "VARIABLE_MISSING" }));
  });
});

describe("what the application hands in", () => {
  it.each([0, -1, 300_001, Number.NaN, Number.POSITIVE_INFINITY])("may not be a ttl of %d", (ttl) => {
    expect(() => setUp({ ttl })).toThrow(expect.objectContaining({ code: "USAGE" }));
  });

  it("may be a broken logger", async () => {
    const { client, source, clock } = setUp({ onServe: brokenLogger, onProblem: brokenLogger });
    expect(await client.getPrompt(prompt, { unit: "user-0" })).toMatchObject({ version: "1.0.0" });
    source.fault = new Error("down");
    clock.at += 60_000;
    client.peek(prompt);
    await settled();
    expect(client.peek(prompt, { unit: "user-0" })).toMatchObject({ version: "1.0.0", freshness: "stale" });
  });

  it("may not be a fallback without messages", () => {
    expect(() => setUp({ fallback: { [prompt]: { messages: "Hm?" as never } } })).toThrow(
      "none of a registry",
    );
  });
});
