import type { JudgeFigures, MetricResult, MetricRule, ScoreRow, VerdictKind } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import { indexRows, type IndexedRows } from "./case-values.ts";
import { claimsOf, isCostLike } from "./claims.ts";
import { metricColumns, type MetricColumns } from "./columns.ts";
import { evaluateMetric, type MetricLook, type RunTrust } from "./evaluate.ts";
import { headlineOf } from "./headline.ts";
import { isUnreliable, judgeFigures } from "./judging.ts";
import { lengthAdjusted, lengthDifferences } from "./lengths.ts";
import { metricResult } from "./metric-result.ts";
import { planBoundaries, type GatePlan } from "./plan.ts";
import { countedUnits } from "./waivers.ts";
import { decisionWarnings } from "./warnings.ts";
import { metricReason } from "./wording.ts";

/** Scores so far; baseline null when there is none at all. Rows may come in any order. */
export interface GateRows {
  readonly baseline: readonly ScoreRow[] | null;
  readonly candidate: readonly ScoreRow[];
}

/** Where one metric stands at a look that does not end the run. */
export interface MetricProgress {
  readonly name: string;
  /** A metric that passed need not be judged on later cases. */
  readonly passed: boolean;
  /** Units that were looked at. */
  readonly used: number;
  readonly unscored: number;
}

export type GateDecision =
  | { readonly kind: "continue"; readonly metrics: readonly MetricProgress[] }
  | {
      readonly kind: "decided";
      readonly verdict: VerdictKind;
      /** One or two plain sentences. */
      readonly headline: string;
      /** `name: sentence`, the metrics that decided first. */
      readonly reasons: readonly string[];
      readonly warnings: readonly string[];
      readonly metrics: readonly MetricResult[];
      /** The look at which the run was decided. */
      readonly look: number;
    };

interface Sides {
  readonly baseline: IndexedRows | null;
  readonly candidate: IndexedRows;
}

interface TrustedSides {
  readonly sides: Sides;
  readonly trust: RunTrust;
  /** False when no row has more than scores: the usual case, and a large one. */
  readonly hasNotes: boolean;
}

interface Judged {
  readonly rule: MetricRule;
  readonly columns: MetricColumns;
  readonly pass: readonly number[];
  readonly fail: readonly number[];
  /** Null before the first look. */
  state: MetricLook | null;
  /** What the rows up to that look say of its judges. */
  figures: JudgeFigures | null;
}

/** A quantity without any limit cannot decide: it is reported only. */
function effectiveRule(rule: MetricRule): MetricRule {
  const unlimited = isCostLike(rule.kind) && rule.maxIncrease === null && rule.max === null;
  return unlimited ? { ...rule, level: "off" } : rule;
}

/** A judge that contradicts itself cannot decide: its metric is reported, with a warning. */
function advisoryRule(rule: MetricRule, figures: JudgeFigures | null): MetricRule {
  return rule.level === "error" && isUnreliable(figures) ? { ...rule, level: "warn" } : rule;
}

/** How many claims of deciding metrics share the chance of a wrong FAIL. */
function familySize(rules: readonly MetricRule[], hasBaseline: boolean): number {
  const claims = rules
    .filter((rule) => rule.level === "error")
    .flatMap((rule) => claimsOf(rule, null, hasBaseline));
  return Math.max(1, claims.length);
}

function judgedMetrics(plan: GatePlan, rules: readonly MetricRule[], sides: Sides, units: number): Judged[] {
  const family = familySize(rules, sides.baseline !== null);
  const boundaries = (alpha: number): readonly number[] => planBoundaries(plan.looks, alpha);
  return rules.map((rule) => ({
    rule,
    columns: metricColumns(plan, rule, sides, units),
    pass: boundaries(rule.alphaMiss),
    fail: boundaries(rule.level === "error" ? rule.alphaBlock / family : rule.alphaBlock),
    state: null,
    figures: null,
  }));
}

/** A metric whose judge proved unreliable goes on: with more cases it may regain its say. */
function isSettled({ state, rule }: Judged): boolean {
  return state !== null && state.verdict !== "inconclusive" && state.rule.level === rule.level;
}

/** Moves every open metric to the next look; a metric that passed or failed keeps what it had. */
function takeLook(metrics: readonly Judged[], plan: GatePlan, look: number, rows: TrustedSides): void {
  const { units: unit, cases } = plan.looks[look] ?? { units: 0, cases: 0 };
  const ids = rows.hasNotes ? plan.order.slice(0, cases) : [];
  for (const metric of metrics) {
    if (isSettled(metric)) continue;
    const boundaries = { pass: metric.pass[look] as number, fail: metric.fail[look] as number };
    metric.figures = judgeFigures(metric.rule.name, ids, rows.sides);
    const rule = advisoryRule(metric.rule, metric.figures);
    metric.state = evaluateMetric(rule, metric.columns, { unit, boundaries }, rows.trust);
  }
}

/** One deciding metric that failed is enough to fail; all of them are needed to pass. */
function verdictSoFar(metrics: readonly Judged[]): VerdictKind {
  const deciding = metrics.filter(({ rule, state }) => (state?.rule ?? rule).level === "error");
  if (deciding.some(({ state }) => state?.verdict === "fail")) return "fail";
  const passed = deciding.length > 0 && deciding.every(({ state }) => state?.verdict === "pass");
  return passed ? "pass" : "inconclusive";
}

function progress(metric: Judged): MetricProgress {
  const { rule, state } = metric;
  return {
    name: rule.name,
    passed: isSettled(metric) && state?.verdict === "pass",
    used: state?.count ?? 0,
    unscored: state?.unscored ?? 0,
  };
}

/** Figures and sentence of one metric. Cases that were not looked at yet could all ask for it: they count as available. */
function worded(
  plan: GatePlan,
  state: MetricLook,
  more: Pick<MetricResult, "lengthAdjusted" | "judging">,
): MetricResult {
  const available = state.count + countedUnits(plan, state.rule, state.unit);
  const figures = { ...metricResult(state, "", available), ...more };
  const reason = metricReason({ look: state, figures, clustered: plan.clustered, available });
  return { ...figures, reason };
}

const verdictOrder: Readonly<Record<VerdictKind, number>> = { fail: 0, inconclusive: 1, pass: 2 };

function reasonsOf(metrics: readonly MetricResult[]): string[] {
  return metrics
    .filter(({ level }) => level === "error")
    .sort((left, right) => verdictOrder[left.verdict] - verdictOrder[right.verdict])
    .map(({ name, reason }) => `${visibleLine(name, 64)}: ${reason}`);
}

/**
 * Decides on the rows of the cases up to `plan.looks[lookIndex]`. Looks before it are taken again, so that a metric that
 * passed early stays passed although later cases lack it; a run that was decided earlier is answered as it was then.
 */
export function decideGate(
  plan: GatePlan,
  lookIndex: number,
  rows: GateRows,
  rules: readonly MetricRule[],
): GateDecision {
  const sides: Sides = {
    baseline: rows.baseline === null ? null : indexRows(rows.baseline),
    candidate: indexRows(rows.candidate),
  };
  const trust = {
    clustered: plan.clustered,
    duplicates: sides.candidate.duplicates + (sides.baseline?.duplicates ?? 0),
  };
  const units = plan.looks[lookIndex]?.units ?? 0;
  const metrics = judgedMetrics(plan, rules.map(effectiveRule), sides, units);
  const hasNotes = [rows.candidate, rows.baseline ?? []].some((side) =>
    side.some(({ judges }) => judges !== undefined),
  );
  const last = plan.looks.length - 1;
  for (let look = 0; look <= Math.min(lookIndex, last); look += 1) {
    takeLook(metrics, plan, look, { sides, trust, hasNotes });
    const verdict = verdictSoFar(metrics);
    if (verdict === "inconclusive" && look < last) continue;
    const lengths = lengthDifferences(plan, sides, units);
    const results = metrics.map(({ state, figures }) =>
      worded(plan, state as MetricLook, {
        lengthAdjusted: lengthAdjusted(state as MetricLook, lengths),
        judging: figures,
      }),
    );
    return {
      kind: "decided",
      verdict,
      headline: headlineOf(verdict, results, plan, rows.baseline !== null),
      reasons: reasonsOf(results),
      warnings: decisionWarnings(results),
      metrics: results,
      look,
    };
  }
  return { kind: "continue", metrics: metrics.map(progress) };
}
