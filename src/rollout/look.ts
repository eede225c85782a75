import type { DecideInput } from "../domain/rollout-decision.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import type { RolloutStep } from "../domain/rollout.ts";
import type { Scene } from "./build-decision.ts";
import { closedFor, type Closed } from "./calendar.ts";
import { checkSampleRatio } from "./check-sample-ratio.ts";
import { iso } from "./documents.ts";
import { currentStep } from "./exposure.ts";
import { isGuardrail, judgeMetrics } from "./judge-metric.ts";
import { stepData, type StepData } from "./step-data.ts";
import { span } from "./wording.ts";

/** Everything that one tick looks at, worked out once. */
export interface Look extends Scene {
  readonly input: DecideInput;
  readonly step: RolloutStep;
  readonly data: StepData;
  /** Why nothing may rise now; null = it may. */
  readonly closed: Closed | null;
  /** What the clock says, even where it is behind the state. */
  readonly clockNow: number;
  /** Buckets in which both arms were served and every guardrail could be counted. */
  readonly covered: number;
  /** Milliseconds since the first tick that saw nothing; null = it sees. */
  readonly blindFor: number | null;
  /** True when the next state must remember what was seen: a step with data to judge. */
  readonly judged: boolean;
}

const CLOCK_TOLERANCE_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** One clock: the store's where it has one; where both differ by much, the one that makes less time pass. */
function readClock({ clock }: DecideInput): { readonly now: number; readonly warnings: readonly string[] } {
  const { now, store } = clock;
  if (store === null) return { now, warnings: [] };
  const apart = Math.abs(store - now);
  if (apart <= CLOCK_TOLERANCE_MS) return { now: store, warnings: [] };
  const warning = `the clocks of this machine and of the store are ${span(apart)} apart; the earlier one counts`;
  return { now: Math.min(now, store), warnings: [warning] };
}

function coveredBuckets(state: RolloutState, data: StepData): number {
  const guardrails = state.strategy.metrics.filter(isGuardrail).map(({ name }) => name);
  const spoiled = new Set(
    guardrails.flatMap((name) =>
      (data.buckets.get(name) ?? [])
        .filter(({ candidate, control }) => candidate?.kind === "invalid" || control?.kind === "invalid")
        .map(({ bucket }) => bucket),
    ),
  );
  return data.assigned.filter(
    ({ bucket, candidate, control }) => !spoiled.has(bucket) && candidate.n > 0 && control.n > 0,
  ).length;
}

/** Buckets of the step in which anything was seen. */
function activeBuckets(data: StepData): Set<number> {
  const measured = [...data.buckets.values()].flat().map(({ bucket }) => bucket);
  return new Set([...measured, ...data.assigned.map(({ bucket }) => bucket)]);
}

/**
 * How long nothing at all was seen at the end of the step, in hours in which something was seen the day before (or
 * nobody looked then): a quiet night is none of them, a log that stopped is.
 */
function silentFor(state: RolloutState, data: StepData, active: ReadonlySet<number>): number {
  const { bucketMs } = state.strategy;
  const known = new Set(state.activeBuckets);
  let silent = 0;
  for (let bucket = data.to - bucketMs; bucket >= data.from && !active.has(bucket); bucket -= bucketMs) {
    const before = bucket - DAY_MS;
    if (before < Date.parse(state.startedAt) || known.has(before)) silent += bucketMs;
  }
  return silent;
}

/** All that decides could not be read. */
function seesNothing(state: RolloutState, data: StepData): boolean {
  if (data.unreachable !== null) return true;
  const guardrails = state.strategy.metrics.filter(isGuardrail);
  return guardrails.every(({ name }) => data.errors.has(name));
}

function blindTime(state: RolloutState, now: number, data: StepData): number | null {
  if (seesNothing(state, data)) return now - Date.parse(state.blindSince ?? iso(now));
  const silent = silentFor(state, data, activeBuckets(data));
  return silent === 0 ? null : silent;
}

/** Works out everything that the rules of `decide` ask. */
export function lookAt(input: DecideInput): Look {
  const { state, registry, by, strategy, freeze, metrics: observed } = input;
  const clock = readClock(input);
  const now = Math.max(clock.now, Date.parse(state.updatedAt));
  const isWatched = state.phase === "staging" || state.phase === "canary" || state.phase === "baking";
  const source =
    observed.kind === "observed"
      ? observed.observations
      : observed.kind === "unreachable"
        ? observed.message
        : "no metrics were handed in";
  const data = stepData(
    state,
    clock.now,
    isWatched ? source : { observations: [], assignments: [], errors: [] },
  );
  return {
    input,
    state,
    registry,
    now,
    by,
    clockNow: clock.now,
    warnings: clock.warnings,
    step: currentStep(state),
    data,
    judged: isWatched,
    metrics: isWatched ? judgeMetrics(state, data) : [],
    sampleRatio: isWatched ? checkSampleRatio(state, data) : null,
    closed: closedFor(strategy, freeze, now),
    covered: coveredBuckets(state, data),
    blindFor: isWatched ? blindTime(state, now, data) : null,
  };
}

const REMEMBERED_MS = 2 * DAY_MS;

/** What the next state remembers of this look, whatever was decided. */
export function remembered(look: Look): Partial<RolloutState> {
  const { state, data, metrics, now } = look;
  if (!look.judged) return {};
  const planned = metrics.flatMap(({ name, plannedWeight }) =>
    plannedWeight === null ? [] : [[name, plannedWeight] as const],
  );
  const seen = [...new Set([...state.activeBuckets, ...activeBuckets(data)])];
  return {
    plannedWeights: { ...Object.fromEntries(planned), ...state.plannedWeights },
    verdicts: Object.fromEntries(metrics.map(({ name, verdict }) => [name, verdict])),
    coveredBuckets: look.covered,
    activeBuckets: seen.filter((bucket) => bucket > now - REMEMBERED_MS).toSorted((a, b) => a - b),
    blindSince: seesNothing(state, data) ? (state.blindSince ?? iso(now)) : null,
  };
}
