/** What both arms show in one bucket of time; variances are those of single samples. */
export interface PairedBucket {
  readonly candidate: BucketArm;
  readonly control: BucketArm;
}

interface BucketArm {
  readonly n: number;
  readonly mean: number;
  readonly variance: number;
}

/** Candidate - control within the buckets. `weight` is the sum of the effective sizes n_t n_c / (n_t + n_c). */
export interface StratifiedDifference {
  readonly difference: number;
  readonly standardError: number;
  readonly weight: number;
}

/** Effective size of two arms, in samples. */
export function effectiveSize(candidate: number, control: number): number {
  return (candidate * control) / (candidate + control);
}

/**
 * The difference with each bucket weighted by its effective size, so that what a whole hour does to both arms cancels.
 * Weights depend on sizes alone. Buckets with fewer than two samples in an arm do not count; null when none is left.
 */
export function stratifiedDifference(buckets: readonly PairedBucket[]): StratifiedDifference | null {
  let sum = 0;
  let variance = 0;
  let weight = 0;
  for (const { candidate, control } of buckets) {
    if (candidate.n < 2 || control.n < 2) continue;
    const size = effectiveSize(candidate.n, control.n);
    sum += size * (candidate.mean - control.mean);
    variance += size * size * (candidate.variance / candidate.n + control.variance / control.n);
    weight += size;
  }
  if (weight === 0) return null;
  return { difference: sum / weight, standardError: Math.sqrt(variance) / weight, weight };
}

/**
 * The tuning that makes a one-sided confidence sequence tightest when `planned` samples have come in (Waudby-Smith et
 * al., arXiv 2103.06476; the boundary of Robbins 1970). `alpha` in (0, 0.5).
 */
export function sequenceTuning(alpha: number, planned: number): number {
  const logarithm = -2 * Math.log(2 * alpha);
  return Math.sqrt((logarithm + Math.log(logarithm + 1)) / planned);
}

/**
 * What the standard error is multiplied with instead of a normal quantile: the bound on one side then holds at all
 * `weight`s together with chance 1 - alpha.
 */
export function sequenceCritical(weight: number, tuning: number, alpha: number): number {
  const x = weight * tuning * tuning;
  return Math.sqrt(2 * (1 + 1 / x) * Math.log(1 + Math.sqrt(x + 1) / (2 * alpha)));
}

/** A rate and its variance as if half an error more had been seen: no errors at all are no proof of none. */
export function smoothedRate(
  errors: number,
  n: number,
): { readonly rate: number; readonly variance: number } {
  const rate = (errors + 0.5) / (n + 1);
  return { rate, variance: rate * (1 - rate) };
}
