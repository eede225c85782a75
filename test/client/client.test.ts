import { describe, expect, it } from "vitest";
import { registrySource } from "../../src/client/adapters.ts";
import { bucket, createPromptClient } from "../../src/client/index.ts";
import type { ReleaseDocument } from "../../src/domain/release.ts";
import { aVersion, SOME_TIME } from "../registries/a-version.ts";
import { memoryRegistry } from "../registries/memory-registry.ts";

const prompt = "customer-support";
const clock = { now: () => SOME_TIME };
const salt = `${prompt}.r7`;

function aRelease(changes: Partial<ReleaseDocument> = {}): ReleaseDocument {
  return {
    schema: "promptgate/release@1",
    prompt,
    stable: "1.0.0",
    candidate: { version: "1.1.0", weight: 5000, salt, hashVersion: 1 },
    holdback: null,
    generation: 1,
    updatedAt: new Date(SOME_TIME).toISOString(),
    ...changes,
  };
}

describe("getPrompt", () => {
  it("serves the candidate to the share of units that the release gives it", async () => {
    const registry = memoryRegistry(clock);
    await registry.publish(aVersion("1.0.0", "Hello {{name}}."));
    await registry.publish(aVersion("1.1.0", "Hi {{name}}."));
    await registry.writeRelease({ document: aRelease(), expected: null, by: "Ada", reason: "start" });
    const client = createPromptClient({ source: registrySource(registry), clock, environment: {} });
    for (let index = 0; index < 200; index++) {
      const unit = `user-${index}`;
      const served = await client.getPrompt(prompt, { unit });
      const canary = bucket(salt, unit) < 5000;
      expect(served).toMatchObject({
        name: prompt,
        version: canary ? "1.1.0" : "1.0.0",
        variant: canary ? "canary" : "stable",
        reason: canary ? "canary" : "stable",
        freshness: "fresh",
        problem: null,
      });
      expect(served.render({ name: "Ada" })).toEqual([
        { role: "system", content: canary ? "Hi Ada." : "Hello Ada." },
      ]);
    }
  });
});
