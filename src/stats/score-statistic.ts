import type { Sample } from "./sample.ts";
import { studentToNormal } from "./student.ts";

/** The hypothesis that the mean is `mean`, with the value that could still be unseen on its side. */
export interface Hypothesis {
  readonly mean: number;
  /** Lowest possible value when asking for "more than `mean`", highest when asking for "less". */
  readonly extreme: number;
}

export interface ScoreStatistic {
  /** Standard normal under the hypothesis; 0 where the observed mean lies on the hypothesis' side. */
  readonly z: number;
  /** The same on the scale of Student's t with n - 1 degrees of freedom. */
  readonly t: number;
  /** Tilt that moves the observed distribution to the hypothesis' mean. */
  readonly tilt: number;
  /** Share that the tilted distribution gives to the unseen extreme. */
  readonly extremeWeight: number;
  /** Variance of the tilted distribution. */
  readonly variance: number;
}

/** Slope (and its derivative) of sum ln(1 + tilt·gain) at `tilt`. */
function slope(sample: Sample, hypothesis: Hypothesis, side: number, tilt: number): [number, number] {
  let first = 0;
  let second = 0;
  const { values, counts } = sample;
  for (let index = 0; index < values.length; index += 1) {
    const gain = side * ((values[index] as number) - hypothesis.mean);
    // An observed extreme reaches 0 at the largest tilt; rounding must not carry it below.
    const ratio = gain / Math.max(1 + tilt * gain, 1e-15);
    const count = counts[index] as number;
    first += count * ratio;
    second -= count * ratio * ratio;
  }
  return [first, second];
}

/** Maximises the concave sum ln(1 + tilt·gain) over 0..limit by Newton's steps kept inside a bracket. */
function bestTilt(sample: Sample, hypothesis: Hypothesis, side: number): number {
  let low = 0;
  let high = 1 / Math.abs(hypothesis.mean - hypothesis.extreme);
  const [atLimit] = slope(sample, hypothesis, side, high);
  if (atLimit >= 0) return high;
  let tilt = 0;
  for (let step = 0; step < 200; step += 1) {
    const [first, second] = slope(sample, hypothesis, side, tilt);
    if (first > 0) low = tilt;
    else high = tilt;
    const newton = tilt - first / second;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - tilt) <= 1e-13 * Math.max(1, tilt)) return next;
    tilt = next;
  }
  return tilt;
}

/**
 * Null-tilted score statistic of "the mean is `hypothesis.mean`" (empirical likelihood with one unseen extreme value,
 * studentised by the tilted variance; on values -1, 0, 1 it is Tango's test of 1998). z > 0: the mean is larger, z < 0: smaller.
 */
export function scoreStatistic(sample: Sample, hypothesis: Hypothesis): ScoreStatistic {
  const none = { z: 0, t: 0, tilt: 0, extremeWeight: 0, variance: 0 };
  const side = Math.sign(hypothesis.mean - hypothesis.extreme);
  const distance = sample.mean - hypothesis.mean;
  // A mean at the extreme itself says that every value is the extreme: one other value refutes it.
  if (side === 0) {
    const certain = distance === 0 ? 0 : Math.sign(distance) * Number.POSITIVE_INFINITY;
    return { ...none, z: certain, t: certain };
  }
  if (sample.size === 0 || side * distance <= 1e-15) return none;
  const tilt = bestTilt(sample, hypothesis, side);
  let weight = 0;
  let second = 0;
  for (let index = 0; index < sample.values.length; index += 1) {
    const value = sample.values[index] as number;
    const density = Math.max(1 + tilt * side * (value - hypothesis.mean), 1e-15);
    const share = (sample.counts[index] as number) / (sample.size * density);
    weight += share;
    second += share * (value - hypothesis.mean) ** 2;
  }
  const extremeWeight = Math.max(0, 1 - weight);
  const variance = second + extremeWeight * (hypothesis.extreme - hypothesis.mean) ** 2;
  if (sample.size < 2 || !(variance > 0)) return { ...none, tilt, extremeWeight, variance };
  const t = distance / Math.sqrt(variance / sample.size);
  return { z: studentToNormal(t, sample.size - 1), t, tilt, extremeWeight, variance };
}
