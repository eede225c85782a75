import type { Sample } from "../domain/metrics.ts";
import type { RolloutMetric } from "../domain/rollout.ts";
import type { ArmFigures } from "../domain/rollout-decision.ts";
import {
  effectiveSize,
  sequenceCritical,
  sequenceTuning,
  smoothedRate,
  stratifiedDifference,
  type PairedBucket,
} from "../stats/confidence-sequence.ts";
import { splitEvidence } from "../stats/split-e-value.ts";
import type { MetricBucket } from "./step-data.ts";

/** Below it in either arm no interval is trusted. */
export const BURN_IN = 100;

/** A sample that can be counted. */
export type Measured = Exclude<Sample, { readonly kind: "invalid" }>;

/** Numbers of both arms over all buckets. */
export interface ControlFigures {
  readonly candidate: ArmFigures | null;
  readonly control: ArmFigures | null;
  readonly paired: readonly PairedBucket[];
  readonly counts: Parameters<typeof splitEvidence>[0];
}

export interface Alphas {
  readonly harm: number;
  readonly advance: number;
}

function isMeasured(sample: Sample | null): sample is Measured {
  return sample !== null && sample.kind !== "invalid" && sample.n > 0;
}

function valueOf(sample: Measured): number {
  return sample.kind === "mean" ? sample.mean : sample.errors / sample.n;
}

/** Total and mean of one arm; null without a sample. */
export function armOf(samples: readonly (Sample | null)[]): ArmFigures | null {
  const measured = samples.filter(isMeasured);
  const n = measured.reduce((sum, sample) => sum + sample.n, 0);
  if (n === 0) return null;
  return { n, value: measured.reduce((sum, sample) => sum + sample.n * valueOf(sample), 0) / n };
}

/** Of a rate, the variance is that of the whole step: an hour with few requests says little about its own. */
function armVariance(arm: ArmFigures): number {
  return smoothedRate(arm.value * arm.n, arm.n).variance;
}

/** Buckets that both arms measured; `effect` is how many requests count for one sample. */
export function controlFigures(buckets: readonly MetricBucket[], effect: number): ControlFigures {
  const both = buckets.flatMap(({ candidate, control }) =>
    isMeasured(candidate) && isMeasured(control) ? [{ candidate, control }] : [],
  );
  const candidate = armOf(both.map((bucket) => bucket.candidate));
  const control = armOf(both.map((bucket) => bucket.control));
  if (candidate === null || control === null) {
    const seen = (side: "candidate" | "control"): ArmFigures | null =>
      armOf(buckets.map((bucket) => bucket[side]));
    return { candidate: seen("candidate"), control: seen("control"), paired: [], counts: [] };
  }
  const armBucket = (sample: Measured, arm: ArmFigures): PairedBucket["candidate"] => ({
    n: sample.n,
    mean: valueOf(sample),
    variance: effect * (sample.kind === "mean" ? sample.variance : armVariance(arm)),
  });
  return {
    candidate,
    control,
    paired: both.map((bucket) => ({
      candidate: armBucket(bucket.candidate, candidate),
      control: armBucket(bucket.control, control),
    })),
    counts: both.map((bucket) => ({
      candidate: countsOf(bucket.candidate, effect),
      control: countsOf(bucket.control, effect),
    })),
  };
}

function countsOf(sample: Measured, effect: number): { readonly n: number; readonly errors: number } {
  if (sample.kind === "mean") return { n: 0, errors: 0 };
  return { n: sample.n / effect, errors: sample.errors / effect };
}

/** What the buckets amount to by both tests; null before there is an interval. */
export interface ControlTest {
  readonly difference: number;
  readonly standardError: number;
  readonly weight: number;
  readonly critical: { readonly advance: number; readonly harm: number };
  /** Bounds of candidate - control: below at one side's level, above at the other's. */
  readonly lower: number;
  readonly upper: number;
  readonly isHarm: boolean;
  readonly isNonInferior: boolean;
}

/** The confidence sequence of one metric (docs/rollout-decisions.md). */
export function testControl(
  metric: Pick<RolloutMetric, "direction" | "margin" | "harmAt">,
  paired: readonly PairedBucket[],
  planned: number,
  alpha: Alphas,
): ControlTest | null {
  const found = stratifiedDifference(paired);
  if (found === null) return null;
  const { difference, standardError, weight } = found;
  const critical = {
    advance: sequenceCritical(weight, sequenceTuning(alpha.advance, planned), alpha.advance),
    harm: sequenceCritical(weight, sequenceTuning(alpha.harm, planned), alpha.harm),
  };
  const sign = metric.direction === "up" ? 1 : -1;
  // How much better the candidate is; less than nothing is a loss.
  const gain = sign * difference;
  const harmBound = gain + critical.harm * standardError;
  const advanceBound = gain - critical.advance * standardError;
  return {
    difference,
    standardError,
    weight,
    critical,
    lower: sign === 1 ? advanceBound : -harmBound,
    upper: sign === 1 ? harmBound : -advanceBound,
    isHarm: harmBound < -metric.harmAt,
    isNonInferior: advanceBound > -metric.margin,
  };
}

function missed({ n, errors }: { readonly n: number; readonly errors: number }) {
  return { n, errors: n - errors };
}

/** The evidence in counts for more errors; of a rate that should be high, for fewer hits. */
export function errorEvidence(
  { direction }: Pick<RolloutMetric, "direction">,
  counts: ControlFigures["counts"],
): number {
  if (direction === "down") return splitEvidence(counts);
  return splitEvidence(
    counts.map(({ candidate, control }) => ({ candidate: missed(candidate), control: missed(control) })),
  );
}

/** W* at the end of minSoak, from the sizes of the first buckets alone, at least what minSample amounts to. */
export function plannedWeight(
  paired: readonly PairedBucket[],
  plan: {
    readonly buckets: number;
    readonly soakBuckets: number;
    readonly minSample: number;
    readonly share: number;
  },
): number {
  const seen = paired.reduce((sum, { candidate, control }) => sum + effectiveSize(candidate.n, control.n), 0);
  const least = Math.max(plan.minSample, BURN_IN) * (1 - plan.share);
  return Math.max((seen / Math.max(1, plan.buckets)) * plan.soakBuckets, least, 1);
}
