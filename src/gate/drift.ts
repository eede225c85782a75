import { pairedTest } from "../stats/paired.ts";

/** Differences of one metric, new - stored, one for each case that was asked again. */
export interface DriftMetric {
  readonly name: string;
  /** `answers`: a fresh answer against the stored ones. `judge`: a stored answer, judged again. */
  readonly kind: "answers" | "judge";
  readonly differences: readonly number[];
}

/** A metric that moved though nothing of ours did. */
export interface DriftFinding {
  readonly metric: string;
  readonly kind: DriftMetric["kind"];
  readonly cases: number;
  /** Mean of new - stored. */
  readonly difference: number;
  /** Two-sided. */
  readonly p: number;
}

/** With fewer pairs the test cannot reject at its level, or only by an accident of equal values. */
export const FEWEST_DRIFT_PAIRS = 8;

/** Two-sided p of "the mean is 0"; equal differences have no spread to be measured by. */
function twoSided(differences: readonly number[]): { readonly mean: number; readonly p: number } {
  const mean = differences.reduce((sum, value) => sum + value, 0) / differences.length;
  if (differences.every((value) => value === differences[0])) return { mean, p: mean === 0 ? 1 : 0 };
  return { mean, p: pairedTest(differences, 0).pTwoSided };
}

/**
 * Paired two-sided t-tests of stored against new scores, at `alpha` over all of them together (Bonferroni: several
 * metrics are looked at). Metrics with fewer than eight pairs are not tested.
 */
export function findDrift(metrics: readonly DriftMetric[], alpha: number): DriftFinding[] {
  const tested = metrics.filter(({ differences }) => differences.length >= FEWEST_DRIFT_PAIRS);
  return tested.flatMap(({ name, kind, differences }) => {
    const { mean, p } = twoSided(differences);
    return p < alpha / tested.length
      ? [{ metric: name, kind, cases: differences.length, difference: mean, p }]
      : [];
  });
}
