import { describe, expect, it } from "vitest";
import { forecast, neededWeight, type Traffic } from "../../src/rollout/forecast.ts";
import { aMetric, aStep, aStrategy, HOUR } from "./world.ts";

const CONTROL_SHARE = 0.95;

/** Candidate samples at a split of 5 to 95, scores with a standard deviation of 20. */
function samples(margin: number, alpha: number): number {
  return neededWeight(400, margin, alpha) / CONTROL_SHARE;
}

describe("the size that a step needs", () => {
  it.each([
    [1, 6944, 10_499],
    [2, 1736, 2626],
    [3, 772, 1168],
    [5, 278, 420],
    [10, 70, 106],
  ])("at a margin of %s is that of the published planning", (margin, nonInferior, harm) => {
    expect(Math.abs(samples(margin, 0.05) - nonInferior) / nonInferior).toBeLessThan(0.01);
    expect(Math.abs(samples(margin, 0.003125) - harm) / harm).toBeLessThan(0.01);
  });
});

const strategy = aStrategy({
  settleDelayMs: 2 * HOUR,
  steps: [
    aStep({ name: "staging", weight: 0, minSample: 200 }),
    aStep({ minSample: 300 }),
    aStep({ name: "full", weight: 100_000, holdback: 5000, maxSoakMs: null }),
  ],
  metrics: [aMetric({ margin: 0.03 }), aMetric({ name: "tone", action: "warn" })],
});

const traffic: Traffic = {
  perHour: 1000,
  stagingPerHour: 50,
  spread: { quality: 0.2 },
  sampled: {},
};

describe("a forecast", () => {
  it("says of each step how long it takes and what comes in", () => {
    const { steps, hours, warnings } = forecast(strategy, traffic);
    expect(steps.map(({ name, metrics }) => [name, metrics.map((metric) => metric.name)])).toEqual([
      ["staging", ["quality"]],
      ["canary5", ["quality"]],
      ["full", ["quality"]],
    ]);
    const [staging, canary, full] = steps.map(({ metrics }) => metrics[0]);
    expect(staging).toMatchObject({ needed: 200, expectedAtMinSoak: 1200, hours: 4 });
    expect(canary).toMatchObject({ needed: 772, expectedAtMinSoak: 1200, expectedAtMaxSoak: 2400 });
    expect(full?.expectedAtMaxSoak).toBeNull();
    expect(steps.map((step) => step.hours)).toEqual([26, 26, 26]);
    expect(hours).toBe(78);
    expect(warnings).toEqual([]);
  });

  it("warns where the traffic cannot decide before the step ends", () => {
    const { steps, warnings } = forecast(strategy, { ...traffic, perHour: 200 });
    expect(steps[1]?.hours).toBeGreaterThan(48);
    expect(warnings).toEqual([
      "canary5 (5 %): quality needs about 772 samples of the candidate, 480 are expected in 48h: it would end undecided",
    ]);
  });

  it("counts only the requests that have a score", () => {
    const { warnings } = forecast(strategy, { ...traffic, sampled: { quality: 0.05 } });
    expect(warnings.map((warning) => warning.slice(0, 8))).toEqual(["staging ", "canary5 "]);
  });

  it("says what is not known instead of a number", () => {
    const { steps, hours, warnings } = forecast(strategy, { ...traffic, spread: {}, stagingPerHour: null });
    expect(steps[1]?.metrics[0]).toMatchObject({ needed: null, hours: null });
    expect(hours).toBeNull();
    expect(warnings).toContain("nothing is known of how much quality varies: its steps cannot be foreseen");
    expect(warnings).toContain("nothing is known of the traffic of staging");
  });

  it("never ends where there is no traffic", () => {
    const { steps, warnings } = forecast(strategy, { ...traffic, perHour: 0 });
    expect(steps[1]).toMatchObject({ hours: null, metrics: [{ expectedAtMaxSoak: 0, hours: null }] });
    expect(warnings).toHaveLength(1);
  });
});
