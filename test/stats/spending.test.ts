import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/stats/random.ts";
import { normalQuantile } from "../../src/stats/normal.ts";
import { obrienFlemingSpending, spendingBoundaries } from "../../src/stats/spending.ts";
import { vectors } from "./vectors.ts";

const evenly = (looks: number): number[] => Array.from({ length: looks }, (_, index) => (index + 1) / looks);

describe("spending boundaries", () => {
  it("are the known ones of the O'Brien-Fleming type", () => {
    const found = spendingBoundaries(evenly(5), 0.025, obrienFlemingSpending);
    for (const [look, boundary] of vectors.lan_demets_obf_a025_K5.boundaries.entries()) {
      expect(found[look]).toBeCloseTo(boundary, 4);
    }
  });

  it("are the vector's of the power family", () => {
    const found = spendingBoundaries(evenly(4), 0.05);
    for (const [look, boundary] of vectors["kim_demets_rho1.5_a05_K4"].boundaries.entries()) {
      expect(found[look]).toBeCloseTo(boundary, 4);
    }
  });

  it("are the plain quantile at a single look", () => {
    expect(spendingBoundaries([1], 0.05)[0]).toBeCloseTo(normalQuantile(0.95), 9);
  });

  it("hold the error with uneven looks and a tiny last step", () => {
    const fractions = [0.05, 0.06, 0.3, 0.31, 0.99, 1];
    const boundaries = spendingBoundaries(fractions, 0.05);
    const random = seededRandom(7);
    let crossed = 0;
    const runs = 40_000;
    for (let run = 0; run < runs; run += 1) {
      let path = 0;
      let before = 0;
      for (const [look, fraction] of fractions.entries()) {
        path += normalQuantile(Math.max(random(), 1e-12)) * Math.sqrt(fraction - before);
        before = fraction;
        if (path / Math.sqrt(fraction) <= (boundaries[look] as number)) continue;
        crossed += 1;
        break;
      }
    }
    expect(Math.abs(crossed / runs - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / runs));
  });
});
