import { describe, expect, it } from "vitest";
import { splitEvidence, type ErrorCounts } from "../../src/stats/split-e-value.ts";
import sequential from "../vectors/sequential.json" with { type: "json" };

function counts([nt, et, nc, ec]: readonly number[]): ErrorCounts {
  return {
    candidate: { n: nt ?? 0, errors: et ?? 0 },
    control: { n: nc ?? 0, errors: ec ?? 0 },
  };
}

const { buckets, cumulative, ratioTwoAlone } = sequential.splitEvidence;

describe("the evidence in errors", () => {
  it.each(cumulative.map((value, index) => [index + 1, value] as const))(
    "after %i buckets is %f",
    (looks, value) => {
      expect(splitEvidence(buckets.slice(0, looks).map(counts))).toBeCloseTo(value, 5);
    },
  );

  it("of one ratio alone is as published", () => {
    expect(splitEvidence(buckets.map(counts), [2])).toBeCloseTo(ratioTwoAlone, 6);
  });

  it("is 1 before anything was seen, and stays with arms that are empty", () => {
    expect(splitEvidence([])).toBeCloseTo(1, 12);
    expect(splitEvidence([counts([0, 0, 100, 5]), counts([10, 1, 0, 0])])).toBeCloseTo(1, 12);
  });

  it("grows on errors although the control has none", () => {
    expect(splitEvidence([counts([50, 5, 950, 0])])).toBeGreaterThan(320);
  });

  it("has an expectation of 1 when both arms make equal errors", () => {
    // All ways to split 6 errors over arms with shares 0.05 and 0.95.
    const choose = [1, 6, 15, 20, 15, 6, 1];
    const expectation = choose.reduce((sum, ways, errors) => {
      const chance = ways * 0.05 ** errors * 0.95 ** (6 - errors);
      return sum + chance * splitEvidence([counts([50, errors, 950, 6 - errors])]);
    }, 0);
    expect(expectation).toBeCloseTo(1, 10);
  });

  it("stays a number however strong it is", () => {
    expect(splitEvidence([counts([5e6, 5e6, 5e6, 0])])).toBe(Number.MAX_VALUE);
  });
});
