import { textDigest } from "../../src/domain/digest.ts";
import type { Observations } from "../../src/domain/metrics.ts";
import type {
  CommandInput,
  CommandOutcome,
  DecideInput,
  Decision,
  ObservedMetrics,
  RegistryView,
  RolloutCommand,
} from "../../src/domain/rollout-decision.ts";
import type { RolloutCandidate, RolloutState } from "../../src/domain/rollout-state.ts";
import type { RolloutStrategy } from "../../src/domain/rollout.ts";
import { decide } from "../../src/rollout/decide.ts";
import { nextRelease, stepContent } from "../../src/rollout/documents.ts";
import { currentStep, phaseOf, recordedExposure } from "../../src/rollout/exposure.ts";
import { runCommand } from "../../src/rollout/run-command.ts";
import { observationRequest } from "../../src/rollout/step-data.ts";
import { aStrategy, CANDIDATE, HOUR, observing, STABLE, START, type Traffic } from "./world.ts";

/** A time as documents have it, in hours after the start. */
export function after(hours: number): string {
  return new Date(START + hours * HOUR).toISOString();
}

export const NEXT: RolloutCandidate = {
  ...CANDIDATE,
  version: "2.5.0",
  digest: textDigest("next"),
  requestedAt: after(1),
  by: "ben",
  reason: "newer",
};

/** The labels and the document that a state expects to find. */
export function registryOf(state: RolloutState): RegistryView {
  const isOut = state.phase === "baking" || state.phase === "completed";
  const version = isOut ? state.candidate.version : state.stable.version;
  return {
    labels: [{ name: "production", version, since: after(0), by: "ana" }],
    release: state.release,
  };
}

export function withProduction({ labels, release }: RegistryView, version: string): RegistryView {
  const moved = { name: "production", version, since: after(2), by: "carl" };
  return { labels: [...labels.filter(({ name }) => name !== "production"), moved], release };
}

/** Somebody writes another weight. */
export function withWeight({ labels, release }: RegistryView, weight: number): RegistryView {
  if (release === null || release.candidate === null) throw new Error("nothing is tried");
  const { generation, candidate } = release;
  return { labels, release: { ...release, candidate: { ...candidate, weight }, generation: generation + 1 } };
}

/** What was answered to an order, by `ana` an hour after the start. */
export function order(
  state: RolloutState | null,
  command: RolloutCommand,
  fields: Partial<CommandInput> = {},
): CommandOutcome {
  const production = { name: "production", version: STABLE.version, since: after(0), by: "ana" };
  return runCommand({
    prompt: "desk",
    state,
    strategy: state?.strategy ?? aStrategy(),
    registry: state === null ? { labels: [production], release: null } : registryOf(state),
    others: [],
    freeze: null,
    clock: { now: START + HOUR, store: null },
    by: "ana",
    reason: "because",
    command,
    ...fields,
  });
}

/** The decision that an order led to; throws where it was refused. */
export function decided(outcome: CommandOutcome): Decision {
  if (outcome.kind === "refused") throw new Error(outcome.message);
  return outcome.decision;
}

export const start: Extract<RolloutCommand, { kind: "start" }> = {
  kind: "start",
  candidate: CANDIDATE,
  stable: STABLE,
  supersede: false,
};

/** A rollout that entered a step at the start; without a step it is queued. */
export function stateIn(
  step: number | null,
  fields: Partial<RolloutState> = {},
  strategy: Partial<RolloutStrategy> = {},
): RolloutState {
  const begun = order(null, start, { strategy: aStrategy(strategy), clock: { now: START, store: null } });
  const { state: queued } = decided(begun);
  if (queued === null) throw new Error("it did not start");
  if (step === null) return { ...queued, ...fields };
  const entered = currentStep({ ...queued, step });
  const content = stepContent(queued, entered);
  const release = content === null ? null : nextRelease("desk", content, null, START);
  return {
    ...queued,
    step,
    phase: phaseOf(entered),
    release,
    previousRelease: release,
    exposedAt: content === null ? null : after(0),
    ...fields,
  };
}

/** What a look finds: everything is as it should be, but for what is said. */
export interface Situation {
  /** Index of the step, `null` for a queued one; 5 % unless given. */
  readonly step?: number | null;
  /** Since the step began; 27 unless given, an hour more than the shipped soak and settle delay. */
  readonly hours?: number;
  readonly state?: Partial<RolloutState>;
  readonly strategy?: Partial<RolloutStrategy>;
  readonly registry?: (registry: RegistryView) => RegistryView;
  readonly traffic?: Partial<Traffic>;
  readonly observed?: (observations: Observations) => Observations;
  readonly unreachable?: string;
  readonly input?: Partial<DecideInput>;
}

function metricsOf(state: RolloutState, now: number, situation: Situation): ObservedMetrics {
  const request = observationRequest(state, now);
  if (request === null) return { kind: "not_needed" };
  if (situation.unreachable !== undefined) return { kind: "unreachable", message: situation.unreachable };
  const share = recordedExposure(state) / 100_000;
  const seen = observing({ perHour: 2000, share: () => share, ...situation.traffic })(request);
  return { kind: "observed", observations: situation.observed?.(seen) ?? seen };
}

/** One look at a rollout. */
export function look(situation: Situation): Decision {
  const { hours = 27, registry = (same) => same } = situation;
  const before = { lastTickAt: after(hours - 1), updatedAt: after(hours - 1) };
  const step = situation.step === undefined ? 1 : situation.step;
  const state = stateIn(step, { ...before, ...situation.state }, situation.strategy);
  const now = START + hours * HOUR;
  return decide({
    state,
    strategy: state.strategy,
    registry: registry(registryOf(state)),
    others: [],
    metrics: metricsOf(state, now, situation),
    freeze: null,
    clock: { now, store: null },
    by: "scheduler",
    ...situation.input,
  });
}
