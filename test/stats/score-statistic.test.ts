import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { tangoScore } from "../../src/stats/pass-fail.ts";
import { sampleOf, weightedSample } from "../../src/stats/sample.ts";
import { scoreStatistic } from "../../src/stats/score-statistic.ts";
import { studentToNormal } from "../../src/stats/student.ts";
import { vectors } from "./vectors.ts";

describe("the null-tilted score statistic", () => {
  it("gives the vector of ordinary scores", () => {
    const { d, margin, lam, atom_weight, var0, z, mean } = vectors.el_score;
    const sample = sampleOf(d);
    const statistic = scoreStatistic(sample, { mean: -margin, extreme: -1 });
    expect(sample.mean).toBeCloseTo(mean, 9);
    expect(statistic.tilt).toBeCloseTo(lam, 6);
    expect(statistic.extremeWeight).toBeCloseTo(atom_weight, 6);
    expect(statistic.variance).toBeCloseTo(var0, 6);
    expect(statistic.t).toBeCloseTo(z, 6);
  });

  it("gives the vector of differences that are all 0", () => {
    const { n, lam, atom_weight, var0, z } = vectors.el_score_all_zero;
    const statistic = scoreStatistic(sampleOf(new Float64Array(n)), { mean: -0.05, extreme: -1 });
    expect(statistic.tilt).toBeCloseTo(lam, 6);
    expect(statistic.extremeWeight).toBeCloseTo(atom_weight, 6);
    expect(statistic.variance).toBeCloseTo(var0, 6);
    expect(statistic.t).toBeCloseTo(z, 6);
    expect(statistic.t).toBeCloseTo(Math.sqrt((n * 0.05) / 0.95), 6);
  });

  it("is Tango's test on pass/fail pairs", () => {
    const counts = fc.integer({ min: 0, max: 60 });
    fc.assert(
      fc.property(
        counts,
        counts,
        counts,
        fc.double({ min: 0.01, max: 0.4, noNaN: true }),
        (w, l, e, margin) => {
          const size = w + l + e;
          fc.pre(size >= 2 && (w - l) / size + margin > 1e-9);
          const sample = weightedSample(Float64Array.of(-1, 0, 1), Float64Array.of(l, e, w));
          const { t } = scoreStatistic(sample, { mean: -margin, extreme: -1 });
          expect(t).toBeCloseTo(tangoScore({ wins: w, losses: l, size }, margin).z, 5);
        },
      ),
    );
  });

  it("is the same from either side when scores are mirrored", () => {
    const score = fc.integer({ min: -10, max: 10 }).map((value) => value / 10);
    fc.assert(
      fc.property(fc.array(score, { minLength: 2, maxLength: 40 }), (d) => {
        const up = scoreStatistic(sampleOf(d), { mean: -0.05, extreme: -1 });
        const down = scoreStatistic(sampleOf(d.map((value) => -value)), { mean: 0.05, extreme: 1 });
        expect(down.z).toBeCloseTo(-up.z, 9);
      }),
    );
  });

  it("sees no evidence when the mean lies on the hypothesis' side", () => {
    expect(scoreStatistic(sampleOf([-0.1, -0.2, 0]), { mean: -0.05, extreme: -1 }).z).toBe(0);
  });

  it.each([[[]], [[1]]])("sees no evidence in %j", (d) => {
    expect(scoreStatistic(sampleOf(d), { mean: 0, extreme: -1 }).z).toBe(0);
  });

  it("refutes a mean at the extreme by one other value", () => {
    expect(scoreStatistic(sampleOf([0, 0, -0.1]), { mean: 0, extreme: 0 }).z).toBe(Number.NEGATIVE_INFINITY);
    expect(scoreStatistic(sampleOf([0, 0]), { mean: 0, extreme: 0 }).z).toBe(0);
  });

  it("reads the normal scale off Wallace's formula", () => {
    const { z, t } = scoreStatistic(sampleOf(vectors.el_score.d), { mean: -0.05, extreme: -1 });
    expect(z).toBeCloseTo(studentToNormal(t, 19), 12);
  });

  it("is finite with an observed extreme on the hypothesis' side", () => {
    const { z } = scoreStatistic(sampleOf([-1, 1, 1, 1, 1, 1]), { mean: -0.05, extreme: -1 });
    expect(z).toBeGreaterThan(0);
    expect(z).toBeLessThan(3);
  });
});
