import type { Observations, ObserveRequest, Sample } from "../domain/metrics.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import { FULL_WEIGHT } from "../domain/release.ts";
import { recordedExposure, currentStep } from "./exposure.ts";

/** A bucket in which a metric was measured: a side is null where it was not. */
export interface MetricBucket {
  readonly bucket: number;
  readonly candidate: Sample | null;
  readonly control: Sample | null;
}

/** What counts of a step: closed buckets that began after its weight was in force. */
export interface StepData {
  readonly from: number;
  readonly to: number;
  readonly buckets: ReadonlyMap<string, readonly MetricBucket[]>;
  /** Metrics that could not be read. */
  readonly errors: ReadonlyMap<string, string>;
  /** Units by bucket; `fresh` counts each of them once. */
  readonly assigned: readonly {
    readonly bucket: number;
    readonly candidate: Counted;
    readonly control: Counted;
  }[];
  /** True where requests stand for units that are not known. */
  readonly perRequest: boolean;
  /** Null when the source answered. */
  readonly unreachable: string | null;
}

interface Counted {
  readonly n: number;
  readonly fresh: number;
}

/** How long applications may still serve the former weight. */
const CACHE_MS = 300_000;

/** The closed buckets of the present step; `to` is not above `from` when there is none. */
function stepWindow(state: RolloutState, now: number): { readonly from: number; readonly to: number } {
  const { bucketMs, settleDelayMs } = state.strategy;
  const from = Math.ceil(Date.parse(state.weightAppliedAt) / bucketMs) * bucketMs;
  return { from, to: Math.floor((now - settleDelayMs) / bucketMs) * bucketMs };
}

/** True where the candidate is held against a version that is served beside it. */
export function hasControl(state: RolloutState): boolean {
  const { weight, holdback } = currentStep(state);
  return state.phase !== "queued" && weight > 0 && (weight < FULL_WEIGHT || holdback > 0);
}

/** The share of the candidate among the units of both arms, as the recorded weights promise it. */
export function promisedShare(state: RolloutState): number {
  return recordedExposure(state) / FULL_WEIGHT;
}

/**
 * What to ask the metrics source before `decide`; null when nothing is needed. While no bucket of the step is closed the
 * last closed one is asked for, so that a source that is down is seen at once.
 */
export function observationRequest(state: RolloutState, now: number): ObserveRequest | null {
  if (state.phase !== "staging" && state.phase !== "canary" && state.phase !== "baking") return null;
  const { bucketMs, metrics } = state.strategy;
  const { from, to } = stepWindow(state, now);
  return {
    prompt: state.prompt,
    versions: [state.candidate.version, state.stable.version],
    metrics: metrics.map(({ name, kind, transform }) => ({ name, kind, transform })),
    from: Math.min(from, to - bucketMs),
    to,
    bucketMs,
  };
}

function isCount(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/** Why a sample cannot be what was measured, or null: adapters check too, and a wrong one must not pass. */
function sampleFault(sample: Sample): string | null {
  if (sample.kind === "invalid") return sample.reason;
  if (!isCount(sample.n)) return "the number of samples is none";
  if (sample.kind === "mean") {
    if (!Number.isFinite(sample.mean)) return "the mean is no number";
    return isCount(sample.variance) ? null : "the variance is no number of at least 0";
  }
  return isCount(sample.errors) && sample.errors <= sample.n ? null : "the errors are no part of the samples";
}

function checked(sample: Sample): Sample {
  const reason = sampleFault(sample);
  return reason === null ? sample : { kind: "invalid", reason };
}

function inOrder<Value>(byBucket: ReadonlyMap<number, Value>): (Value & { readonly bucket: number })[] {
  return [...byBucket]
    .toSorted(([left], [right]) => left - right)
    .map(([bucket, value]) => ({ bucket, ...value }));
}

/** Observations as a step sees them. */
export function stepData(state: RolloutState, now: number, observed: Observations | string): StepData {
  const { from, to } = stepWindow(state, now);
  const empty = { from, to, buckets: new Map(), errors: new Map(), assigned: [], perRequest: false };
  if (typeof observed === "string") return { ...empty, unreachable: observed };
  const inside = (bucket: number): boolean => bucket >= from && bucket < to;
  const buckets = new Map<string, Map<number, { candidate: Sample | null; control: Sample | null }>>();
  const side = (version: string): "candidate" | "control" | null =>
    version === state.candidate.version ? "candidate" : version === state.stable.version ? "control" : null;
  for (const { metric, version, bucket, sample } of observed.observations) {
    const arm = side(version);
    if (arm === null || !inside(bucket)) continue;
    const ofMetric = buckets.get(metric) ?? new Map();
    buckets.set(metric, ofMetric);
    const both = ofMetric.get(bucket) ?? { candidate: null, control: null };
    both[arm] = checked(sample);
    ofMetric.set(bucket, both);
  }
  const assigned = new Map<number, { candidate: Counted; control: Counted }>();
  const none = { n: 0, fresh: 0 };
  for (const { version, bucket, n, newUnits } of observed.assignments) {
    const arm = side(version);
    if (arm === null || !inside(bucket) || !isCount(n) || !isCount(newUnits)) continue;
    const both = assigned.get(bucket) ?? { candidate: none, control: none };
    both[arm] = { n, fresh: newUnits };
    assigned.set(bucket, both);
  }
  return {
    from,
    to,
    buckets: new Map([...buckets].map(([name, ofMetric]) => [name, inOrder(ofMetric)])),
    errors: new Map(observed.errors.map(({ metric, message }) => [metric, message])),
    assigned: inOrder(assigned),
    perRequest: observed.basis !== "unit",
    unreachable: null,
  };
}

/** From when on all applications serve the recorded weight. */
export function settledFrom(state: RolloutState): number {
  return Date.parse(state.weightAppliedAt) + CACHE_MS;
}
