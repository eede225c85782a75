import { describe, expect, it } from "vitest";
import type { ScoreRow } from "../../src/domain/scores.ts";
import { aRule, decideOnce, onlyMetric, scored, scoreRows, steady, times } from "./score-rows.ts";

function missing(count: number): ScoreRow[] {
  return scored(200, (index) => (index < count ? null : 0.8));
}

describe("missing scores", () => {
  it.each([
    [4, "pass"],
    [5, "inconclusive"],
  ])("of %d of 200 cases: %s", (count, verdict) => {
    const metric = onlyMetric(decideOnce({ baseline: steady, candidate: missing(count) }));
    expect(metric).toMatchObject({ verdict, unscored: count });
  });

  it("count as such when the row itself is missing, or the number is none", () => {
    const absent = steady.slice(10);
    expect(onlyMetric(decideOnce({ baseline: steady, candidate: absent })).unscored).toBe(10);
    const broken = scored(200, (index) => [Number.NaN, 1.2, -0.1][index] ?? 0.8);
    expect(onlyMetric(decideOnce({ baseline: steady, candidate: broken })).unscored).toBe(3);
  });

  it("enter the pass side at their worst and the fail side at their best", () => {
    // Six scored differences and a candidate that has no score where the baseline has 0.8.
    const baseline = scored(7, (index) => [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.8][index] as number);
    const candidate = scored(7, (index) => ([0.5, 0.5, 0.7, 0.4, 0.5, 0.6] as number[])[index] ?? null);
    const { reason } = onlyMetric(decideOnce({ baseline, candidate }));
    expect(reason).toContain("worst case for the missing ones: -8.6 points");
  });

  it("never make a failure", () => {
    const candidate = scored(200, (index) => (index < 100 ? null : 0.8));
    expect(decideOnce({ baseline: steady, candidate }).verdict).toBe("inconclusive");
  });

  it("do not turn a small but sure loss into a pass", () => {
    const rule = aRule({ margin: 0.1 });
    const lower = scored(200, () => 0.782);
    expect(decideOnce({ baseline: steady, candidate: lower }, rule).verdict).toBe("fail");
    const decided = decideOnce({ baseline: steady, candidate: lower.slice(0, 196) }, rule);
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.reasons[0]).toContain("shows a loss that is small but sure");
  });

  it("do not hide a failure that the rest proves", () => {
    const candidate = scored(200, (index) => (index < 6 ? null : 0.1));
    expect(decideOnce({ baseline: steady, candidate }).verdict).toBe("fail");
  });

  it("in one of several samples count the case as unscored and weigh as that sample", () => {
    const candidate = steady.flatMap((row, index) => [
      row,
      { ...row, sample: 1, scores: { quality: index < 3 ? null : 0.8 } },
    ]);
    expect(onlyMetric(decideOnce({ baseline: steady, candidate }))).toMatchObject({
      verdict: "pass",
      unscored: 3,
    });
  });

  it("are not what a case has that was never asked", () => {
    const asked = steady.map((row, index) => (index < 100 ? row : { ...row, scores: {} }));
    expect(onlyMetric(decideOnce({ baseline: asked, candidate: asked }))).toMatchObject({
      verdict: "pass",
      n: 100,
      used: 100,
      unscored: 0,
    });
  });

  it.each([
    ["candidate", { baseline: steady, candidate: scoreRows(times(200, 1), "other") }],
    ["baseline", { baseline: scoreRows(times(200, 1), "other"), candidate: steady }],
  ])("on the whole of the %s are said in words", (side, rows) => {
    const decided = decideOnce(rows);
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.reasons).toEqual([`quality: the ${side} has no score for it`]);
    expect(onlyMetric(decided).interval).toBeNull();
  });

  it("everywhere are no pass", () => {
    const none = scoreRows(times(200, 1), "other");
    const decided = decideOnce({ baseline: none, candidate: none });
    expect(decided.verdict).toBe("inconclusive");
    expect(decided.reasons).toEqual(["quality: no case has a score for it"]);
  });
});
