import { describe, expect, it } from "vitest";
import type { MetricRule, ScoreRow } from "../../src/domain/scores.ts";
import { aRule, decideOnce, onlyMetric, scored, scoreRows, steady, times } from "./score-rows.ts";

function twoMetrics(a: number, b: number): ScoreRow[] {
  return scoreRows(times(200, 0)).map((row) => ({ ...row, scores: { a, b } }));
}

/** 190 cases in 19 clusters. */
function grouped(score: number): ScoreRow[] {
  return scoreRows(times(190, score)).map((row, index) => ({ ...row, group: `g${index % 19}` }));
}

describe("a comparison of scores", () => {
  it.each([
    [58, "inconclusive"],
    [59, "pass"],
  ])("of %d cases without any change is %s", (size, verdict) => {
    const rows = scoreRows(times(size, 0.8));
    expect(decideOnce({ baseline: rows, candidate: rows }).verdict).toBe(verdict);
  });

  it("passes a clearly better candidate on fewer cases", () => {
    const baseline = scored(40, (index) => (index % 2) / 2);
    const candidate = scored(40, (index) => (index % 2) / 2 + 0.4);
    expect(decideOnce({ baseline, candidate }).verdict).toBe("pass");
  });

  it("fails a candidate that is surely worse", () => {
    const candidate = scored(200, (index) => (index % 4 === 0 ? 0.2 : 0.8));
    const decided = decideOnce({ baseline: steady, candidate });
    expect(decided).toMatchObject({ kind: "decided", verdict: "fail", look: 0 });
    expect(onlyMetric(decided)).toMatchObject({
      verdict: "fail",
      baseline: expect.closeTo(0.8, 9) as number,
      candidate: expect.closeTo(0.65, 9) as number,
      delta: expect.closeTo(-0.15, 9) as number,
      wins: 0,
      losses: 50,
      ties: 150,
      n: 200,
      used: 200,
      unscored: 0,
    });
  });

  it("fails a small loss that is sure before it passes it as tolerable", () => {
    const candidate = scored(200, () => 0.78);
    expect(decideOnce({ baseline: steady, candidate }).verdict).toBe("fail");
  });

  it("has no verdict between the two", () => {
    const candidate = scored(40, (index) => (index % 8 === 0 ? 0.4 : 0.8));
    expect(decideOnce({ baseline: scoreRows(times(40, 0.8)), candidate }).verdict).toBe("inconclusive");
  });

  it("never passes fewer than 20 cases, however good", () => {
    const decided = decideOnce({ baseline: scoreRows(times(19, 0)), candidate: scoreRows(times(19, 1)) });
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.reasons[0]).toContain("19 cases are too few; 20 are needed to pass");
  });

  it("has no verdict where the baseline scores 0 everywhere and no margin was asked for", () => {
    const rows = scoreRows(times(100, 0));
    const decided = decideOnce({ baseline: rows, candidate: rows }, aRule({ margin: null }));
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.reasons[0]).toContain("no drop to rule out");
  });

  it("takes a fifth of a low baseline as its margin, unless one was asked for", () => {
    const rows = scored(400, (index) => (index % 10 === 0 ? 1 : 0));
    const margin = (rule: MetricRule): unknown => {
      const decided = decideOnce({ baseline: rows, candidate: rows }, rule);
      return [onlyMetric(decided).margin, decided.warnings.length];
    };
    expect(margin(aRule({ margin: null }))).toEqual([expect.closeTo(0.02, 9), 0]);
    expect(margin(aRule({ margin: 0.05 }))).toEqual([0.05, 1]);
  });

  it("gives McNemar's p for single pass/fail results only", () => {
    const baseline = scored(100, (index) => (index < 10 ? 1 : index < 13 ? 0 : 1));
    const candidate = scored(100, (index) => (index < 10 ? 0 : 1));
    expect(onlyMetric(decideOnce({ baseline, candidate })).mcnemarP).toBeCloseTo(0.092285, 6);
    expect(onlyMetric(decideOnce({ baseline: steady, candidate: steady })).mcnemarP).toBeNull();
  });
});

describe("repeats and clusters", () => {
  it("are averaged to one value a case", () => {
    const repeated = steady.flatMap((row) => [
      { ...row, scores: { quality: 0.6 } },
      { ...row, scores: { quality: 1 }, sample: 1 },
    ]);
    const metric = onlyMetric(decideOnce({ baseline: steady, candidate: repeated }));
    expect(metric).toMatchObject({
      verdict: "pass",
      used: 200,
      delta: expect.closeTo(0, 12) as number,
      ties: 200,
    });
  });

  it("count a second row of the same sample once, and then nothing passes", () => {
    const decided = decideOnce({ baseline: steady, candidate: [...steady, { ...steady[0] } as ScoreRow] });
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.reasons[0]).toContain("repeated id and sample in 1 row");
  });

  it("take a cluster as one unit", () => {
    const grouped = steady.map((row, index) => ({ ...row, group: `g${index % 25}` }));
    const metric = onlyMetric(decideOnce({ baseline: grouped, candidate: grouped }));
    expect(metric).toMatchObject({ n: 25, used: 25, ties: 25, verdict: "inconclusive" });
  });

  it("never pass fewer than 20 clusters", () => {
    const decided = decideOnce({ baseline: grouped(0), candidate: grouped(1) });
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.reasons[0]).toContain("19 clusters are too few");
  });
});

describe("several metrics", () => {
  const rules = [aRule({ name: "a" }), aRule({ name: "b" })];

  it("must all pass", () => {
    const decided = decideOnce({ baseline: twoMetrics(0.5, 0.5), candidate: twoMetrics(0.9, 0.3) }, ...rules);
    expect(decided.verdict).toBe("fail");
    expect(decided.metrics.map(({ verdict }) => verdict)).toEqual(["pass", "fail"]);
    expect(decided.reasons[0]).toMatch(/^b: worse than baseline by 20 points/);
    expect(decided.headline).toMatch(/^Fail on b \(0\.50 -> 0\.30\)/);
    expect(decided.headline).toContain("a improved (+40 points), but every deciding metric must hold.");
  });

  it("of level warn are reported and never block", () => {
    const warned = [aRule({ name: "a" }), aRule({ name: "b", level: "warn" })];
    const decided = decideOnce(
      { baseline: twoMetrics(0.5, 0.5), candidate: twoMetrics(0.5, 0.3) },
      ...warned,
    );
    expect(decided.verdict).toBe("pass");
    expect(decided.metrics[1]?.verdict).toBe("fail");
    expect(decided.warnings).toEqual([
      expect.stringMatching(/^b: worse than baseline by 20 points.*does not block/),
    ]);
    expect(decided.reasons).toHaveLength(1);
  });

  it("of level off are reported and say nothing else", () => {
    const silent = [aRule({ name: "a" }), aRule({ name: "b", level: "off" })];
    const decided = decideOnce(
      { baseline: twoMetrics(0.5, 0.5), candidate: twoMetrics(0.5, 0.3) },
      ...silent,
    );
    expect(decided).toMatchObject({ verdict: "pass", warnings: [] });
  });

  it("none of which decides are no pass", () => {
    const decided = decideOnce(
      { baseline: twoMetrics(1, 1), candidate: twoMetrics(1, 1) },
      aRule({ name: "a", level: "warn" }),
    );
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.headline).toContain("No metric has level error");
  });

  it("share the chance of a wrong fail", () => {
    // 8 losses of 200: z is about -1.9, enough for one metric and not for one of four.
    const baseline = scoreRows(times(200, 1), "a", "b", "c", "d");
    const candidate = baseline.map((row, index) => ({
      ...row,
      scores: { ...row.scores, a: index < 4 ? 0 : 1 },
    }));
    const four = ["a", "b", "c", "d"].map((name) => aRule({ name, margin: 0.01 }));
    expect(decideOnce({ baseline, candidate }, aRule({ name: "a", margin: 0.01 })).verdict).toBe("fail");
    expect(decideOnce({ baseline, candidate }, ...four).verdict).toBe("inconclusive");
  });
});
