import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { rejects, repeatedBound } from "../../src/stats/repeated-interval.ts";
import { sampleOf } from "../../src/stats/sample.ts";
import { vectors } from "./vectors.ts";

const lower = { mean: -0.05, extreme: -1, boundary: 1.6449 };
const upper = { mean: 0, extreme: 1, boundary: 1.6449 };
const scores = fc.array(
  fc.integer({ min: -20, max: 20 }).map((value) => value / 20),
  { minLength: 0, maxLength: 60 },
);

describe("the repeated confidence interval", () => {
  it("gives the vector", () => {
    const sample = sampleOf(vectors.el_score.d);
    expect(repeatedBound(sample, lower)).toBeCloseTo(-0.108311, 6);
    expect(repeatedBound(sample, upper)).toBeCloseTo(0.151808, 6);
  });

  it("lies beyond the hypothesis exactly when that is rejected", () => {
    fc.assert(
      fc.property(scores, fc.double({ min: 0, max: 3, noNaN: true }), (d, boundary) => {
        const sample = sampleOf(d);
        expect(repeatedBound(sample, { ...lower, boundary }) > -0.05).toBe(
          rejects(sample, { ...lower, boundary }),
        );
        expect(repeatedBound(sample, { ...upper, boundary }) < 0).toBe(
          rejects(sample, { ...upper, boundary }),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("holds the mean and stays inside the range", () => {
    fc.assert(
      fc.property(scores, (d) => {
        const sample = sampleOf(d);
        const low = repeatedBound(sample, lower);
        const high = repeatedBound(sample, upper);
        expect(low).toBeGreaterThanOrEqual(-1);
        expect(high).toBeLessThanOrEqual(1);
        expect(low).toBeLessThanOrEqual(sample.mean + 1e-9);
        expect(high).toBeGreaterThanOrEqual(sample.mean - 1e-9);
      }),
    );
  });

  it("says nothing without data", () => {
    expect(repeatedBound(sampleOf([]), lower)).toBeCloseTo(-1, 9);
    expect(repeatedBound(sampleOf([]), upper)).toBeCloseTo(1, 9);
  });
});
