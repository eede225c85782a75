import { describe, expect, it } from "vitest";
import {
  count,
  difference,
  gateRule,
  interval,
  metricVerdict,
  money,
  quantity,
} from "../../src/report/figures.ts";
import { aMetricResult } from "../builders.ts";

describe("figures", () => {
  it.each([
    [null, "unknown"],
    [0, "$0.00"],
    [0.000_000_42, "$0.00000042"],
    [0.000_42, "$0.00042"],
    [0.4, "$0.40"],
    [0.4312, "$0.431"],
    [12.345, "$12.35"],
  ])("writes %d dollars as %s", (usd, text) => {
    expect(money(usd)).toBe(text);
  });

  it.each([
    [999, "999"],
    [1_000, "1,000"],
    [1_234_567, "1,234,567"],
  ])("writes the count %d as %s", (value, text) => {
    expect(count(value)).toBe(text);
  });

  it.each([
    ["check", 0.842, "0.842"],
    ["latency", 812.4, "812 ms"],
    ["latency", 12_345, "12.3 s"],
    ["cost", 0.000_42, "$0.00042"],
    ["tokens", 1_234.4, "1,234"],
    ["judge", null, "-"],
  ] as const)("writes a %s of %d as %s", (kind, value, text) => {
    expect(quantity(kind, value)).toBe(text);
  });

  it.each([
    ["judge", -0.065, "-6.5 pts"],
    ["judge", 0.002, "+0.2 pts"],
    ["judge", -0.0001, "0.0 pts"],
    ["latency", 0.081, "+8.1 %"],
    ["cost", null, "-"],
  ] as const)("writes a %s difference of %d as %s", (kind, delta, text) => {
    expect(difference(kind, delta)).toBe(text);
  });

  it("writes the interval in the unit of the difference, and none as a dash", () => {
    expect(interval(aMetricResult())).toBe("-2.1 to +2.5");
    expect(interval(aMetricResult({ kind: "cost" }))).toBe("-2.1 to +2.5 %");
    expect(interval(aMetricResult({ interval: null }))).toBe("-");
  });

  it("names every limit of a rule", () => {
    expect(gateRule(aMetricResult())).toBe("drop under 5 points, at least 0.75");
    const latency = { kind: "latency", margin: null, min: null, maxIncrease: 0.1, max: 2_000 } as const;
    expect(gateRule(aMetricResult(latency))).toBe("rise under 10 %, at most 2,000 ms");
    expect(gateRule(aMetricResult({ margin: null, min: null }))).toBe("-");
  });

  it.each([
    ["error", "fail", "FAIL"],
    ["error", "inconclusive", "NOT DECIDED"],
    ["warn", "fail", "WARNING"],
    ["warn", "inconclusive", "not decided"],
    ["warn", "pass", "PASS"],
    ["off", "fail", "not judged"],
  ] as const)("calls a metric of level %s that is %s %s", (level, verdict, word) => {
    expect(metricVerdict(aMetricResult({ level, verdict }))).toBe(word);
  });
});
