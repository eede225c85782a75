import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import {
  floorSize,
  lookSchedule,
  maximumSize,
  minimumDetectableDrop,
  nonInferioritySize,
  twoSidedSize,
} from "../../src/stats/planning.ts";
import { vectors } from "./vectors.ts";

describe("planning", () => {
  it.each(Object.entries(vectors.rule_of_three.n_min))(
    "needs for a margin of %s at least %d units when nothing changes",
    (margin, units) => {
      expect(floorSize(Number(margin), 0.05)).toBe(units);
    },
  );

  it.each([
    [0.15, 0.1, 20],
    [0.15, 0.02, 482],
    [0.25, 0.05, 215],
    [0.3, 0.05, 309],
    [0.4, 0.03, 1523],
    [0.55, 0.02, 6477],
  ])("with a deviation of %d and a margin of %d needs %d cases for 90 %% power", (sigma, margin, cases) => {
    expect(Math.ceil(nonInferioritySize({ sigma, margin, alphaMiss: 0.05 }, 0.9))).toBe(cases);
  });

  it("gives the vector of the smallest detectable drop", () => {
    expect(minimumDetectableDrop({ sigma: 0.3, alphaMiss: 0.05 }, 200)).toBeCloseTo(
      vectors.power_noninferiority.mde_n200_power80,
      6,
    );
  });

  it("detects nothing smaller than an unseen break could hide", () => {
    expect(minimumDetectableDrop({ sigma: 0, alphaMiss: 0.05 }, 59)).toBeCloseTo(0.0495, 3);
    expect(minimumDetectableDrop({ sigma: 0.3, alphaMiss: 0.05 }, 0)).toBe(1);
  });

  it("gives the two-sided vectors with and without the samples' noise", () => {
    const test = { delta: 0.03, alpha: 0.05, power: 0.8 };
    const once = { candidate: 1, baseline: 1 };
    const quiet = { between: 1 / 9, candidate: 0, baseline: 0 };
    const noisy = { between: 1 / 9, candidate: 1 / 6, baseline: 1 / 6 };
    expect(twoSidedSize(quiet, once, test)).toBeCloseTo(vectors.power_two_sided.n, 6);
    expect(Math.ceil(twoSidedSize(noisy, once, test))).toBe(vectors.power_two_sided.with_noise_K1);
    expect(Math.ceil(twoSidedSize(noisy, { candidate: 10, baseline: 10 }, test))).toBe(
      vectors.power_two_sided.with_noise_K10,
    );
  });

  it("stops at the latest where the noise or the floor asks for it, or at the end of the data", () => {
    const input = { sigma: 0.2179, margin: 0.05, alphaMiss: 0.05 };
    expect(maximumSize(input, 800)).toBe(231);
    expect(maximumSize({ ...input, sigma: 0 }, 800)).toBe(177);
    expect(maximumSize(input, 50)).toBe(50);
  });

  it.each([
    [0, [0]],
    [5, [5]],
    [20, [20]],
    [25, [20, 25]],
    [50, [20, 30, 40, 50]],
  ])("looks at %d units after %j", (maximum, looks) => {
    expect(lookSchedule(maximum)).toEqual(looks);
  });

  it("never looks more than 16 times, nor before 20 units, nor twice at the same place", () => {
    fc.assert(
      fc.property(fc.integer({ min: 21, max: 200_000 }), (maximum) => {
        const looks = lookSchedule(maximum);
        expect(looks.length).toBeLessThanOrEqual(16);
        expect(looks[0]).toBeGreaterThanOrEqual(20);
        expect(looks.at(-1)).toBe(maximum);
        expect(new Set(looks).size).toBe(looks.length);
        expect([...looks].sort((a, b) => a - b)).toEqual(looks);
      }),
    );
  });
});
