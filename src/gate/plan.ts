import type { MetricRule } from "../domain/scores.ts";
import { increaseToMargin, ratioScale, scoreToIncrease } from "../stats/log-ratio.ts";
import { normalQuantile } from "../stats/normal.ts";
import {
  floorSize,
  lookSchedule,
  maximumSize,
  minimumDetectableDrop,
  nonInferioritySize,
} from "../stats/planning.ts";
import { weightedSample } from "../stats/sample.ts";
import { scoreStatistic } from "../stats/score-statistic.ts";
import { spendingBoundaries } from "../stats/spending.ts";
import { isCostLike, marginBelow } from "./claims.ts";
import { caseOrder, type PlanEntry } from "./order.ts";
import { planWarnings } from "./plan-warnings.ts";
import { countedUnits } from "./waivers.ts";

export interface PlanInput {
  readonly entries: readonly PlanEntry[];
  readonly rules: readonly MetricRule[];
  /** Standard deviation of the paired difference per metric, from earlier runs. */
  readonly sigma?: Readonly<Record<string, number>>;
  readonly seed: number;
  /** False: one look at all cases. */
  readonly sequential: boolean;
}

/** Where the comparison is judged: after this many cases, which are this many units (clusters, or cases without one). */
export interface Look {
  readonly cases: number;
  readonly units: number;
}

interface MetricPlan {
  readonly name: string;
  /** Units for a 95 % chance to pass an unchanged candidate. */
  readonly requiredCases: number;
  /** Units below which an unchanged candidate cannot pass; Infinity for a margin of 0. */
  readonly floorCases: number;
  /** Drop (for cost-like metrics: relative increase) that all units show with 80 % power. */
  readonly minimumDetectableDrop: number;
  readonly sigma: number;
}

export interface GatePlan {
  /** All case ids; a run takes them in this order. */
  readonly order: readonly string[];
  /** `unitSizes[i]` cases of the order form the i-th unit. */
  readonly unitSizes: readonly number[];
  readonly clustered: boolean;
  readonly looks: readonly Look[];
  readonly metrics: readonly MetricPlan[];
  /** Sentences for a person. */
  readonly warnings: readonly string[];
  readonly seed: number;
}

/** What a rule with `max` alone is planned for. */
const PLANNED_INCREASE = 0.1;

/** Planned noise without earlier runs: 0.40 for pass/fail, 0.25 for a judge's score or a log ratio. */
function plannedSigma(rule: MetricRule, sigma: number | undefined): number {
  if (sigma !== undefined && Number.isFinite(sigma) && sigma >= 0) return sigma;
  return rule.kind === "check" ? 0.4 : 0.25;
}

/** The margin on the scale of the differences. */
function plannedMargin(rule: MetricRule): number {
  if (!isCostLike(rule.kind)) return marginBelow(rule, null);
  return increaseToMargin(rule.maxIncrease ?? PLANNED_INCREASE, ratioScale(rule.maxIncrease));
}

function planMetric(rule: MetricRule, sigma: number | undefined, units: number): MetricPlan {
  const input = { sigma: plannedSigma(rule, sigma), margin: plannedMargin(rule), alphaMiss: rule.alphaMiss };
  const drop = minimumDetectableDrop(input, units);
  const floorCases = floorSize(input.margin, input.alphaMiss);
  return {
    name: rule.name,
    requiredCases: Math.max(Math.ceil(nonInferioritySize(input, 0.95)), floorCases),
    floorCases,
    minimumDetectableDrop: isCostLike(rule.kind)
      ? scoreToIncrease(-drop, ratioScale(rule.maxIncrease))
      : drop,
    sigma: input.sigma,
  };
}

/** Rules that decide, or all of them when none does. */
function decidingRules(rules: readonly MetricRule[]): readonly MetricRule[] {
  const deciding = rules.filter((rule) => rule.level === "error");
  return deciding.length === 0 ? rules : deciding;
}

function lookSizes(input: PlanInput, units: number): number[] {
  if (!input.sequential || units === 0) return [units];
  const sizes = decidingRules(input.rules).map((rule) =>
    maximumSize(
      {
        sigma: plannedSigma(rule, input.sigma?.[rule.name]),
        margin: plannedMargin(rule),
        alphaMiss: rule.alphaMiss,
      },
      units,
    ),
  );
  return lookSchedule(sizes.length === 0 ? units : Math.max(...sizes));
}

function integratedBoundaries(looks: readonly Look[], alpha: number): number[] {
  const last = looks.at(-1)?.units ?? 0;
  if (looks.length <= 1 || last === 0) return looks.map(() => normalQuantile(1 - alpha));
  return spendingBoundaries(
    looks.map((look) => look.units / last),
    alpha,
  );
}

/** Integrated once for a schedule and alpha: planning and every look ask for the same ones. */
const knownBoundaries = new WeakMap<readonly Look[], Map<number, readonly number[]>>();

/** Boundaries of z at every look of a plan for a one-sided error. */
export function planBoundaries(looks: readonly Look[], alpha: number): readonly number[] {
  const known = knownBoundaries.get(looks) ?? new Map<number, readonly number[]>();
  knownBoundaries.set(looks, known);
  const boundaries = known.get(alpha) ?? integratedBoundaries(looks, alpha);
  known.set(alpha, boundaries);
  return boundaries;
}

/** Units that a candidate which changes nothing needs at these looks, and whether there are as many. */
function unchangedNeeds(rule: MetricRule, looks: readonly Look[]): { passes: boolean; units: number } {
  const size = looks.at(-1)?.units ?? 0;
  const margin = plannedMargin(rule);
  const boundary = planBoundaries(looks, rule.alphaMiss).at(-1) ?? Number.POSITIVE_INFINITY;
  const ties = weightedSample(Float64Array.of(0), Float64Array.of(size));
  const { z } = scoreStatistic(ties, { mean: -margin, extreme: -1 });
  const floor = floorSize(margin, rule.alphaMiss);
  // Without any change t is sqrt(n margin / (1 - margin)); a tenth more makes up for Student's tails.
  const units = Math.max(floor, Math.ceil((1.1 * boundary ** 2 * (1 - margin)) / margin));
  return { passes: size >= floor && z > boundary, units };
}

/**
 * Plans a comparison before any call is paid for: the order of the cases, the looks (one schedule for all metrics, as
 * long as the metric that needs most), and what the dataset can show at all. 100,000 cases take well under a second.
 */
export function planGate(input: PlanInput): GatePlan {
  const { order, unitSizes, clustered } = caseOrder(input.entries, input.seed);
  const ends = [0];
  for (const size of unitSizes) ends.push((ends.at(-1) ?? 0) + size);
  const looks = lookSizes(input, unitSizes.length).map((units) => ({ units, cases: ends[units] ?? 0 }));
  const metrics = input.rules.map((rule) =>
    planMetric(rule, input.sigma?.[rule.name], countedUnits({ order, unitSizes }, rule)),
  );
  const outlooks = input.rules.map((rule, index) => {
    const unchanged = unchangedNeeds(rule, looks);
    return {
      rule,
      requiredCases: Math.max(metrics[index]?.requiredCases ?? 0, unchanged.units),
      minimumDetectableDrop: metrics[index]?.minimumDetectableDrop ?? 1,
      tolerated: isCostLike(rule.kind) ? (rule.maxIncrease ?? PLANNED_INCREASE) : plannedMargin(rule),
      unchangedPasses: unchanged.passes,
    };
  });
  const warnings = planWarnings(unitSizes.length, clustered, outlooks);
  return { order, unitSizes, clustered, looks, metrics, warnings, seed: input.seed };
}
