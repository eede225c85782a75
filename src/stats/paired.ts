import { mean, sampleCorrelation, sampleStandardDeviation, sampleVariance } from "simple-statistics";
import { studentQuantile, studentUpperTail } from "./student.ts";

/** Baseline and candidate of the same units, in the same order. */
export interface PairedScores {
  readonly baseline: readonly number[];
  readonly candidate: readonly number[];
}

export interface PairedSummary {
  readonly mean: number;
  readonly deviation: number;
  /** Standard error of the mean difference, and what it would be without pairing. */
  readonly error: number;
  readonly unpairedError: number;
  readonly correlation: number;
}

/** Candidate - baseline of every unit. */
export function differences(scores: PairedScores): number[] {
  return scores.candidate.map((value, index) => value - (scores.baseline[index] as number));
}

/** Mean difference with its standard error (Miller 2024); at least two units. */
export function pairedSummary(scores: PairedScores): PairedSummary {
  const d = differences(scores);
  const deviation = sampleStandardDeviation(d);
  const unpaired = sampleVariance([...scores.baseline]) + sampleVariance([...scores.candidate]);
  return {
    mean: mean(d),
    deviation,
    error: deviation / Math.sqrt(d.length),
    unpairedError: Math.sqrt(unpaired / d.length),
    correlation: sampleCorrelation([...scores.baseline], [...scores.candidate]),
  };
}

/** Student's test of "the mean difference is `hypothesis`" at one look: t, both p-values and a two-sided interval. */
export function pairedTest(
  d: readonly number[],
  hypothesis: number,
  level = 0.95,
): { t: number; pGreater: number; pTwoSided: number; interval: [number, number] } {
  const degrees = d.length - 1;
  const error = sampleStandardDeviation([...d]) / Math.sqrt(d.length);
  const t = (mean([...d]) - hypothesis) / error;
  const reach = studentQuantile((1 + level) / 2, degrees) * error;
  return {
    t,
    pGreater: studentUpperTail(t, degrees),
    pTwoSided: 2 * studentUpperTail(Math.abs(t), degrees),
    interval: [mean([...d]) - reach, mean([...d]) + reach],
  };
}

/**
 * Standard error of the mean over clustered units (Miller 2024): (1/n) sqrt(sum over clusters of the squared sum of
 * residuals), `corrected` by sqrt(G / (G-1)) for few clusters. `designEffect` is the factor on the variance.
 */
export function clusteredError(
  d: readonly number[],
  clusters: readonly string[],
): { error: number; corrected: number; degrees: number; designEffect: number } {
  const center = mean([...d]);
  const sums = new Map<string, number>();
  for (const [index, value] of d.entries()) {
    const cluster = clusters[index] as string;
    sums.set(cluster, (sums.get(cluster) ?? 0) + value - center);
  }
  const squares = [...sums.values()].reduce((sum, value) => sum + value * value, 0);
  const error = Math.sqrt(squares) / d.length;
  const corrected = error * Math.sqrt(sums.size / (sums.size - 1));
  const independent = d.reduce((sum, value) => sum + (value - center) ** 2, 0);
  return { error, corrected, degrees: sums.size - 1, designEffect: squares / independent };
}
