import { OpenFeature } from "@openfeature/server-sdk";
import { afterEach, describe, expect, it } from "vitest";
import { createPromptClient } from "../../src/client/index.ts";
import { promptProvider } from "../../src/client/openfeature.ts";
import { bucket } from "../../src/rollout/bucketing.ts";
import { movableClock, prompt, salt, scriptedSource, settled } from "./a-source.ts";

const unit = Array.from({ length: 300 }, (_, index) => `user-${index}`).find(
  (one) => bucket(salt, one) < 5000,
)!;

async function setUp(environment = {}) {
  const source = scriptedSource();
  const clock = movableClock();
  const prompts = createPromptClient({ source, clock, environment, telemetry: null });
  await OpenFeature.setProviderAndWait(promptProvider(prompts));
  return { source, clock, features: OpenFeature.getClient() };
}

afterEach(async () => {
  await OpenFeature.close();
});

describe("the OpenFeature provider", () => {
  it("serves a prompt as an object flag with variant, reason and version", async () => {
    const { features } = await setUp();
    expect(await features.getObjectDetails(prompt, {}, { targetingKey: unit })).toMatchObject({
      value: { name: prompt, version: "1.1.0", messages: [{ role: "system", content: "Text 1.1.0." }] },
      variant: "canary",
      reason: "SPLIT",
      flagMetadata: { version: "1.1.0", promptReason: "canary", freshness: "fresh" },
    });
  });

  it("says why nothing was split", async () => {
    const { features, source, clock } = await setUp();
    source.labels.set("staging", "1.2.0");
    expect(await features.getObjectDetails(prompt, {})).toMatchObject({
      variant: "stable",
      reason: "DEFAULT",
    });
    expect(await features.getObjectDetails(prompt, {}, { label: "staging" })).toMatchObject({
      value: { version: "1.2.0" },
      reason: "STATIC",
    });
    source.fault = new Error("down");
    clock.at += 3_600_000;
    const stale = await features.getObjectDetails(prompt, {}, { targetingKey: unit });
    expect(stale).toMatchObject({ reason: "STALE", variant: "canary" });
    await settled();
    const after = await features.getObjectDetails(prompt, {}, { targetingKey: unit });
    expect(after.flagMetadata).toMatchObject({ freshness: "stale", problem: "Error" });
    const killed = await setUp({ PROMPTGATE_ROLLOUT: "stable" });
    expect(await killed.features.getObjectDetails(prompt, {}, { targetingKey: unit })).toMatchObject({
      reason: "DISABLED",
    });
  });

  it("gives the default where there is nothing to serve, and for other kinds of flags", async () => {
    const { features, source } = await setUp();
    source.release = null;
    source.labels.clear();
    expect(await features.getObjectDetails(prompt, { mine: true })).toMatchObject({
      value: { mine: true },
      reason: "ERROR",
      errorCode: "FLAG_NOT_FOUND",
    });
    expect(await features.getStringDetails(prompt, "mine")).toMatchObject({
      value: "mine",
      errorCode: "TYPE_MISMATCH",
    });
    expect(await features.getBooleanValue(prompt, true)).toBe(true);
    expect(await features.getNumberValue(prompt, 7)).toBe(7);
  });
});
