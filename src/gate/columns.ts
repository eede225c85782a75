import type { MetricRule } from "../domain/scores.ts";
import { logRatioToScore, ratioScale } from "../stats/log-ratio.ts";
import { sampleOf } from "../stats/sample.ts";
import { caseValues, type CaseValues, type IndexedRows, type SideValue } from "./case-values.ts";
import { isCostLike, type ClaimSamples } from "./claims.ts";
import type { GatePlan } from "./plan.ts";

/** Differences of the units, larger is better, in [-1,1]; null = no score. */
export interface Differences {
  readonly worst: readonly number[];
  readonly best: readonly number[];
  readonly scored: readonly (number | null)[];
}

/** One metric of a whole run; the i-th entry of every list is one unit (cluster or case) in the plan's order. */
export interface MetricColumns {
  /** Place of the unit in the plan's order, rising. */
  readonly units: readonly number[];
  readonly toBaseline: Differences | null;
  /** To the rule's min or max; null without one. */
  readonly toLimit: Differences | null;
  readonly baseline: readonly (number | null)[];
  readonly candidate: readonly (number | null)[];
  readonly cases: readonly number[];
  readonly unscored: readonly number[];
  /** A single 0 or 1 on both sides. */
  readonly binary: readonly boolean[];
}

/** Candidate - reference on the scale of the tests, with what is missing at its worst and at its best. */
function difference(
  candidate: SideValue,
  reference: SideValue,
  rule: MetricRule,
): { worst: number; best: number; scored: number | null } {
  const both = candidate.value !== null && reference.value !== null;
  const between = both ? candidate.value - reference.value : null;
  if (!isCostLike(rule.kind)) {
    return {
      worst: candidate.low - reference.high,
      best: candidate.high - reference.low,
      scored: between,
    };
  }
  const scale = ratioScale(rule.maxIncrease);
  return {
    worst: logRatioToScore(candidate.high - reference.low, scale),
    best: logRatioToScore(candidate.low - reference.high, scale),
    scored: between === null ? null : logRatioToScore(between, scale),
  };
}

/** The rule's constant as a side that is never missing. */
function limitSide(rule: MetricRule): SideValue | null {
  const limit = isCostLike(rule.kind) ? rule.max : rule.min;
  if (limit === null) return null;
  const value = isCostLike(rule.kind) ? Math.log(limit) : limit;
  return { value, low: value, high: value, complete: true, samples: 1 };
}

function meanOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function meanOfScored(values: readonly (number | null)[]): number | null {
  const scored = values.filter((value) => value !== null);
  return scored.length === 0 ? null : meanOf(scored);
}

type MutableDifferences = { worst: number[]; best: number[]; scored: (number | null)[] };

function noDifferences(): MutableDifferences {
  return { worst: [], best: [], scored: [] };
}

function push(into: MutableDifferences, parts: readonly ReturnType<typeof difference>[]): void {
  into.worst.push(meanOf(parts.map((part) => part.worst)));
  into.best.push(meanOf(parts.map((part) => part.best)));
  into.scored.push(meanOfScored(parts.map((part) => part.scored)));
}

function isBinary({ baseline, candidate }: CaseValues): boolean {
  return [baseline, candidate].every(
    (side) => side !== null && side.samples === 1 && (side.value === 0 || side.value === 1),
  );
}

function isUnscored({ baseline, candidate }: CaseValues): boolean {
  return !candidate.complete || (baseline !== null && !baseline.complete);
}

/** Brings the rows of both sides into columns for one metric; cases first averaged over samples, then over their unit. */
export function metricColumns(
  plan: GatePlan,
  rule: MetricRule,
  sides: { readonly baseline: IndexedRows | null; readonly candidate: IndexedRows },
  units: number,
): MetricColumns {
  const limit = limitSide(rule);
  const columns = {
    units: [] as number[],
    toBaseline: sides.baseline === null ? null : noDifferences(),
    toLimit: limit === null ? null : noDifferences(),
    baseline: [] as (number | null)[],
    candidate: [] as (number | null)[],
    cases: [] as number[],
    unscored: [] as number[],
    binary: [] as boolean[],
  };
  const waived = new Set(rule.waivedCases);
  let next = 0;
  for (let unit = 0; unit < units; unit += 1) {
    const size = plan.unitSizes[unit] ?? 0;
    const cases: CaseValues[] = [];
    for (const end = next + size; next < end; next += 1) {
      const id = plan.order[next] as string;
      const values = waived.has(id) ? null : caseValues(id, rule, sides);
      if (values !== null) cases.push(values);
    }
    if (cases.length === 0) continue;
    columns.units.push(unit);
    columns.cases.push(cases.length);
    columns.unscored.push(cases.filter(isUnscored).length);
    columns.binary.push(cases.length === 1 && cases.every(isBinary));
    columns.candidate.push(meanOfScored(cases.map(({ candidate }) => candidate.value)));
    columns.baseline.push(meanOfScored(cases.map(({ baseline }) => baseline?.value ?? null)));
    if (columns.toBaseline !== null) {
      const parts = cases.flatMap(({ baseline, candidate }) =>
        baseline === null ? [] : [difference(candidate, baseline, rule)],
      );
      push(columns.toBaseline, parts);
    }
    if (columns.toLimit !== null && limit !== null) {
      push(
        columns.toLimit,
        cases.map(({ candidate }) => difference(candidate, limit, rule)),
      );
    }
  }
  return columns;
}

/** How many entries of the columns lie before the given unit of the plan. */
export function entriesBefore(columns: MetricColumns, unit: number): number {
  let count = columns.units.length;
  while (count > 0 && (columns.units[count - 1] as number) >= unit) count -= 1;
  return count;
}

/** The first `count` differences as samples. */
export function claimSamples(differences: Differences, count: number): ClaimSamples {
  const scored = differences.scored.slice(0, count).filter((value) => value !== null);
  const complete = scored.length === count;
  const sample = sampleOf(scored);
  const same = complete && differences.worst.slice(0, count).every((value, index) => value === scored[index]);
  return {
    scored: sample,
    worst: same ? sample : sampleOf(differences.worst.slice(0, count)),
    best: same ? sample : sampleOf(differences.best.slice(0, count)),
  };
}

/** Mean of the first `count` values; null when none is scored. */
export function columnMean(values: readonly (number | null)[], count: number): number | null {
  return meanOfScored(values.slice(0, count));
}
