import { mean } from "simple-statistics";
import { normalCdf, normalQuantile } from "./normal.ts";
import type { Random } from "./random.ts";

/** Up to this many differences every sign pattern is counted. */
const LARGEST_ENUMERATION = 13;

/**
 * One-sided p of "the differences are symmetric around 0" against "larger": the share of sign patterns whose sum is at
 * least the observed one; all patterns for up to 13 differences, else `flips` random ones (the observed one included).
 */
export function signFlipTest(d: readonly number[], random: Random, flips = 9_999): number {
  const observed = d.reduce((sum, value) => sum + value, 0) - 1e-12;
  if (d.length <= LARGEST_ENUMERATION) {
    let reached = 0;
    const patterns = 2 ** d.length;
    for (let pattern = 0; pattern < patterns; pattern += 1) {
      const sum = d.reduce((total, value, bit) => total + ((pattern >> bit) & 1 ? value : -value), 0);
      if (sum >= observed) reached += 1;
    }
    return reached / patterns;
  }
  let reached = 1;
  for (let flip = 0; flip < flips; flip += 1) {
    if (d.reduce((total, value) => total + (random() < 0.5 ? value : -value), 0) >= observed) reached += 1;
  }
  return reached / (flips + 1);
}

/** Means of `count` samples drawn with replacement, ascending. */
export function bootstrapMeans(values: readonly number[], random: Random, count = 10_000): Float64Array {
  const means = new Float64Array(count);
  for (let draw = 0; draw < count; draw += 1) {
    let sum = 0;
    for (let index = 0; index < values.length; index += 1) {
      sum += values[Math.floor(random() * values.length)] as number;
    }
    means[draw] = sum / values.length;
  }
  return means.sort();
}

export interface BcaInterval {
  readonly bias: number;
  readonly acceleration: number;
  /** Quantiles of the resampled means that the ends are read at. */
  readonly levels: readonly [number, number];
  readonly interval: readonly [number, number];
}

/** The smallest resampled mean with at least the share `level` of the means at or below it. */
function meanAtLevel(means: Float64Array, level: number): number {
  return means[Math.min(means.length - 1, Math.max(0, Math.ceil(level * means.length) - 1))] as number;
}

/**
 * Bias-corrected and accelerated bootstrap interval of a mean (Efron 1987) from ascending resampled means. For reports
 * only: it cannot see a break that was not sampled, so no verdict may rest on it.
 */
export function bcaInterval(values: readonly number[], means: Float64Array, level = 0.95): BcaInterval {
  const estimate = mean([...values]);
  let below = 0;
  for (const value of means) {
    below += Math.abs(value - estimate) < 1e-12 ? 0.5 : value < estimate ? 1 : 0;
  }
  const bias = normalQuantile(below / means.length);
  const leftOut = values.map((value) => (estimate * values.length - value) / (values.length - 1));
  const center = mean(leftOut);
  const cubes = leftOut.reduce((sum, value) => sum + (center - value) ** 3, 0);
  const squares = leftOut.reduce((sum, value) => sum + (center - value) ** 2, 0);
  const acceleration = squares === 0 ? 0 : cubes / (6 * squares ** 1.5);
  const levelOf = (p: number): number => {
    const shifted = bias + normalQuantile(p);
    return normalCdf(bias + shifted / (1 - acceleration * shifted));
  };
  const levels = [levelOf((1 - level) / 2), levelOf((1 + level) / 2)] as const;
  return {
    bias,
    acceleration,
    levels,
    interval: [meanAtLevel(means, levels[0]), meanAtLevel(means, levels[1])],
  };
}
