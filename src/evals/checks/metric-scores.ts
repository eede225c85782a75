import type { AssertionResult } from "../../domain/evaluation.ts";

/** One metric of one case: the score in [0,1] (null = unscored) and the reason that explains it best. */
export interface MetricScore {
  readonly value: number | null;
  readonly reason: string;
}

function weightedMean(results: readonly AssertionResult[]): number | null {
  let sum = 0;
  let weights = 0;
  for (const { assertion, score } of results) {
    if (score.kind === "unscored") return null;
    sum += assertion.weight * score.value;
    weights += assertion.weight;
  }
  // Rounding may carry the mean of ones a hair above 1.
  return Math.min(1, sum / weights);
}

/** What a reader wants to know first: what is missing, then the heaviest failure, then whatever there is. */
function tellingReason(results: readonly AssertionResult[]): string {
  const unscored = results.find(({ score }) => score.kind === "unscored");
  const failed = results
    .filter(({ score }) => score.kind === "scored" && score.pass === false)
    .toSorted((left, right) => right.assertion.weight - left.assertion.weight)[0];
  return (unscored ?? failed ?? results[0])?.score.reason ?? "";
}

/** The weighted mean of each metric's assertions; one unscored assertion leaves the metric of this case unscored. */
export function metricScores(results: readonly AssertionResult[]): Readonly<Record<string, MetricScore>> {
  const byMetric = new Map<string, AssertionResult[]>();
  for (const result of results) {
    const { metric } = result.assertion;
    byMetric.set(metric, [...(byMetric.get(metric) ?? []), result]);
  }
  return Object.fromEntries(
    Array.from(byMetric, ([metric, group]) => [
      metric,
      { value: weightedMean(group), reason: tellingReason(group) },
    ]),
  );
}

/** False when an assertion failed, null when none did but one could not be measured or there is none, else true. */
export function casePassed(results: readonly AssertionResult[]): boolean | null {
  const outcomes = results.map(({ score }) => (score.kind === "scored" ? score.pass : null));
  if (outcomes.includes(false)) return false;
  return outcomes.length === 0 || outcomes.includes(null) ? null : true;
}
