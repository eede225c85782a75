import { FULL_WEIGHT } from "../domain/release.ts";
import type { RolloutMetric, RolloutStep, RolloutStrategy } from "../domain/rollout.ts";
import type { MetricEvidence } from "../domain/rollout-decision.ts";
import { sequenceCritical, sequenceTuning } from "../stats/confidence-sequence.ts";
import { alphasOf, isGuardrail } from "./judge-metric.ts";
import { percent, span } from "./wording.ts";

const HOUR_MS = 3_600_000;
/** Chance that a harmless candidate is shown to be so, as planned. */
const POWER_QUANTILE = 1.2816;

/** What is known of traffic. */
export interface Traffic {
  /** Units (requests where no unit is known) an hour, over all versions. */
  readonly perHour: number;
  /** Runs of the candidate an hour in staging; null = not known. */
  readonly stagingPerHour: number | null;
  /** Standard deviation of single samples by metric; of a rate, the rate itself. */
  readonly spread: Readonly<Record<string, number>>;
  /** Share of the requests that have a value, by metric: judges look at samples. 1 unless given. */
  readonly sampled: Readonly<Record<string, number>>;
}

interface MetricForecast {
  readonly name: string;
  /** Samples of the candidate that show non-inferiority with a chance of 90 % when there is no difference. */
  readonly needed: number | null;
  readonly expectedAtMinSoak: number;
  readonly expectedAtMaxSoak: number | null;
  /** Until it can be decided; null = not known. */
  readonly hours: number | null;
}

interface StepForecast {
  readonly name: string;
  readonly weight: number;
  readonly minSoakMs: number;
  readonly maxSoakMs: number | null;
  /** The longest of the metrics and of the soak; null = not known, or never. */
  readonly hours: number | null;
  readonly metrics: readonly MetricForecast[];
}

export interface RolloutForecast {
  readonly steps: readonly StepForecast[];
  /** Null when a step can't be foreseen. */
  readonly hours: number | null;
  readonly warnings: readonly string[];
}

/** The share of units that the control of a step has. */
function controlShare({ weight, holdback }: RolloutStep): number {
  return (weight === FULL_WEIGHT ? holdback : FULL_WEIGHT - weight) / FULL_WEIGHT;
}

function candidateShare({ weight, holdback }: RolloutStep): number {
  return (weight - holdback) / FULL_WEIGHT;
}

/** Effective size at which the bound on one side clears the margin in nine of ten equal candidates. */
export function neededWeight(variance: number, margin: number, alpha: number): number {
  let weight = 1;
  // The critical value depends on the size slowly: a few rounds settle it.
  for (let round = 0; round < 50; round += 1) {
    const critical = sequenceCritical(weight, sequenceTuning(alpha, Math.max(weight, 1)), alpha);
    const next = (variance * (critical + POWER_QUANTILE) ** 2) / margin ** 2;
    if (Math.abs(next - weight) < 1e-6 * weight) return next;
    weight = next;
  }
  return weight;
}

function varianceOf({ kind }: RolloutMetric, spread: number): number {
  return kind === "proportion" ? spread * (1 - spread) : spread * spread;
}

function forecastMetric(
  strategy: RolloutStrategy,
  step: RolloutStep,
  metric: RolloutMetric,
  traffic: Traffic,
): MetricForecast {
  const sampled = traffic.sampled[metric.name] ?? 1;
  const share = candidateShare(step);
  const perHour =
    step.weight === 0 ? (traffic.stagingPerHour ?? Number.NaN) * sampled : traffic.perHour * share * sampled;
  const spread = traffic.spread[metric.name];
  const control = controlShare(step);
  const compared = step.weight > 0 && control > 0;
  const weight =
    !compared || spread === undefined
      ? null
      : neededWeight(varianceOf(metric, spread), metric.margin, strategy.alpha.advance);
  // n_t n_c / (n_t + n_c) = n_t times the control's part of both arms.
  const shown = weight === null ? null : weight / (control / (control + share));
  const needed = compared && shown === null ? null : Math.ceil(Math.max(shown ?? 0, step.minSample));
  const at = (milliseconds: number): number => Math.floor((perHour * milliseconds) / HOUR_MS);
  const known = Number.isFinite(perHour);
  return {
    name: metric.name,
    needed,
    expectedAtMinSoak: known ? at(step.minSoakMs) : 0,
    expectedAtMaxSoak: step.maxSoakMs === null ? null : known ? at(step.maxSoakMs) : 0,
    hours: needed === null || !(perHour > 0) ? null : needed / perHour,
  };
}

function stepWarnings(step: StepForecast): string[] {
  return step.metrics.flatMap(({ name, needed, expectedAtMaxSoak }) => {
    if (needed === null || expectedAtMaxSoak === null || expectedAtMaxSoak >= needed) return [];
    return [
      `${step.name} (${percent(step.weight)}): ${name} needs about ${needed} samples of the candidate, ${expectedAtMaxSoak} are expected in ${span(step.maxSoakMs ?? 0)}: it would end undecided`,
    ];
  });
}

/** What to expect of each step, with a warning wherever the traffic cannot decide. */
export function forecast(strategy: RolloutStrategy, traffic: Traffic): RolloutForecast {
  const guardrails = strategy.metrics.filter(isGuardrail);
  const steps = strategy.steps.map((step): StepForecast => {
    const metrics = guardrails.map((metric) => forecastMetric(strategy, step, metric, traffic));
    const hours = metrics.map((metric) => metric.hours);
    const soak = (step.minSoakMs + strategy.settleDelayMs) / HOUR_MS;
    const settled = strategy.settleDelayMs / HOUR_MS;
    return {
      name: step.name,
      weight: step.weight,
      minSoakMs: step.minSoakMs,
      maxSoakMs: step.maxSoakMs,
      hours: hours.includes(null) ? null : Math.max(soak, ...hours.map((hour) => (hour ?? 0) + settled)),
      metrics,
    };
  });
  const unknown = guardrails.filter(({ name }) => traffic.spread[name] === undefined);
  const known = steps.every(({ hours }) => hours !== null);
  return {
    steps,
    hours: known ? steps.reduce((sum, { hours }) => sum + (hours ?? 0), 0) : null,
    warnings: [
      ...unknown.map(
        ({ name }) => `nothing is known of how much ${name} varies: its steps cannot be foreseen`,
      ),
      ...(traffic.stagingPerHour === null ? ["nothing is known of the traffic of staging"] : []),
      ...steps.flatMap(stepWarnings),
    ],
  };
}

/** How many candidate samples an undecided metric still needs at the present spread; null = cannot be said. */
export function missingSamples(
  { candidate, weight, standardError, margin, basis }: MetricEvidence,
  alpha: ReturnType<typeof alphasOf>,
): number | null {
  if (candidate === null || weight === null || standardError === null || basis !== "control") return null;
  const needed = neededWeight(standardError ** 2 * weight, margin, alpha.advance);
  return Math.max(0, Math.ceil((candidate.n * needed) / weight - candidate.n));
}
