import type { Sample } from "./sample.ts";
import { scoreStatistic } from "./score-statistic.ts";

/** One side of a sequential test: the hypothesis' mean, the possible extreme on its side and the boundary of z. */
export interface Side {
  readonly mean: number;
  readonly extreme: number;
  /** Positive; "more than `mean`" needs z above it, "less" needs z below its negative. */
  readonly boundary: number;
}

/** True when the sample shows that the mean lies beyond the hypothesis, away from the extreme. */
export function rejects(sample: Sample, side: Side): boolean {
  return Math.abs(scoreStatistic(sample, side).z) > side.boundary;
}

/**
 * The end of the repeated confidence interval on the side of `side.extreme`: the mean nearest to the extreme that is
 * not rejected at this look (Jennison and Turnbull 1989). It lies beyond `side.mean` exactly when that is rejected.
 */
export function repeatedBound(sample: Sample, side: Side): number {
  const rejected = rejects(sample, side);
  // The search starts from the hypothesis itself, so that interval and verdict cannot disagree through rounding.
  let outside = rejected ? side.mean : side.extreme;
  let inside = rejected ? sample.mean : side.mean;
  if (!rejected && Math.sign(side.mean - side.extreme) * (sample.mean - side.mean) < 0) inside = sample.mean;
  for (let step = 0; step < 60 && Math.abs(inside - outside) > 1e-12; step += 1) {
    const middle = (inside + outside) / 2;
    if (rejects(sample, { ...side, mean: middle })) outside = middle;
    else inside = middle;
  }
  return inside;
}
