import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import {
  effectiveSize,
  sequenceCritical,
  sequenceTuning,
  smoothedRate,
  stratifiedDifference,
  type PairedBucket,
} from "../../src/stats/confidence-sequence.ts";
import sequential from "../vectors/sequential.json" with { type: "json" };

function paired([nt, mt, vt, nc, mc, vc]: readonly number[]): PairedBucket {
  return {
    candidate: { n: nt ?? 0, mean: mt ?? 0, variance: vt ?? 0 },
    control: { n: nc ?? 0, mean: mc ?? 0, variance: vc ?? 0 },
  };
}

describe("the tuning", () => {
  it.each(sequential.tuning)("is $rho at $alpha for $planned samples", ({ alpha, planned, rho }) => {
    expect(sequenceTuning(alpha, planned)).toBeCloseTo(rho, 10);
  });
});

describe("the critical value", () => {
  it.each(sequential.critical)("is $c at weight $weight", ({ alpha, planned, weight, c }) => {
    expect(sequenceCritical(weight, sequenceTuning(alpha, planned), alpha)).toBeCloseTo(c, 6);
  });

  it("is always stricter than one look's", () => {
    const inputs = [
      fc.double({ min: 1, max: 1e7, noNaN: true }),
      fc.integer({ min: 10, max: 100_000 }),
    ] as const;
    fc.assert(
      fc.property(...inputs, (weight, planned) => {
        expect(sequenceCritical(weight, sequenceTuning(0.05, planned), 0.05)).toBeGreaterThan(1.645);
      }),
    );
  });
});

describe("the stratified difference", () => {
  const { buckets, alpha, planned, ...expected } = sequential.stratified;

  it("weights the hours by their effective sizes", () => {
    const found = stratifiedDifference(buckets.map(paired));
    expect(found?.difference).toBeCloseTo(expected.difference, 6);
    expect(found?.standardError).toBeCloseTo(expected.standardError, 6);
    expect(found?.weight).toBeCloseTo(expected.weight, 6);
  });

  it("holds where one look would have rolled back", () => {
    const { difference, standardError, weight } = stratifiedDifference(buckets.map(paired)) ?? {
      difference: Number.NaN,
      standardError: Number.NaN,
      weight: Number.NaN,
    };
    const c = sequenceCritical(weight, sequenceTuning(alpha, planned), alpha);
    expect(difference / standardError).toBeCloseTo(expected.z, 4);
    expect(c).toBeCloseTo(expected.c, 6);
    expect(difference + c * standardError).toBeCloseTo(expected.upper, 6);
    expect(difference - c * standardError).toBeCloseTo(expected.lower, 6);
  });

  it("sees no difference when a good day and a bad day differ in their shares alone", () => {
    const days = [paired([50, 90, 100, 950, 90, 100]), paired([500, 40, 100, 500, 40, 100])];
    expect(stratifiedDifference(days)?.difference).toBeCloseTo(0, 12);
  });

  it("is null without a bucket of two samples in both arms", () => {
    expect(stratifiedDifference([])).toBeNull();
    expect(stratifiedDifference([paired([1, 9, 0, 900, 8, 1]), paired([90, 9, 1, 1, 8, 0])])).toBeNull();
  });

  it("takes the effective size from both arms", () => {
    expect(effectiveSize(50, 950)).toBeCloseTo(47.5, 12);
  });
});

describe("a smoothed rate", () => {
  it.each(sequential.smoothedVariance)("of $errors in $n has a variance", ({ errors, n, variance }) => {
    expect(smoothedRate(errors, n).variance).toBeCloseTo(variance, 10);
    expect(smoothedRate(errors, n).rate).toBeGreaterThan(0);
  });
});
