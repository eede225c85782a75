import { describe, expect, it } from "vitest";
import type { ScoreRow } from "../../src/domain/scores.ts";
import {
  aRule,
  decideOnce,
  measureRows,
  onlyMetric,
  scored,
  scoreRows,
  steady,
  times,
} from "./score-rows.ts";

/** Scores that spread a little around their mean. */
function around(mean: number): ScoreRow[] {
  return scored(200, (index) => Math.min(1, Math.max(0, mean + ((index % 5) - 2) / 20)));
}

const base = Array.from({ length: 120 }, (_, index) => 800 + ((index * 37) % 200));

/** The same quantities times a factor, with noise of a sixth. */
function noisy(factor: number): number[] {
  return base.map((value, index) => value * factor * (1 + (((index * 13) % 21) - 10) / 60));
}

function heldTo(max: number): string {
  const limited = aRule({ name: "tokens", kind: "tokens", margin: null, max });
  return decideOnce({ baseline: null, candidate: measureRows(noisy(1), "tokens") }, limited).verdict;
}

/** Equal scores and a cost of `factor` times the base. */
function costing(factor: number): ScoreRow[] {
  return scoreRows(times(120, 0.8)).map((row, index) => ({
    ...row,
    measures: { cost: (base[index] ?? 1) * factor },
  }));
}

describe("a minimum", () => {
  it.each([
    [0.9, "pass"],
    [0.7, "fail"],
    [0.749, "inconclusive"],
  ])("of 0.75 with a mean of %d: %s, also without a baseline", (mean, verdict) => {
    expect(decideOnce({ baseline: null, candidate: around(mean) }, aRule({ min: 0.75 })).verdict).toBe(
      verdict,
    );
  });

  it("holds together with the margin", () => {
    const rule = aRule({ min: 0.75 });
    expect(decideOnce({ baseline: around(0.9), candidate: around(0.9) }, rule).verdict).toBe("pass");
    expect(decideOnce({ baseline: around(0.6), candidate: around(0.6) }, rule).verdict).toBe("fail");
    expect(decideOnce({ baseline: around(0.95), candidate: around(0.85) }, rule).verdict).toBe("fail");
  });

  it("of 1 fails on a single loss and needs every case to pass", () => {
    const perfect = scoreRows(times(100, 1));
    const flawed = scored(100, (index) => (index === 0 ? 0.9 : 1));
    expect(decideOnce({ baseline: null, candidate: perfect }, aRule({ min: 1 })).verdict).toBe("pass");
    expect(decideOnce({ baseline: null, candidate: flawed }, aRule({ min: 1 })).verdict).toBe("fail");
  });

  it("needs more than a handful of perfect answers", () => {
    const decided = decideOnce({ baseline: null, candidate: scoreRows(times(25, 1)) }, aRule({ min: 0.95 }));
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.reasons[0]).toMatch(/^quality: the minimum of 0\.95 is not certain: the mean is 1\.00/);
  });
});

describe("without a baseline", () => {
  it("nothing can be said of a metric without a limit of its own", () => {
    const decided = decideOnce({ baseline: null, candidate: steady });
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.headline).toContain("There is no baseline yet.");
    expect(decided.reasons[0]).toContain("set min for it, or promote a first version");
  });

  it("all limits that hold are a pass that says so", () => {
    const candidate = steady.map((row) => ({ ...row, measures: { latency: 500 } }));
    const rules = [
      aRule({ min: 0.5 }),
      aRule({ name: "latency", kind: "latency", margin: null, maxIncrease: 0.1, max: 1_000 }),
    ];
    const decided = decideOnce({ baseline: null, candidate }, ...rules);
    expect(decided.verdict).toBe("pass");
    expect(decided.headline).toBe(
      "Pass. There is no baseline yet: the candidate holds every minimum and maximum on its own.",
    );
    expect(decided.metrics.map(({ baseline, delta, interval }) => [baseline, delta, interval])).toEqual([
      [null, null, null],
      [null, null, null],
    ]);
  });
});

describe("latency, cost and tokens", () => {
  const rule = aRule({ name: "latency", kind: "latency", margin: null, maxIncrease: 0.1 });
  it.each([
    [0.9, "pass"],
    [1, "pass"],
    [1.04, "pass"],
    [1.1, "inconclusive"],
    [1.2, "fail"],
    [9, "fail"],
  ])("%d times as much with 10 %% tolerated: %s", (factor, verdict) => {
    const rows = { baseline: measureRows(base, "latency"), candidate: measureRows(noisy(factor), "latency") };
    expect(decideOnce(rows, rule).verdict).toBe(verdict);
  });

  it("are reported as geometric means and a relative increase", () => {
    const rows = {
      baseline: measureRows(base, "latency"),
      candidate: measureRows(
        base.map((x) => x * 1.05),
        "latency",
      ),
    };
    const metric = onlyMetric(decideOnce(rows, rule));
    const geometric = Math.exp(base.reduce((sum, value) => sum + Math.log(value), 0) / base.length);
    expect(metric.baseline).toBeCloseTo(geometric, 6);
    expect(metric.candidate).toBeCloseTo(geometric * 1.05, 6);
    expect(metric.delta).toBeCloseTo(0.05, 6);
    expect(metric.margin).toBeNull();
    expect(metric.losses).toBe(120);
    const { low, high } = metric.interval ?? { low: 0, high: 0 };
    expect(low).toBeLessThan(0.05);
    expect(high).toBeGreaterThan(0.05);
    expect(high).toBeLessThan(0.1);
  });

  it("that are 0, negative or missing are unscored", () => {
    const candidate = base.map(
      (value, index) => [0, -1, null, Number.NaN][index] ?? (index < 4 ? null : value),
    );
    const metric = onlyMetric(
      decideOnce(
        { baseline: measureRows(base, "latency"), candidate: measureRows(candidate, "latency") },
        rule,
      ),
    );
    expect(metric).toMatchObject({ unscored: 4, verdict: "inconclusive" });
  });

  it("are held to a constant", () => {
    expect([heldTo(1_200), heldTo(700)]).toEqual(["pass", "fail"]);
  });

  it("without any limit are reported and do not decide", () => {
    const free = aRule({ name: "cost", kind: "cost", margin: null });
    const decided = decideOnce({ baseline: costing(1), candidate: costing(3) }, aRule(), free);
    expect(decided.verdict).toBe("pass");
    expect(decided.metrics[1]).toMatchObject({ level: "off", delta: expect.closeTo(2, 6) as number });
    expect(decided.warnings).toEqual([]);
  });

  it("may be allowed to grow more than fourfold", () => {
    const generous = aRule({ name: "latency", kind: "latency", margin: null, maxIncrease: 4 });
    const grown = (factor: number): string =>
      decideOnce(
        { baseline: measureRows(base, "latency"), candidate: measureRows(noisy(factor), "latency") },
        generous,
      ).verdict;
    expect([grown(4), grown(7)]).toEqual(["pass", "fail"]);
  });
});
