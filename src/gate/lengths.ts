import type { MetricResult, ScoreRow } from "../domain/scores.ts";
import { lengthAdjustedDifference } from "../stats/length-adjusted.ts";
import type { IndexedRows } from "./case-values.ts";
import type { MetricLook } from "./evaluate.ts";
import type { GatePlan } from "./plan.ts";

/** Mean length of a case's outputs in characters; null when one is not known. */
function meanLength(rows: readonly ScoreRow[] | undefined): number | null {
  if (rows === undefined || rows.length === 0) return null;
  let sum = 0;
  for (const { measures } of rows) {
    const length = measures?.["characters"];
    if (typeof length !== "number" || !(length >= 0)) return null;
    sum += length;
  }
  return sum / rows.length;
}

/**
 * How many characters longer the candidate's outputs are, for each unit of the plan: the mean over its cases whose
 * lengths are known; null = none.
 */
export function lengthDifferences(
  plan: Pick<GatePlan, "order" | "unitSizes">,
  sides: { readonly baseline: IndexedRows | null; readonly candidate: IndexedRows },
  units: number,
): (number | null)[] {
  const { baseline, candidate } = sides;
  let next = 0;
  return plan.unitSizes.slice(0, units).map((size) => {
    const known: number[] = [];
    for (const end = next + size; next < end; next += 1) {
      const id = plan.order[next] as string;
      const before = meanLength(baseline?.byId.get(id));
      const after = meanLength(candidate.byId.get(id));
      if (before !== null && after !== null) known.push(after - before);
    }
    return known.length === 0 ? null : known.reduce((sum, each) => sum + each, 0) / known.length;
  });
}

/** The difference of a judged metric at equal length, over the units that have both a score and a length. */
export function lengthAdjusted(
  { rule, columns, count }: Pick<MetricLook, "rule" | "columns" | "count">,
  lengths: readonly (number | null)[],
): MetricResult["lengthAdjusted"] {
  if (rule.kind !== "judge" || columns.toBaseline === null) return null;
  const differences: number[] = [];
  const longer: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const difference = columns.toBaseline.scored[index] ?? null;
    const length = lengths[columns.units[index] as number] ?? null;
    if (difference === null || length === null) continue;
    differences.push(difference);
    longer.push(length);
  }
  return lengthAdjustedDifference(differences, longer);
}
