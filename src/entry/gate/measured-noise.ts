import { sampleStandardDeviation } from "simple-statistics";
import type { MetricRule } from "../../domain/scores.ts";
import type { Rows } from "../../evals/run-looks.ts";
import { pairedDifferences } from "./case-changes.ts";

/** Fewer pairs say little about noise. */
const FEWEST_PAIRS = 20;

/** Standard deviation of the paired differences per score metric, for the plan of the next run. */
export function measuredSigma(rules: readonly MetricRule[], rows: Rows): Record<string, number> {
  const sigma: Record<string, number> = {};
  for (const { name, kind } of rules) {
    if (kind !== "check" && kind !== "judge") continue;
    const differences = pairedDifferences(name, rows);
    if (differences.length >= FEWEST_PAIRS) sigma[name] = sampleStandardDeviation(differences);
  }
  return sigma;
}
