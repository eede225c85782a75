import { GateError } from "../domain/errors.ts";
import type { Comparison, MetricKind, MetricRule, ScoreRow, VerdictKind } from "../domain/scores.ts";
import { decideGate } from "./decide.ts";
import { percent, units } from "./format.ts";
import type { PlanEntry } from "./order.ts";
import { planGate } from "./plan.ts";
import { checkCompareOptions, checkGroups, checkRows } from "./compare-input.ts";

/** Settings of `compareScores`; each has the default of the command line. */
export interface CompareOptions {
  /** Largest tolerated drop of a mean score in (0,1), for all metrics or by name; default 0.05, at most 20 % of the baseline mean. */
  readonly margin?: number | Readonly<Record<string, number>>;
  /** Floor of the candidate's own mean in [0,1], for all metrics or by name; default none. */
  readonly min?: number | Readonly<Record<string, number>>;
  /** Chance to pass a candidate that is worse by the margin, in (0, 0.5); default 0.05. */
  readonly alphaMiss?: number;
  /** Chance to fail a candidate that is not worse, in (0, 0.5); default 0.05. */
  readonly alphaBlock?: number;
  /** Look at cases in seeded order and stop early; default false: one look at all cases. */
  readonly sequential?: boolean;
  /** Integer that sets the order of the cases; default 0. */
  readonly seed?: number;
}

/** Cases have to be the same on both sides at least to this share. */
const SMALLEST_OVERLAP = 0.9;

function setting(value: CompareOptions["margin"], name: string): number | null {
  if (typeof value === "number") return value;
  return value !== undefined && Object.hasOwn(value, name) ? (value[name] ?? null) : null;
}

/** Names of the scores in order of first appearance; pass/fail when every value is 0 or 1. */
function scoreKinds(rows: readonly ScoreRow[]): Map<string, MetricKind> {
  const kinds = new Map<string, MetricKind>();
  for (const row of rows) {
    for (const [name, value] of Object.entries(row.scores)) {
      const binary = value === null || value === 0 || value === 1;
      if (!binary) kinds.set(name, "judge");
      else if (!kinds.has(name)) kinds.set(name, "check");
    }
  }
  return kinds;
}

function rulesOf(rows: readonly ScoreRow[], options: CompareOptions): MetricRule[] {
  const limits = {
    alphaMiss: options.alphaMiss ?? 0.05,
    alphaBlock: options.alphaBlock ?? 0.05,
    maxIncrease: null,
    max: null,
  };
  const rules = [...scoreKinds(rows)].map(([name, kind]): MetricRule => ({
    name,
    kind,
    level: "error",
    margin: setting(options.margin, name),
    min: setting(options.min, name),
    ...limits,
  }));
  const measured = (["latency", "cost", "tokens"] as const).filter((name) =>
    rows.some((row) => row.measures !== undefined && Object.hasOwn(row.measures, name)),
  );
  // Quantities have no limit here: they are reported and do not decide.
  return [
    ...rules,
    ...measured
      .filter((name) => !rules.some((rule) => rule.name === name))
      .map((name): MetricRule => ({ name, kind: name, level: "off", margin: null, min: null, ...limits })),
  ];
}

/** Which cases are on which side. */
interface Coverage {
  readonly entries: PlanEntry[];
  readonly common: number;
  readonly baselineOnly: number;
  readonly candidateOnly: number;
}

/** The baseline's cases are the dataset: one that the candidate lacks counts as unscored, one that it adds cannot count. */
function coverageOf(baseline: readonly ScoreRow[], candidate: readonly ScoreRow[]): Coverage {
  const groups = new Map<string, string | undefined>();
  for (const row of [...baseline, ...candidate]) {
    if (groups.get(row.id) === undefined) groups.set(row.id, row.group);
  }
  const baselineIds = new Set(baseline.map((row) => row.id));
  const candidateIds = new Set(candidate.map((row) => row.id));
  const entries = [...baselineIds].map((id): PlanEntry => {
    const group = groups.get(id);
    return group === undefined ? { id } : { id, group };
  });
  const common = entries.filter(({ id }) => candidateIds.has(id)).length;
  return {
    entries,
    common,
    baselineOnly: baselineIds.size - common,
    candidateOnly: candidateIds.size - common,
  };
}

function coverageWarnings({ baselineOnly, candidateOnly }: Coverage): string[] {
  const warnings: string[] = [];
  if (baselineOnly > 0) {
    const have = baselineOnly === 1 ? "has" : "have";
    warnings.push(`${units(baselineOnly, false)} of the baseline ${have} no row of the candidate: unscored`);
  }
  if (candidateOnly > 0) {
    const are = candidateOnly === 1 ? "is" : "are";
    warnings.push(`${units(candidateOnly, false)} of the candidate ${are} not in the baseline: not compared`);
  }
  return warnings;
}

function incompatible({ common, baselineOnly, candidateOnly }: Coverage): string | null {
  const all = common + baselineOnly + candidateOnly;
  if (common >= SMALLEST_OVERLAP * all) return null;
  return `incompatible datasets: ${common} of ${units(all, false)} (${percent(common / all)}) are on both sides, at least ${percent(SMALLEST_OVERLAP)} are needed`;
}

/**
 * Judges a candidate's scores against the baseline's, case by case: the decision of `promptgate gate` on scores made
 * elsewhere. Every metric of either side decides. Pure and synchronous; the order of rows does not matter. Throws
 * GateError SCORES_INVALID on values outside [0,1], USAGE on options out of range.
 */
export function compareScores(
  baseline: readonly ScoreRow[],
  candidate: readonly ScoreRow[],
  options: CompareOptions = {},
): Comparison {
  checkRows(baseline, "baseline");
  checkRows(candidate, "candidate");
  const rows = [...baseline, ...candidate];
  checkGroups(rows);
  const rules = rulesOf(rows, options);
  checkCompareOptions(options, rules);
  const seed = options.seed ?? 0;
  const coverage = coverageOf(baseline, candidate);
  const plan = planGate({
    entries: coverage.entries,
    rules,
    seed,
    sequential: options.sequential ?? false,
  });
  const decision = decideGate(plan, plan.looks.length - 1, { baseline, candidate }, rules);
  if (decision.kind === "continue") {
    throw new GateError("INTERNAL", "the last look of a comparison left it undecided");
  }
  const mismatch = incompatible(coverage);
  const verdict: VerdictKind = mismatch === null ? decision.verdict : "inconclusive";
  return {
    schema: "promptgate/comparison@1",
    verdict,
    headline: mismatch === null ? decision.headline : `Not decided: ${mismatch}.`,
    reasons: mismatch === null ? decision.reasons : [mismatch, ...decision.reasons],
    // What the dataset could have shown matters where it did not suffice.
    warnings: [
      ...coverageWarnings(coverage),
      ...(verdict === "inconclusive" ? plan.warnings : []),
      ...decision.warnings,
    ],
    metrics: decision.metrics,
    seed,
  };
}
