import { describe, expect, it } from "vitest";
import { callCost, createUsageMeter } from "../../../src/evals/calls/usage.ts";
import { question, simulateRun } from "./simulated-run.ts";

const price = { inputPerMillion: 2.5, outputPerMillion: 10 };
const usage = { inputTokens: 1000, outputTokens: 200 };

describe("the cost of a call", () => {
  it("is tokens times price", () => {
    expect(callCost(usage, price)).toBeCloseTo(0.0045, 12);
  });

  it.each([
    ["usage", null, price],
    ["price", usage, undefined],
  ])("is unknown without %s, and not 0", (_, reported, known) => {
    expect(callCost(reported, known)).toBeNull();
  });
});

describe("the usage of a run", () => {
  it("knows how long answers and judgements were, where a call said", () => {
    const meter = createUsageMeter();
    expect(meter.outputTokens()).toEqual({ generation: null, judge: null });
    meter.called("generation", usage, 0.1);
    meter.called("generation", { ...usage, outputTokens: 100 }, 0.1);
    meter.called("generation", null, null);
    meter.reused();
    expect(meter.outputTokens()).toEqual({ generation: 150, judge: null });
  });

  it("is zero before the first call", () => {
    expect(createUsageMeter().read()).toEqual({
      calls: 0,
      cachedCalls: 0,
      costUsd: 0,
      generationUsd: 0,
      judgeUsd: 0,
      inputTokens: 0,
      outputTokens: 0,
    });
  });

  it("tells generation from judging", async () => {
    const run = simulateRun(() => "ok");
    await run.ask(question("a"), "generation");
    await run.ask(question("b"), "judge");
    await run.ask(question("c"), "judge");
    const read = run.usage.read();
    expect(read).toMatchObject({ calls: 3, inputTokens: 3000, outputTokens: 300 });
    expect(read.generationUsd).toBeCloseTo(0.002, 12);
    expect(read.judgeUsd).toBeCloseTo(0.004, 12);
    expect(read.costUsd).toBeCloseTo(0.006, 12);
  });

  it("does not know the cost of calls whose usage was not reported, but that of the others", async () => {
    const meter = createUsageMeter();
    const silent = simulateRun(() => "ok", { usage: meter, fields: { usage: null } });
    await silent.ask(question("a"), "generation");
    await simulateRun(() => "ok", { usage: meter }).ask(question("b"), "judge");
    expect(meter.read()).toMatchObject({ calls: 2, costUsd: null, generationUsd: null, inputTokens: 1000 });
    expect(meter.read().judgeUsd).toBeCloseTo(0.002, 12);
  });
});
