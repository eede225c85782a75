import { describe, expect, it } from "vitest";
import { countDraw, emptyTally, judgeHealth, type Tally } from "../../../src/entry/calibration/health.ts";
import { aMetricResult } from "../../builders.ts";

function tally(runs: number, blocked: number, passed = runs - blocked): Tally {
  return { ...emptyTally(), runs, blocked, passed, cases: runs * 100, nominal: 0.05 };
}

describe("the health of a gate", () => {
  it.each([
    ["never blocks", tally(100, 0), "healthy", /^$/],
    ["blocks as often as it may", tally(1_000, 50), "healthy", /^$/],
    ["seems to block too often", tally(1_000, 55), "unknown", /^1000 draws leave 4\.4 % to 6\.8 % open/],
    [
      "blocks too often beyond doubt",
      tally(1_000, 70),
      "unhealthy",
      /^the gate blocks 7 % .* at least 5\.7 %/,
    ],
    ["was hardly tried", tally(20, 0), "unknown", /^20 draws leave 0 % to 13\.9 % open/],
    ["passes nothing", tally(1_000, 0, 0), "unknown", /^the gate passed an unchanged candidate in no draw/],
    ["blocks nothing by rule", { ...tally(100, 0), nominal: 0 }, "unknown", /^no metric has level error/],
  ] as const)("of one that %s", (_, counts, verdict, reason) => {
    const health = judgeHealth(counts, false);
    expect(health.verdict).toBe(verdict);
    expect(health.reasons.join()).toMatch(reason);
  });

  it("is not shown by a model without noise, but a block of it counts", () => {
    expect(judgeHealth(tally(1_000, 0), true)).toMatchObject({ verdict: "unknown" });
    expect(judgeHealth(tally(1_000, 1_000), true)).toMatchObject({ verdict: "unhealthy" });
  });

  it("counts what each metric said, and promises what the deciding ones do", () => {
    const counts = emptyTally();
    const metrics = [
      aMetricResult({ name: "a", verdict: "fail", reason: "worse by 9 points", alphaBlock: 0.1 }),
      aMetricResult({ name: "b", level: "warn", verdict: "pass", alphaBlock: 0.4 }),
      aMetricResult({ name: "c", level: "off", verdict: "fail" }),
    ];
    countDraw(counts, { verdict: "fail", metrics, cases: 40 });
    countDraw(counts, { verdict: "pass", metrics: [], cases: 60 });
    expect(counts).toMatchObject({ runs: 2, blocked: 1, passed: 1, cases: 100, nominal: 0.1 });
    expect([...counts.metrics.values()]).toEqual([
      { name: "a", level: "error", blocked: 1, passed: 0, reason: "worse by 9 points" },
      { name: "b", level: "warn", blocked: 0, passed: 1, reason: null },
    ]);
  });
});
