/** Numbers with how often each occurs: many scores are alike, and every statistic here needs each value once. */
export interface Sample {
  readonly values: Float64Array;
  readonly counts: Float64Array;
  /** Number of observations. */
  readonly size: number;
  readonly mean: number;
  /** Standard deviation with n - 1; 0 when there are fewer than two observations. */
  readonly deviation: number;
}

/** Differences of decimal scores differ in the last bits only; below this they are one value. */
const RESOLUTION = 1e12;

/** Removes the binary noise of a difference of decimal numbers: 0.8 - 0.7 becomes 0.1. */
export function roundScore(value: number): number {
  return Math.round(value * RESOLUTION) / RESOLUTION;
}

/** Values and counts of the same length as a sample. */
export function weightedSample(values: Float64Array, counts: Float64Array): Sample {
  let size = 0;
  let sum = 0;
  for (let index = 0; index < values.length; index += 1) {
    const count = counts[index] ?? 0;
    size += count;
    sum += count * (values[index] ?? 0);
  }
  const mean = size === 0 ? 0 : sum / size;
  let squares = 0;
  for (let index = 0; index < values.length; index += 1) {
    squares += (counts[index] ?? 0) * ((values[index] ?? 0) - mean) ** 2;
  }
  return { values, counts, size, mean, deviation: size < 2 ? 0 : Math.sqrt(squares / (size - 1)) };
}

/** The sample of a list of numbers, in any order. */
export function sampleOf(observations: ArrayLike<number>): Sample {
  const sorted = Float64Array.from(observations, roundScore).sort();
  const values: number[] = [];
  const counts: number[] = [];
  for (const value of sorted) {
    const last = values.length - 1;
    if (values[last] === value) counts[last] = (counts[last] ?? 0) + 1;
    else {
      values.push(value);
      counts.push(1);
    }
  }
  return weightedSample(Float64Array.from(values), Float64Array.from(counts));
}
