import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { refusal } from "../gate-checkout.ts";
import { batchGates, gateInBatches, usageOf } from "./batch-gate.ts";

const { open } = batchGates();

function latencyGate(level: string) {
  return { prompt: { gates: { latency: { maxIncrease: "10%", level } } } };
}

describe("--batch", () => {
  it.each([
    ["record", { record: "calls" }, "--record", "latency"],
    ["replay", { replay: "calls" }, "--replay", "calls no model"],
    ["shard", { shard: "1/2" }, "--shard", "the provider's limits"],
  ] as const)("excludes --%s and says why", async (_, options, flag, reason) => {
    const { server, made } = await open();
    expect(await refusal(gateInBatches(made, options))).toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(
        new RegExp(`^--batch and ${flag} exclude each other: .*${reason}`),
      ) as string,
    });
    expect(server.counts.list).toBe(0);
  });

  it("is refused where every model answers at once", async () => {
    const models = {
      main: { provider: "embedded", model: "embedded-1" },
      judge: { provider: "embedded", model: "embedded-1" },
    };
    const { made } = await open({}, { config: { models } });
    expect(await refusal(gateInBatches(made))).toMatchObject({
      code: "CONFIG_INVALID",
      message: "--batch: the models of greeter answer at once (provider embedded) and take no batches",
    });
  });

  it("is refused where a limit on latency decides, and allowed where it only warns", async () => {
    const strict = await open({}, latencyGate("error"));
    expect(await refusal(gateInBatches(strict.made))).toMatchObject({
      code: "CONFIG_INVALID",
      message: "--batch: greeter has a gate on latency, which a batch does not measure",
    });
    expect(strict.server.counts.list).toBe(0);
    const mild = await open({}, latencyGate("warn"));
    expect(await gateInBatches(mild.made)).toBe(0);
  });

  it("asks a judge on this machine here and now", async () => {
    const { server, project, made } = await open();
    const config = parse(readFileSync(join(made.folder, "promptgate.yaml"), "utf8")) as {
      models: Record<string, unknown>;
    };
    config.models["judge"] = { provider: "embedded", model: "embedded-1" };
    project.write("promptgate.yaml", stringify(config));
    await gateInBatches(made);
    expect(server.batches).toHaveLength(1);
    expect(made.printed().prompts[0]?.unscored).toEqual([]);
  });
});

describe("the money for a batch", () => {
  it("is refused before anything is submitted when the budget does not hold it", async () => {
    const { server, made } = await open();
    expect(await refusal(gateInBatches(made, { maxCost: 0.001 }))).toMatchObject({
      code: "BUDGET_REACHED",
      message: expect.stringMatching(
        /^no verdict: the next batch is expected to cost \$0\.\d+, which the budget of \$0\.001 .* does not hold$/,
      ) as string,
    });
    expect(server.uploads).toHaveLength(0);
  });

  it("counts against the budget with what the answers cost", async () => {
    const { made } = await open();
    expect(await gateInBatches(made, { maxCost: 5 })).toBe(0);
    const { server, made: poor } = await open();
    // Answers are assumed to be long: the batch fits, and what it cost leaves room for the judge.
    expect(await gateInBatches(poor, { maxCost: 0.2 })).toBe(0);
    expect(usageOf(poor)?.costUsd).toBeLessThan(0.2);
    expect(server.batches).toHaveLength(2);
  });

  it("ends the wait when the minutes are over, and the next command goes on", async () => {
    const { server, made } = await open({ script: () => ({ polls: 3 }) });
    expect(await refusal(gateInBatches(made, { maxMinutes: 1e-9 }))).toMatchObject({
      code: "BUDGET_REACHED",
    });
    expect(server.batches).toHaveLength(0);
    expect(await gateInBatches(made)).toBe(0);
  });
});
