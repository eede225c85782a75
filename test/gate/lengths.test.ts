import { describe, expect, it } from "vitest";
import type { ScoreRow } from "../../src/domain/scores.ts";
import { lengthAdjustedDifference } from "../../src/stats/length-adjusted.ts";
import { aRule, decideOnce, onlyMetric, scoreRows, times } from "./score-rows.ts";

const size = 200;

function withLengths(rows: readonly ScoreRow[], length: (index: number) => number | null): ScoreRow[] {
  return rows.map((row, index) => ({ ...row, measures: { characters: length(index) } }));
}

const baseline = withLengths(scoreRows(times(size, 0.5)), () => 100);
/** Longer outputs score better, shorter ones worse: all of the gain is length. */
const longer = (index: number): number => (index % 4 === 0 ? -50 : 100);
const candidate = withLengths(
  scoreRows(Array.from({ length: size }, (_, index) => 0.5 + (longer(index) > 0 ? 0.1 : -0.12))),
  (index) => 100 + longer(index),
);

/** Two samples of each case, in 40 clusters. */
function grouped(rows: readonly ScoreRow[]): ScoreRow[] {
  return rows.flatMap((row, index) =>
    [0, 1].map((sample) => ({
      ...row,
      group: `g${index % 40}`,
      sample,
      measures: { characters: (row.measures?.["characters"] ?? 0) + (sample === 0 ? -10 : 10) },
    })),
  );
}

function mean(ids: readonly number[], of: (index: number) => number): number {
  return ids.reduce((sum, index) => sum + of(index), 0) / ids.length;
}

describe("the difference at equal length", () => {
  it("goes with a judged metric, and a pass that length may have earned is a warning", () => {
    const decided = decideOnce({ baseline, candidate });
    const d = Array.from({ length: size }, (_, index) => (longer(index) > 0 ? 0.1 : -0.12));
    const expected = lengthAdjustedDifference(
      d,
      Array.from({ length: size }, (_, index) => longer(index)),
    );
    const { lengthAdjusted, verdict } = onlyMetric(decided);
    expect(verdict).toBe("pass");
    expect(lengthAdjusted?.delta).toBeCloseTo(expected?.delta ?? Number.NaN, 9);
    expect(lengthAdjusted?.standardError).toBeCloseTo(expected?.standardError ?? Number.NaN, 9);
    expect(lengthAdjusted?.delta).toBeLessThan(0);
    expect(decided.warnings).toEqual([
      expect.stringMatching(/^quality: passes, but at equal length of the outputs the difference is -\d/),
    ]);
  });

  it("is no warning where the adjusted difference holds, or nothing passed", () => {
    const equal = withLengths(scoreRows(times(size, 0.5)), (index) => 100 + longer(index));
    expect(decideOnce({ baseline, candidate: equal }).warnings).toEqual([]);
    const worse = withLengths(scoreRows(times(size, 0.3)), (index) => 100 + longer(index));
    expect(decideOnce({ baseline, candidate: worse })).toMatchObject({ verdict: "fail", warnings: [] });
  });

  it("averages repeats, and the cases of a cluster, before it compares", () => {
    const unit = Array.from({ length: 40 }, (_, group) =>
      Array.from({ length: 5 }, (__, index) => group + 40 * index),
    );
    const expected = lengthAdjustedDifference(
      unit.map((ids) => mean(ids, (index) => (longer(index) > 0 ? 0.1 : -0.12))),
      unit.map((ids) => mean(ids, longer)),
    );
    const { lengthAdjusted } = onlyMetric(
      decideOnce({ baseline: grouped(baseline), candidate: grouped(candidate) }),
    );
    expect(lengthAdjusted?.delta).toBeCloseTo(expected?.delta ?? Number.NaN, 9);
  });

  it.each<[why: string, rows: Parameters<typeof decideOnce>[0], kind: "judge" | "check"]>([
    ["lengths were not recorded", { baseline: scoreRows(times(size, 0.5)), candidate }, "judge"],
    ["there is no baseline", { baseline: null, candidate }, "judge"],
    ["nothing was judged", { baseline, candidate }, "check"],
  ])("is unknown where %s", (_, rows, kind) => {
    expect(onlyMetric(decideOnce(rows, aRule({ kind, min: 0.1 }))).lengthAdjusted).toBeNull();
  });

  it("leaves out what has no score or no length", () => {
    const holes = candidate.map((row, index) => {
      if (index === 0) return { ...row, scores: { quality: null } };
      return index === 1 ? { ...row, measures: { characters: null } } : row;
    });
    const rest = { baseline: baseline.slice(2), candidate: candidate.slice(2) };
    const { lengthAdjusted } = onlyMetric(decideOnce({ baseline, candidate: holes }));
    expect(lengthAdjusted?.delta).toBeCloseTo(
      onlyMetric(decideOnce(rest)).lengthAdjusted?.delta ?? Number.NaN,
      9,
    );
  });
});
