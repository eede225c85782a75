import { describe, expect, it } from "vitest";
import { seededRandom } from "../../src/stats/random.ts";
import { bcaInterval, bootstrapMeans, signFlipTest } from "../../src/stats/resampling.ts";
import { vectors } from "./vectors.ts";

/** Means of all samples with replacement, ascending. */
function allMeans(values: readonly number[]): Float64Array {
  const size = values.length;
  const means = Float64Array.from({ length: size ** size }, (_, code) => {
    let sum = 0;
    for (let rest = code, digit = 0; digit < size; digit += 1, rest = Math.floor(rest / size)) {
      sum += values[rest % size] as number;
    }
    return sum / size;
  });
  return means.sort();
}

describe("resampling", () => {
  it("gives the vector of sign flips by counting all patterns", () => {
    const { d, p_one, count } = vectors.sign_flip;
    const p = signFlipTest(d, seededRandom(1));
    expect(p).toBe(p_one);
    expect(p * 2 ** d.length).toBe(count);
  });

  it("comes close to the count with random flips", () => {
    const d = [...vectors.sign_flip.d, 0, 0, 0, 0, 0, 0];
    expect(signFlipTest(d, seededRandom(3))).toBeCloseTo(vectors.sign_flip.p_one, 1);
  });

  it("gives the vector of the BCa interval over all resamples", () => {
    const { x, z0, accel, a1, a2, ci95, percentile_ci95 } = vectors.bca_enumerated;
    const means = allMeans(x);
    const bca = bcaInterval(x, means);
    expect(bca.bias).toBeCloseTo(z0, 6);
    expect(bca.acceleration).toBeCloseTo(accel, 6);
    expect(bca.levels[0]).toBeCloseTo(a1, 6);
    expect(bca.levels[1]).toBeCloseTo(a2, 6);
    expect(bca.interval[0]).toBeCloseTo(ci95[0] as number, 9);
    expect(bca.interval[1]).toBeCloseTo(ci95[1] as number, 9);
    const percentile = [0.025, 0.975].map((level) => means[Math.ceil(level * means.length) - 1]);
    expect(percentile[0]).toBeCloseTo(percentile_ci95[0] as number, 9);
    expect(percentile[1]).toBeCloseTo(percentile_ci95[1] as number, 9);
  });

  it("draws the same resamples from the same seed", () => {
    const values = vectors.bca_enumerated.x;
    expect(bootstrapMeans(values, seededRandom(5), 50)).toEqual(bootstrapMeans(values, seededRandom(5), 50));
    const means = bootstrapMeans(values, seededRandom(5), 4_000);
    expect(means.reduce((sum, mean) => sum + mean, 0) / means.length).toBeCloseTo(0.15, 2);
  });
});
