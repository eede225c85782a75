import { linearRegression, mean, sampleStandardDeviation } from "simple-statistics";
import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { lengthAdjustedDifference } from "../../src/stats/length-adjusted.ts";

const unit = fc.record({
  difference: fc.integer({ min: -20, max: 20 }).map((value) => value / 20),
  length: fc.integer({ min: -2_000, max: 2_000 }),
});
const units = fc
  .array(unit, { minLength: 4, maxLength: 80 })
  .filter(
    (list) =>
      list.some(({ length }) => length >= 0) &&
      list.some(({ length }) => length <= 0) &&
      list.some(({ length }) => length !== 0),
  );

function split(list: readonly { readonly difference: number; readonly length: number }[]) {
  return { d: list.map(({ difference }) => difference), lengths: list.map(({ length }) => length) };
}

/** Intercept and its standard error by the normal equations of the design matrix [1, x]. */
function byNormalEquations(d: readonly number[], lengths: readonly number[]) {
  const deviation = sampleStandardDeviation([...lengths]);
  const x = lengths.map((length) => Math.tanh(length / deviation));
  const n = d.length;
  const sumX = x.reduce((sum, each) => sum + each, 0);
  const sumXX = x.reduce((sum, each) => sum + each * each, 0);
  const { m, b } = linearRegression(x.map((each, index) => [each, d[index] as number]));
  const residuals = d.map((each, index) => each - b - m * (x[index] as number));
  const variance = residuals.reduce((sum, each) => sum + each * each, 0) / (n - 2);
  return { delta: b, standardError: Math.sqrt((variance * sumXX) / (n * sumXX - sumX * sumX)) };
}

describe("the difference at equal length", () => {
  it("is the intercept of an independent least-squares computation, with its standard error", () => {
    fc.assert(
      fc.property(units, (list) => {
        const { d, lengths } = split(list);
        const expected = byNormalEquations(d, lengths);
        const adjusted = lengthAdjustedDifference(d, lengths);
        expect(adjusted?.delta).toBeCloseTo(expected.delta, 6);
        expect(adjusted?.standardError).toBeCloseTo(expected.standardError, 6);
      }),
    );
  });

  it("takes away what length alone explains", () => {
    const lengths = [-300, -100, 50, 200, 400, 900];
    const deviation = sampleStandardDeviation(lengths);
    const d = lengths.map((length) => 0.2 * Math.tanh(length / deviation) - 0.03);
    expect(mean(d)).toBeGreaterThan(0);
    expect(lengthAdjustedDifference(d, lengths)?.delta).toBeCloseTo(-0.03, 10);
    expect(lengthAdjustedDifference(d, lengths)?.standardError).toBeCloseTo(0, 10);
  });

  it("does not depend on the unit of length or the order, and shifts with the scores", () => {
    fc.assert(
      fc.property(units, fc.integer({ min: 1, max: 50 }), (list, factor) => {
        const { d, lengths } = split(list);
        const adjusted = lengthAdjustedDifference(d, lengths);
        const scaled = lengthAdjustedDifference(
          d,
          lengths.map((length) => length * factor),
        );
        const reversed = lengthAdjustedDifference(d.toReversed(), lengths.toReversed());
        const shifted = lengthAdjustedDifference(
          d.map((each) => each + 0.25),
          lengths,
        );
        const delta = adjusted?.delta ?? Number.NaN;
        expect(scaled?.delta).toBeCloseTo(delta, 8);
        expect(reversed?.delta).toBeCloseTo(delta, 8);
        expect(shifted?.delta).toBeCloseTo(delta + 0.25, 8);
        expect(shifted?.standardError).toBeCloseTo(adjusted?.standardError ?? Number.NaN, 8);
      }),
    );
  });

  it("is the plain mean where all outputs are equally long", () => {
    const d = [0.5, 0, -0.25, 0.25];
    expect(lengthAdjustedDifference(d, [0, 0, 0, 0])).toEqual({
      delta: 0.125,
      standardError: sampleStandardDeviation(d) / 2,
    });
  });

  it.each<[why: string, d: number[], lengths: number[]]>([
    ["nothing was measured", [], []],
    ["two units leave no residual", [0.1, 0.2], [10, 20]],
    ["every output is longer by the same amount", [0.1, 0.2, 0.3], [10, 10, 10]],
    ["every output is longer", [0.1, -0.55, 0, 0], [1257, 1413, 1152, 1178]],
    ["every output is shorter, each by almost the same amount", [0.1, 0.2, 0.3], [-2000, -2001, -2002]],
  ])("is unknown where %s", (_, d, lengths) => {
    expect(lengthAdjustedDifference(d, lengths)).toBeNull();
  });
});
