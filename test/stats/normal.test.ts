import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { normalCdf, normalDensity, normalQuantile, normalUpperTail } from "../../src/stats/normal.ts";

describe("the normal distribution", () => {
  it.each([
    [0, 0.5],
    [1, 0.15865525393145707],
    [-1, 0.8413447460685429],
    [1.959963984540054, 0.025],
    [3, 0.0013498980316300946],
    [3.0000001, 0.001349897588445],
    [8, 6.22096057427178e-16],
    [20, 2.7536241186062337e-89],
  ])("has the upper tail of %d", (x, tail) => {
    expect(normalUpperTail(x) / tail).toBeCloseTo(1, 11);
  });

  it.each([
    [0.5, 0],
    [0.95, 1.6448536269514722],
    [0.975, 1.959963984540054],
    [0.999, 3.090232306167813],
    [1e-10, -6.361340902404056],
    [1e-30, -11.464024688443615],
  ])("has the quantile of %d", (p, x) => {
    expect(normalQuantile(p)).toBeCloseTo(x, 9);
  });

  it("has infinite quantiles at the ends", () => {
    expect(normalQuantile(0)).toBe(Number.NEGATIVE_INFINITY);
    expect(normalQuantile(1)).toBe(Number.POSITIVE_INFINITY);
  });

  it("has a quantile that inverts the distribution", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-12, max: 1 - 1e-12, noNaN: true }), (p) => {
        expect(normalCdf(normalQuantile(p))).toBeCloseTo(p, 12);
      }),
    );
  });

  it("has a density that is the slope of the distribution", () => {
    fc.assert(
      fc.property(fc.double({ min: -6, max: 6, noNaN: true }), (x) => {
        const slope = (normalCdf(x + 1e-5) - normalCdf(x - 1e-5)) / 2e-5;
        expect(slope).toBeCloseTo(normalDensity(x), 7);
      }),
    );
  });
});
