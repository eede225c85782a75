import type { MetricVerdict, RolloutMetric, RolloutStrategy } from "../domain/rollout.ts";
import type { MetricEvidence } from "../domain/rollout-decision.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import { FULL_WEIGHT } from "../domain/release.ts";
import { visibleLine } from "../domain/visible.ts";
import { currentStep } from "./exposure.ts";
import {
  BURN_IN,
  controlFigures,
  errorEvidence,
  plannedWeight,
  testControl,
  type Alphas,
  type Measured,
} from "./judge-control.ts";
import { testLimits } from "./judge-limits.ts";
import { hasControl, promisedShare, type MetricBucket, type StepData } from "./step-data.ts";
import { evidenceReason } from "./wording.ts";

/** True for a metric that a decision depends on. */
export function isGuardrail({ action, dryRun }: Pick<RolloutMetric, "action" | "dryRun">): boolean {
  return action !== "warn" && !dryRun;
}

/** The error rate of one test: that of the rollout over its guardrails and the steps in which harm is looked for. */
export function alphasOf({ alpha, metrics, steps }: RolloutStrategy): Alphas {
  const guardrails = metrics.filter(isGuardrail);
  const limited = guardrails.some(({ min, max }) => min !== null || max !== null);
  const tested = steps.filter(
    ({ weight, holdback }) => (weight > 0 && (weight < FULL_WEIGHT || holdback > 0)) || limited,
  );
  return {
    harm: alpha.rollout / Math.max(1, guardrails.length * tested.length),
    advance: alpha.advance,
  };
}

type Figures = Pick<
  MetricEvidence,
  | "basis"
  | "candidate"
  | "control"
  | "difference"
  | "standardError"
  | "lower"
  | "upper"
  | "critical"
  | "weight"
  | "plannedWeight"
  | "evidence"
>;

/** A verdict with its figures; the sentence follows from both. */
interface Judgement {
  readonly verdict: MetricVerdict;
  readonly figures: Figures;
}

const UNMEASURED: Figures = {
  basis: "control",
  candidate: null,
  control: null,
  difference: null,
  standardError: null,
  lower: null,
  upper: null,
  critical: null,
  weight: null,
  plannedWeight: null,
  evidence: null,
};

/** What a metric is judged in. */
interface JudgeScope {
  readonly state: RolloutState;
  readonly data: StepData;
  readonly alpha: Alphas;
}

function soakBuckets({ strategy }: RolloutState, minSoakMs: number): number {
  return Math.max(1, Math.ceil(minSoakMs / strategy.bucketMs));
}

function effectOf({ designEffect }: RolloutMetric, { perRequest }: StepData): number {
  return perRequest ? designEffect : 1;
}

function judgeControl(scope: JudgeScope, metric: RolloutMetric, buckets: readonly MetricBucket[]): Judgement {
  const { state, data, alpha } = scope;
  const { minSample, minSoakMs } = currentStep(state);
  const { candidate, control, paired, counts } = controlFigures(buckets, effectOf(metric, data));
  const planned =
    state.plannedWeights[metric.name] ??
    plannedWeight(paired, {
      buckets: paired.length,
      soakBuckets: soakBuckets(state, minSoakMs),
      minSample,
      share: promisedShare(state),
    });
  const test = paired.length === 0 ? null : testControl(metric, paired, planned, alpha);
  const counted = metric.kind === "proportion" && metric.harmAt === 0 && paired.length > 0;
  const evidence = counted ? { value: errorEvidence(metric, counts), threshold: 1 / alpha.harm } : null;
  const figures: Figures = {
    basis: "control",
    candidate,
    control,
    difference: test?.difference ?? null,
    standardError: test?.standardError ?? null,
    lower: test?.lower ?? null,
    upper: test?.upper ?? null,
    critical: test?.critical ?? null,
    weight: test?.weight ?? null,
    plannedWeight: paired.length === 0 ? null : planned,
    evidence,
  };
  const burntIn = (candidate?.n ?? 0) >= BURN_IN && (control?.n ?? 0) >= BURN_IN;
  const isHarm = evidence === null ? burntIn && test?.isHarm === true : evidence.value >= evidence.threshold;
  if (isHarm) return { verdict: "harm", figures };
  if (paired.length === 0) return { verdict: "no_data", figures };
  if (!burntIn || (candidate?.n ?? 0) < minSample || test === null) {
    return { verdict: "insufficient_sample", figures };
  }
  return { verdict: test.isNonInferior ? "non_inferior" : "inconclusive", figures };
}

function judgeLimits(scope: JudgeScope, metric: RolloutMetric, buckets: readonly MetricBucket[]): Judgement {
  const { state, data, alpha } = scope;
  const { minSample, minSoakMs } = currentStep(state);
  const samples = buckets.flatMap(({ candidate }): Measured[] =>
    candidate === null || candidate.kind === "invalid" || candidate.n === 0 ? [] : [candidate],
  );
  const total = samples.reduce((sum, { n }) => sum + n, 0);
  const rate = (total / Math.max(1, samples.length)) * soakBuckets(state, minSoakMs);
  const planned = state.plannedWeights[metric.name] ?? Math.max(rate, minSample, BURN_IN);
  const test = testLimits(metric, samples, { planned, effect: effectOf(metric, data), alpha });
  if (test === null) {
    const verdict = samples.length === 0 ? "no_data" : "insufficient_sample";
    return { verdict, figures: { ...UNMEASURED, basis: "limits" } };
  }
  const { candidate, standardError, lower, upper, critical } = test;
  const figures: Figures = {
    ...UNMEASURED,
    basis: "limits",
    candidate,
    standardError,
    lower,
    upper,
    critical,
    weight: candidate.n,
    plannedWeight: planned,
  };
  if (candidate.n >= BURN_IN && test.isHarm) return { verdict: "harm", figures };
  if (candidate.n < Math.max(minSample, BURN_IN)) return { verdict: "insufficient_sample", figures };
  if (metric.min === null && metric.max === null) return { verdict: "unlimited", figures };
  return { verdict: test.isWithin ? "ok" : "inconclusive", figures };
}

function isInvalid({ candidate, control }: MetricBucket): boolean {
  return candidate?.kind === "invalid" || control?.kind === "invalid";
}

/** An invalid bucket counts for nothing; the last one spoils whatever is not harm. */
function invalidReason(buckets: readonly MetricBucket[]): string | null {
  const last = buckets.at(-1);
  if (last === undefined || (!isInvalid(last) && !buckets.every(isInvalid))) return null;
  const sample = [last.candidate, last.control].find((found) => found?.kind === "invalid");
  return sample?.kind === "invalid" ? sample.reason : "a sample cannot be what was measured";
}

/** Judges one metric in the present step. */
function judgeMetric(scope: JudgeScope, metric: RolloutMetric): MetricEvidence {
  const { state, data, alpha } = scope;
  const buckets = data.buckets.get(metric.name) ?? [];
  const valid = buckets.filter((bucket) => !isInvalid(bucket));
  const judge = hasControl(state) ? judgeControl : judgeLimits;
  const judged = judge(scope, metric, valid);
  const fault = data.unreachable ?? data.errors.get(metric.name) ?? null;
  const invalid = invalidReason(buckets);
  const verdict: MetricVerdict =
    judged.verdict === "harm"
      ? "harm"
      : fault !== null
        ? "error"
        : invalid !== null
          ? "invalid"
          : judged.verdict;
  const { name, kind, transform, direction, action, dryRun, margin, harmAt, min, max } = metric;
  const evidence = {
    name,
    kind,
    transform,
    direction,
    action,
    dryRun,
    margin,
    harmAt,
    min,
    max,
    ...judged.figures,
    verdict,
    alpha,
  };
  const said = visibleLine(fault ?? invalid ?? "");
  return { ...evidence, reason: evidenceReason(evidence, metric.unit, said) };
}

/** Every metric of the strategy, in its order. */
export function judgeMetrics(state: RolloutState, data: StepData): MetricEvidence[] {
  const scope = { state, data, alpha: alphasOf(state.strategy) };
  return state.strategy.metrics.map((metric) => judgeMetric(scope, metric));
}
