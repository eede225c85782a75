import { sampleStandardDeviation } from "simple-statistics";
import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { roundScore, sampleOf } from "../../src/stats/sample.ts";

describe("samples", () => {
  it("keep each value once, with its count", () => {
    const sample = sampleOf([0.5, -1, 0.5, 0.8 - 0.3]);
    expect([...sample.values]).toEqual([-1, 0.5]);
    expect([...sample.counts]).toEqual([1, 3]);
    expect(sample.size).toBe(4);
    expect(sample.mean).toBeCloseTo(0.125, 12);
  });

  it("have the deviation of their numbers", () => {
    const numbers = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(numbers, (values) => {
        expect(sampleOf(values).deviation).toBeCloseTo(sampleStandardDeviation(values), 9);
      }),
    );
  });

  it.each([[[]], [[0.3]]])("have no deviation for %j", (values) => {
    expect(sampleOf(values).deviation).toBe(0);
  });

  it("lose the binary noise of decimal differences", () => {
    expect(roundScore(0.8 - 0.7)).toBe(0.1);
  });
});
