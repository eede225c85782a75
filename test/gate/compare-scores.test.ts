import { describe, expect, it } from "vitest";
import { compareScores, type ScoreRow } from "../../src/index.ts";
import { scored, scoreRows, steady, times } from "./score-rows.ts";

function costly(cost: number): ScoreRow[] {
  return steady.map((row) => ({ ...row, measures: { cost } }));
}

describe("compareScores", () => {
  it("passes equal scores in the words of the contract", () => {
    const comparison = compareScores(steady, steady);
    expect(comparison).toMatchObject({
      schema: "promptgate/comparison@1",
      verdict: "pass",
      reasons: ["quality: no lower on 200 cases; a drop of 5 points or more is ruled out (95 % sure)"],
      warnings: [],
      seed: 0,
    });
    expect(comparison.metrics[0]).toMatchObject({
      name: "quality",
      verdict: "pass",
      margin: 0.05,
      alphaMiss: 0.05,
      alphaBlock: 0.05,
      n: 200,
      used: 200,
      interval: { level: 0.95 },
      minimumDetectableDrop: expect.closeTo(0.01487, 5) as number,
    });
  });

  it("is the same in any order of the rows", () => {
    const candidate = scored(120, (index) => ((index * 7) % 10) / 10);
    const options = { sequential: true, seed: 5 };
    const mixed = compareScores([...steady].slice(0, 120).reverse(), [...candidate].reverse(), options);
    expect(mixed).toEqual(compareScores(steady.slice(0, 120), candidate, options));
  });

  it("stops early only when asked to", () => {
    const worse = scoreRows(times(200, 0.3));
    expect(compareScores(steady, worse).metrics[0]?.used).toBe(200);
    expect(compareScores(steady, worse, { sequential: true }).metrics[0]?.used).toBeLessThan(100);
  });

  it("takes margins, minimums and error rates for all metrics or by name", () => {
    const rows = scoreRows(times(400, 0.8), "a", "b");
    const options = { margin: { a: 0.1 }, min: 0.75, alphaMiss: 0.01, alphaBlock: 0.02 };
    const { metrics, verdict } = compareScores(rows, rows, options);
    expect(verdict).toBe("pass");
    expect(
      metrics.map(({ margin, min, alphaMiss, alphaBlock }) => [margin, min, alphaMiss, alphaBlock]),
    ).toEqual([
      [0.1, 0.75, 0.01, 0.02],
      [0.05, 0.75, 0.01, 0.02],
    ]);
    expect(compareScores(rows, rows, { min: { b: 0.9 } })).toMatchObject({
      verdict: "fail",
      reasons: [expect.stringMatching(/^b: the minimum of 0\.90 is missed/), expect.stringMatching(/^a: /)],
    });
  });

  it("needs the same cases on both sides", () => {
    const comparison = compareScores(steady, steady.slice(0, 150));
    expect(comparison.verdict).toBe("inconclusive");
    expect(comparison.headline).toBe(
      "Not decided: incompatible datasets: 150 of 200 cases (75 %) are on both sides, at least 90 % are needed.",
    );
    expect(comparison.reasons[0]).toContain("incompatible datasets");
  });

  it("does not call another dataset a failure", () => {
    const other = scoreRows(times(200, 0)).map((row) => ({ ...row, id: `other-${row.id}` }));
    expect(compareScores(steady, [...other, ...scoreRows(times(100, 0))]).verdict).toBe("inconclusive");
  });

  it("counts cases that the candidate left out as unscored, and leaves out those it added", () => {
    const added = { id: "new", sample: 0, scores: { quality: 0 } };
    const few = compareScores(steady, [...steady.slice(4), added]);
    expect(few).toMatchObject({
      verdict: "pass",
      warnings: [
        "4 cases of the baseline have no row of the candidate: unscored",
        "1 case of the candidate is not in the baseline: not compared",
      ],
    });
    expect(few.metrics[0]).toMatchObject({ n: 200, unscored: 4 });
    const many = compareScores(steady, steady.slice(5));
    expect(many.verdict).toBe("inconclusive");
    expect(many.reasons[0]).toContain("5 of 200 cases (2.5 %) have no score");
  });

  it("judges every metric of either side", () => {
    const more = steady.map((row) => ({ ...row, scores: { ...row.scores, tone: 1 } }));
    for (const [baseline, candidate, side] of [
      [steady, more, "baseline"],
      [more, steady, "candidate"],
    ] as const) {
      const comparison = compareScores(baseline, candidate);
      expect(comparison.verdict).toBe("inconclusive");
      expect(comparison.reasons[0]).toBe(`tone: the ${side} has no score for it`);
    }
  });

  it("reports quantities without letting them decide", () => {
    const { verdict, metrics } = compareScores(costly(1), costly(2));
    expect(verdict).toBe("pass");
    expect(metrics[1]).toMatchObject({
      name: "cost",
      kind: "cost",
      level: "off",
      delta: expect.closeTo(1, 9) as number,
    });
  });

  it("has a seed that only orders the cases", () => {
    const worse = scored(200, (index) => (index % 3 === 0 ? 0.4 : 0.8));
    expect(compareScores(steady, worse, { seed: 1 }).metrics).toEqual(
      compareScores(steady, worse, { seed: 2 }).metrics,
    );
  });

  it("judges 100,000 cases at one look", () => {
    const size = 100_000;
    const baseline = scored(size, (index) => ((index * 7_919) % 1_000) / 1_000);
    const candidate = scored(size, (index) => ((index * 7_919 + 13) % 1_000) / 1_000);
    expect(compareScores(baseline, candidate)).toMatchObject({ verdict: "pass", metrics: [{ used: size }] });
  });

  it("makes a metric's name harmless in its sentences", () => {
    const rows = scoreRows(times(30, 0.8), "\u001b[31mred\n");
    const { reasons, headline, warnings } = compareScores(rows, rows);
    const text = [...reasons, headline, ...warnings].join(" ");
    expect(text).toContain("u{1b}");
    expect(text).not.toMatch(/[\u0000-\u001f]/);
  });

  it.each([
    ["a score above 1", [{ id: "c1", sample: 0, scores: { quality: 1.5 } }], "quality is 1.5"],
    ["a score below 0", [{ id: "c1", sample: 0, scores: { quality: -0.1 } }], "quality is -0.1"],
    ["NaN", [{ id: "c1", sample: 0, scores: { quality: Number.NaN } }], "quality is NaN"],
    ["text", [{ id: "c1", sample: 0, scores: { quality: "1" as unknown as number } }], "quality is 1"],
    ["no id", [{ id: "", sample: 0, scores: {} }], "id"],
    ["no rows", [], "has no scores"],
    ["a case in two groups", [{ ...(steady[0] as ScoreRow), group: "g2" }], "two groups"],
  ])("refuses %s", (_, candidate, words) => {
    const grouped = steady.map((row) => ({ ...row, group: "g1" }));
    expect(() => compareScores(grouped, candidate)).toThrow(
      expect.objectContaining({ code: "SCORES_INVALID", message: expect.stringContaining(words) as string }),
    );
  });

  it.each([
    [{ margin: 0 }],
    [{ margin: 1 }],
    [{ margin: Number.NaN }],
    [{ margin: { quality: -1 } }],
    [{ margin: { other: 0.05 } }],
    [{ min: 1.1 }],
    [{ alphaMiss: 0 }],
    [{ alphaBlock: 0.5 }],
    [{ seed: 0.5 }],
  ])("refuses the options %j", (options) => {
    expect(() => compareScores(steady, steady, options)).toThrow(expect.objectContaining({ code: "USAGE" }));
  });
});
