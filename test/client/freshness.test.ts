import { describe, expect, it } from "vitest";
import { createPromptClient, type PromptClientOptions } from "../../src/client/index.ts";
import { bucket } from "../../src/rollout/bucketing.ts";
import { aRelease, movableClock, prompt, salt, scriptedSource, settled } from "./a-source.ts";

const TTL = 60_000;
const canaryUnit = Array.from({ length: 300 }, (_, index) => `user-${index}`).find(
  (unit) => bucket(salt, unit) < 5000,
)!;
const fallback = { [prompt]: { messages: [{ role: "user", content: "Hm?" }] as const, version: "0.9.0" } };

function setUp(changes: Partial<PromptClientOptions> = {}) {
  const source = scriptedSource();
  const clock = movableClock();
  const problems: string[] = [];
  const client = createPromptClient({
    source,
    clock,
    environment: {},
    telemetry: null,
    onProblem: ({ error }) => problems.push(error.message),
    ...changes,
  });
  const serve = () => client.getPrompt(prompt, { unit: canaryUnit });
  return { source, clock, client, problems, serve };
}

describe("a fresh prompt", () => {
  it("is read once by a thousand who ask at once, and not again within the TTL", async () => {
    const { source, clock, serve } = setUp();
    await Promise.all(Array.from({ length: 1000 }, serve));
    clock.at += TTL - 1;
    await serve();
    expect(source.reads).toEqual(["release", "version 1.0.0", "version 1.1.0"]);
  });
});

describe("after the TTL", () => {
  it("is served from memory at once and renewed behind, one read for all", async () => {
    const { source, clock, client, serve } = setUp();
    await serve();
    clock.at += TTL;
    source.release = aRelease({ candidate: null, generation: 2 });
    const served = Array.from({ length: 1000 }, () => client.peek(prompt, { unit: canaryUnit }));
    expect(new Set(served.map((one) => `${one?.version} ${one?.freshness}`))).toEqual(
      new Set(["1.1.0 stale"]),
    );
    await settled();
    expect(source.reads.slice(3)).toEqual(["release"]);
    expect(await serve()).toMatchObject({ version: "1.0.0", variant: "stable", freshness: "fresh" });
  });

  it("is not taken away by a weight that cannot be read any more: a rollback needs no other version", async () => {
    const { source, clock, client, serve } = setUp();
    await serve();
    source.versions.clear();
    source.release = aRelease({
      candidate: { version: "1.1.0", weight: 0, salt, hashVersion: 1 },
      generation: 2,
    });
    clock.at += TTL;
    client.peek(prompt);
    await settled();
    expect(await serve()).toMatchObject({ version: "1.0.0", reason: "stable", problem: null });
  });

  it("loses a share that a newer release takes away even while its stable version cannot be read", async () => {
    const { source, clock, client, serve } = setUp();
    await serve();
    source.versions.clear();
    source.release = aRelease({ stable: "1.2.0", candidate: null, generation: 2 });
    clock.at += TTL;
    client.peek(prompt);
    await settled();
    const served = await serve();
    expect(served).toMatchObject({ version: "1.0.0", variant: "stable" });
    expect(served.problem?.message).toContain("1.2.0");
  });
});

describe("a clock that is set back", () => {
  it("makes what was read old, and nothing worse", async () => {
    const { source, clock, client, serve } = setUp();
    await serve();
    clock.at -= 3_600_000;
    expect(client.peek(prompt, { unit: canaryUnit })).toMatchObject({ version: "1.1.0", freshness: "stale" });
    await settled();
    expect(source.reads.filter((read) => read === "release")).toHaveLength(2);
    expect(await serve()).toMatchObject({ version: "1.1.0", freshness: "fresh" });
  });
});

describe("while the registry is down", () => {
  it("serves the last known good for as long as the process lives", async () => {
    const { source, clock, client, problems, serve } = setUp();
    await serve();
    source.fault = new Error("connection refused");
    for (let day = 0; day < 30; day++) {
      clock.at += 86_400_000;
      client.peek(prompt);
      await settled();
      const served = await serve();
      expect(served).toMatchObject({ version: "1.1.0", freshness: "stale" });
      expect(served.problem).toBe(source.fault);
    }
    expect(problems.length).toBeGreaterThan(0);
  });

  it("asks less and less often, at last once per TTL, and at once again after a success", async () => {
    const { source, clock, client, serve } = setUp();
    await serve();
    source.fault = new Error("connection refused");
    const reads: number[] = [];
    clock.at += TTL;
    for (let second = 0; second < 300; second++) {
      const before = source.reads.length;
      client.peek(prompt);
      client.peek(prompt);
      await settled();
      if (source.reads.length > before) reads.push(second);
      clock.at += 1000;
    }
    expect(reads).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    source.fault = null;
    clock.at += TTL;
    client.peek(prompt);
    await settled();
    expect(await serve()).toMatchObject({ freshness: "fresh", problem: null });
  });

  it("waits no longer than the deadline for a registry that never answers", async () => {
    const { source, serve } = setUp({ deadline: 20, fallback });
    source.hangs = true;
    expect(await serve()).toMatchObject({ version: "0.9.0", reason: "fallback", freshness: "fallback" });
    expect((await serve()).problem?.message).toContain("no answer in 20 ms");
  });

  it("serves the fallback until the registry has answered once", async () => {
    const { source, clock, client, serve } = setUp({ fallback });
    expect(client.peek(prompt)).toMatchObject({ version: "0.9.0", reason: "fallback" });
    await settled();
    source.fault = new Error("down");
    expect(await serve()).toMatchObject({ version: "1.1.0", reason: "canary" });
    clock.at += 10 * TTL;
    client.peek(prompt);
    await settled();
    expect(await serve()).toMatchObject({ version: "1.1.0", reason: "canary", freshness: "stale" });
  });

  it("says clearly that there is nothing to serve, without asking again at once", async () => {
    const { source, client, serve } = setUp();
    source.fault = new Error("down");
    await expect(serve()).rejects.toMatchObject({
      code: "NETWORK",
      message: `prompt ${prompt} was never read and has no fallback`,
      cause: source.fault,
    });
    await expect(serve()).rejects.toThrow("never read");
    expect(source.reads).toEqual(["release"]);
    expect(client.peek(prompt)).toBeNull();
  });

  it("tells a prompt that does not exist from a registry that does not answer", async () => {
    const { source, client } = setUp();
    source.release = null;
    source.labels.clear();
    await expect(client.getPrompt(prompt)).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  });
});

describe("an older release than was seen", () => {
  it.each([
    ["an earlier generation", aRelease({ generation: 40 })],
    ["none", null],
  ])("is ignored when a mirror answers with %s", async (_, older) => {
    const { source, clock, client, problems, serve } = setUp();
    source.release = aRelease({ candidate: null, generation: 41 });
    await serve();
    source.release = older;
    clock.at += TTL;
    client.peek(prompt);
    await settled();
    expect(await serve()).toMatchObject({ version: "1.0.0", variant: "stable", freshness: "stale" });
    expect(problems).toEqual([`${prompt}: an older release`]);
  });
});
