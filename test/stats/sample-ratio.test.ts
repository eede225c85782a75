import { describe, expect, it } from "vitest";
import { sampleRatioEvidence } from "../../src/stats/sample-ratio.ts";
import sequential from "../vectors/sequential.json" with { type: "json" };

describe("the evidence in shares", () => {
  it.each(sequential.sampleRatio)(
    "of $candidate to $control at $share is $evidence",
    ({ candidate, control, share, evidence, digits }) => {
      const found = sampleRatioEvidence(candidate, control, share);
      expect(found).toBeCloseTo(evidence, digits);
    },
  );

  it("is 1 before a unit was seen", () => {
    expect(sampleRatioEvidence(0, 0, 0.25)).toBeCloseTo(1, 9);
  });

  it("stays a number for a million units that went astray", () => {
    expect(sampleRatioEvidence(1_000_000, 0, 0.05)).toBe(Number.MAX_VALUE);
    expect(sampleRatioEvidence(4_000_000, 96_000_000, 0.05)).toBe(Number.MAX_VALUE);
  });
});
