import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { BATCH_TIMING } from "../../../src/entry/gate/batch-timing.ts";
import type { BatchServerOptions } from "../../loopback/batch-server.ts";
import { refusal, type Checkout } from "../gate-checkout.ts";
import { batchGates, comparable, gateInAHurry, gateInBatches, timed, usageOf } from "./batch-gate.ts";

const { open, liveVerdict } = batchGates();

describe("a provider that falters", () => {
  const unavailable = { kind: "status", status: 503 } as const;
  const limited = { kind: "status", status: 429, headers: { "retry-after": "7" } } as const;

  it.each([
    ["uploads meet 500", "upload", { kind: "status", status: 500 }],
    ["uploads are cut off", "upload", { kind: "reset" }],
    ["looks meet 503", "read", unavailable],
    ["looks are limited", "read", limited],
    ["looks are torn", "read", { kind: "cut" }],
    ["results are torn", "content", { kind: "cut" }],
    ["results meet 500", "content", { kind: "status", status: 500 }],
    ["the first question is limited", "list", limited],
    ["creations are limited", "create", limited],
  ] as const)("waits and goes on where %s", async (_, event, fault) => {
    const { server, made } = await open({
      fault: (seen, index) => (seen === event && index < 2 ? fault : undefined),
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(2);
    expect(usageOf(made)?.calls).toBe(240);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });

  it.each([true, false])(
    "finds a batch again whose creation was never answered (metadata kept: %s)",
    async (keepsMetadata) => {
      const { server, made } = await open({
        keepsMetadata,
        fault: (event, index) => (event === "create" && index === 0 ? { kind: "lost" } : undefined),
      });
      expect(await gateInBatches(made)).toBe(0);
      expect(server.batches).toHaveLength(2);
    },
  );

  it("submits again what the list does not know after a creation without an answer", async () => {
    const { server, made } = await open({
      fault: (event, index) => (event === "create" && index === 0 ? { kind: "reset" } : undefined),
    });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(2);
    expect(server.counts.create).toBe(3);
  });

  it("gives up on a creation that never succeeds, without having paid", async () => {
    const { server, made } = await open({ fault: (event) => (event === "create" ? unavailable : undefined) });
    expect(await refusal(gateInBatches(made))).toMatchObject({ code: "PROVIDER_FAILED" });
    expect(server.batches).toHaveLength(0);
  });

  it("stops at a refused key before anything is submitted", async () => {
    const { server, made } = await open({
      fault: (event) => (event === "list" ? { kind: "status", status: 401 } : undefined),
    });
    expect(await refusal(gateInBatches(made))).toMatchObject({ code: "AUTHENTICATION" });
    expect(server.uploads).toHaveLength(0);
  });

  it.each<[string, BatchServerOptions]>([
    ["does not know its address", { takesBatches: false }],
    [
      "answers everything",
      { fault: (event) => (event === "list" ? { kind: "status", status: 200, body: "{}" } : undefined) },
    ],
  ])("says of a server that %s that it has no Batch API", async (_, options) => {
    const { server, made } = await open(options);
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/^127\.0\.0\.1:\d+\/v1 has no Batch API$/) as string,
    });
    expect(server.chats).toHaveLength(0);
  });
});

describe("an interrupted wait", () => {
  it("saves its state, and the same command goes on without paying again", async () => {
    const { server, made } = await open({ script: () => ({ polls: 5 }) });
    const controller = new AbortController();
    Object.assign(made.context, { signal: controller.signal });
    const interruption = new Error("interrupted");
    const timing = timed(made, (pauses) => {
      if (pauses === 2) controller.abort(interruption);
    });
    expect(await refusal(made.gate({ cache: false, batch: true, ...timing }))).toBe(interruption);
    expect(server.batches).toHaveLength(1);
    Object.assign(made.context, { signal: new AbortController().signal });
    expect(await gateInBatches(made)).toBe(0);
    expect(server.batches).toHaveLength(2);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });

  it("looks less and less often, up to once a minute", async () => {
    const { made } = await open({ script: (index) => ({ polls: index === 0 ? 20 : 0 }) });
    const timing = timed(made);
    await made.gate({ cache: false, batch: true, ...timing });
    expect(timing.pauses.slice(0, 3)).toEqual([1_000, 1_500, 2_250]);
    expect(Math.max(...timing.pauses)).toBe(60_000);
  });
});

function batchFiles(made: Checkout): { folder: string; names: string[] } {
  const runs = join(made.folder, ".promptgate/runs");
  const [run = ""] = readdirSync(runs);
  const folder = join(runs, run, "batches");
  return { folder, names: readdirSync(folder).sort() };
}

describe("the files of a run's batches", () => {
  it("refuse to guess when one is damaged", async () => {
    const { server, made } = await open({ script: () => ({ polls: 1e9 }) });
    await refusal(gateInAHurry(made));
    const { folder, names } = batchFiles(made);
    const created = names.find((name) => name.endsWith(".created.json")) ?? "";
    writeFileSync(join(folder, created), '{"schema":"promptgate/ba');
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "STORAGE_FAILED",
      message: expect.stringContaining(created) as string,
    });
    expect(server.batches).toHaveLength(1);
  });

  it("hold no prompt and no key", async () => {
    const { made } = await open();
    await gateInBatches(made);
    const { folder, names } = batchFiles(made);
    const text = names.map((name) => readFileSync(join(folder, name), "utf8")).join("");
    expect(names.length).toBeGreaterThanOrEqual(8);
    expect(text).not.toMatch(/euros|key-for-the-test/);
  });
});

describe("two gates on one question at the same time", () => {
  it("submit each batch once and draw one verdict", async () => {
    const { server, made } = await open({ script: () => ({ polls: 2 }) });
    Object.assign(made.context, { clock: { now: () => Date.now() } });
    const options = { cache: false, batch: true, batchTiming: { ...BATCH_TIMING, pollMs: 10 } };
    const codes = await Promise.all([made.gate(options), made.gate(options)]);
    expect(codes).toEqual([0, 0]);
    expect(server.batches).toHaveLength(2);
    expect(comparable(made.printed())).toEqual(await liveVerdict());
  });
});
