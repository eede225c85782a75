import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { betaCdf, betaQuantile } from "../../src/stats/beta.ts";

describe("the beta distribution", () => {
  it.each([
    [0.5, 2, 2, 0.5],
    [0.3, 1, 1, 0.3],
    [0.2, 2, 5, 0.34464],
    [0, 3, 4, 0],
    [1, 3, 4, 1],
  ])("at %d with (%d, %d) is %d", (x, a, b, p) => {
    expect(betaCdf(x, a, b)).toBeCloseTo(p, 10);
  });

  it("has a quantile that inverts it", () => {
    const parameter = fc.integer({ min: 1, max: 2_000 });
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 0.999, noNaN: true }), parameter, parameter, (p, a, b) => {
        expect(betaCdf(betaQuantile(p, a, b), a, b)).toBeCloseTo(p, 8);
      }),
    );
  });
});
