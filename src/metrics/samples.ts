import type { MetricQuery, Sample } from "../domain/metrics.ts";

/** Requests of one unit in one bucket that say something of a metric, and the sum of what they say. */
export interface UnitSum {
  readonly n: number;
  readonly sum: number;
}

/** Running moments of requests (Welford). */
export interface Moments {
  n: number;
  mean: number;
  /** Sum of squared deviations from the mean. */
  squares: number;
}

export function addValue(moments: Moments, value: number): void {
  moments.n += 1;
  const before = value - moments.mean;
  moments.mean += before / moments.n;
  moments.squares += before * (value - moments.mean);
}

/** Requests that count for themselves; null when there are none. */
export function requestSample(kind: MetricQuery["kind"], { n, mean, squares }: Moments): Sample | null {
  if (n === 0) return null;
  if (kind === "proportion") return { kind, n, errors: Math.round(mean * n) };
  return { kind, n, mean, variance: n < 2 ? 0 : squares / (n - 1) };
}

/** Units of one version and bucket; those that say nothing of the metric are none of them. */
export interface UnitTotals {
  readonly units: number;
  readonly requests: number;
  readonly sum: number;
  /** Sum over units of (sum - ratio * n)^2, where ratio = total sum / requests. */
  readonly squares: number;
}

export function unitTotals(units: Iterable<UnitSum>): UnitTotals {
  const known = [...units].filter(({ n }) => n > 0);
  const requests = known.reduce((total, { n }) => total + n, 0);
  const sum = known.reduce((total, unit) => total + unit.sum, 0);
  const ratio = sum / requests;
  const squares = known.reduce((total, unit) => total + (unit.sum - ratio * unit.n) ** 2, 0);
  return { units: known.length, requests, sum, squares };
}

/**
 * The mean over requests with the units' own spread, by the ratio estimator: its variance is
 * m / (m - 1) * sum (x_i - R n_i)^2 / N^2 for m units, N requests and the ratio R. Null when nothing was measured.
 */
export function unitMean({ units, requests, sum, squares }: UnitTotals): Sample | null {
  if (units === 0) return null;
  const variance = units < 2 ? 0 : ((units * units) / (units - 1)) * (squares / requests ** 2);
  return { kind: "mean", n: units, mean: sum / requests, variance };
}

/**
 * How many times the spread of a rate between units exceeds that of independent requests, over all versions and buckets:
 * at least 1. Null when all requests agree, so that nothing tells.
 */
export function designEffect(totals: readonly UnitTotals[]): number | null {
  const expected = totals.reduce(
    (total, { sum, requests }) => total + (requests === 0 ? 0 : sum * (1 - sum / requests)),
    0,
  );
  if (expected === 0) return null;
  const effect = totals.reduce((total, { squares }) => total + squares, 0) / expected;
  // Where no unit repeats the two are equal, but for rounding.
  return effect < 1 + 1e-9 ? 1 : effect;
}

/**
 * Errors and requests, each divided by the design effect: one unit that fails fifty times does not count for fifty. Where
 * the effect cannot be known every unit counts once. Null when nothing was measured.
 */
export function unitProportion(totals: UnitTotals, effect: number | null): Sample | null {
  if (totals.units === 0) return null;
  const divisor = effect ?? totals.requests / totals.units;
  return { kind: "proportion", n: totals.requests / divisor, errors: totals.sum / divisor };
}
