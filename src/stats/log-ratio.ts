import { studentQuantile } from "./student.ts";
import { mean, sampleStandardDeviation } from "simple-statistics";

/**
 * Scale of log ratios: the logarithm of the largest ratio that counts, so that one outlier cannot decide. Four times, or
 * the square of a tolerated ratio that is larger than two.
 */
export function ratioScale(maxIncrease: number | null): number {
  return Math.log(Math.max(4, (1 + (maxIncrease ?? 0)) ** 2));
}

/** Difference of logarithms of two cost-like quantities -> score difference in [-1,1]; negative = more expensive. */
export function logRatioToScore(logRatio: number, scale: number): number {
  return 0 - Math.max(-scale, Math.min(scale, logRatio)) / scale;
}

/** Score difference in [-1,1] -> relative increase: 0.1 = 10 % more. */
export function scoreToIncrease(score: number, scale: number): number {
  return Math.expm1(-score * scale);
}

/** Relative increase > -1 -> margin on the scale of `logRatioToScore`. */
export function increaseToMargin(increase: number, scale: number): number {
  return Math.log1p(increase) / scale;
}

/** Geometric mean ratio of paired quantities with its upper bound by Student's t, at one look. */
export function geometricRatio(
  baseline: readonly number[],
  candidate: readonly number[],
  alpha = 0.05,
): { readonly ratio: number; readonly upper: number } {
  const logs = candidate.map((value, index) => Math.log(value / (baseline[index] as number)));
  const reach =
    (studentQuantile(1 - alpha, logs.length - 1) * sampleStandardDeviation(logs)) / Math.sqrt(logs.length);
  return { ratio: Math.exp(mean(logs)), upper: Math.exp(mean(logs) + reach) };
}
