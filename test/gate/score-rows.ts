import type { MetricRule, ScoreRow } from "../../src/domain/scores.ts";
import { decideGate, type GateDecision, type GateRows } from "../../src/gate/decide.ts";
import { planGate } from "../../src/gate/plan.ts";

/** A deciding rule on a judge's score with the default margin; say what matters to the test. */
export function aRule(fields: Partial<MetricRule> = {}): MetricRule {
  return {
    name: "quality",
    kind: "judge",
    level: "error",
    margin: 0.05,
    maxIncrease: null,
    min: null,
    max: null,
    alphaMiss: 0.05,
    alphaBlock: 0.05,
    ...fields,
  };
}

/** One row a case, `c0`, `c1`, …, with a score in each of the metrics. */
export function scoreRows(scores: readonly (number | null)[], ...metrics: string[]): ScoreRow[] {
  const names = metrics.length === 0 ? ["quality"] : metrics;
  return scores.map((score, index) => ({
    id: `c${index}`,
    scores: Object.fromEntries(names.map((name) => [name, score])),
    sample: 0,
  }));
}

/** A score for each of `size` cases. */
export function scored(size: number, score: (index: number) => number | null): ScoreRow[] {
  return scoreRows(Array.from({ length: size }, (_, index) => score(index)));
}

/** One row a case with a measure of this name. */
export function measureRows(values: readonly (number | null)[], name: string): ScoreRow[] {
  return values.map((value, index) => ({
    id: `c${index}`,
    scores: {},
    measures: { [name]: value },
    sample: 0,
  }));
}

/** The same number `size` times. */
export function times(size: number, value: number): number[] {
  return Array.from({ length: size }, () => value);
}

export type Decided = Extract<GateDecision, { kind: "decided" }>;

/** Decides at one look at all cases of either side. */
export function decideOnce(rows: GateRows, ...rules: MetricRule[]): Decided {
  const used = rules.length === 0 ? [aRule()] : rules;
  const groups = new Map([...(rows.baseline ?? []), ...rows.candidate].map((row) => [row.id, row.group]));
  const entries = [...groups].map(([id, group]) => (group === undefined ? { id } : { id, group }));
  const plan = planGate({ entries, rules: used, seed: 1, sequential: false });
  const decision = decideGate(plan, 0, rows, used);
  if (decision.kind !== "decided") throw new Error("one look at all cases decides");
  return decision;
}

/** The single metric's result. */
export function onlyMetric(decided: Decided): Decided["metrics"][number] {
  const [metric] = decided.metrics;
  if (metric === undefined) throw new Error("there is no metric");
  return metric;
}

/** 200 cases that all score 0.8. */
export const steady = scoreRows(times(200, 0.8));
