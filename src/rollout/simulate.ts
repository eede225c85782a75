import type { Observations } from "../domain/metrics.ts";
import type { Label } from "../domain/registry.ts";
import type { Decision, MetricEvidence, ObservedMetrics, RegistryView } from "../domain/rollout-decision.ts";
import { isActive, type RolloutCandidate, type RolloutState } from "../domain/rollout-state.ts";
import type { RolloutPhase, RolloutStrategy, RolloutVersion } from "../domain/rollout.ts";
import { decide } from "./decide.ts";
import { iso } from "./documents.ts";
import { runCommand } from "./run-command.ts";
import { observationRequest } from "./step-data.ts";

/** One look as `simulate --json` prints it. */
interface SimulatedDecision {
  readonly at: string;
  readonly action: "hold" | "advance" | "rollback";
  readonly reason: string;
  readonly message: string;
  /** After the decision: name of the step and share of units in 1/100,000. */
  readonly step: string;
  readonly weight: number;
  readonly phase: RolloutPhase;
  readonly metrics: readonly MetricEvidence[];
}

export interface Simulation {
  readonly schema: "promptgate/simulation@1";
  readonly decisions: readonly SimulatedDecision[];
  readonly final: { readonly phase: RolloutPhase; readonly step: string; readonly weight: number };
}

export interface SimulateInput {
  readonly prompt: string;
  readonly strategy: RolloutStrategy;
  readonly candidate: Omit<RolloutCandidate, "requestedAt" | "by" | "reason">;
  readonly stable: RolloutVersion;
  /** Milliseconds since 1970: when it starts, how far apart the looks are, and when nobody looks any more. */
  readonly start: number;
  readonly everyMs: number;
  readonly until: number;
  /** What the source would answer; it must not depend on anything but the request. */
  readonly observe: (request: NonNullable<ReturnType<typeof observationRequest>>) => Observations;
}

/** The registry as a rollout leaves it. */
interface World {
  readonly registry: RegistryView;
  readonly state: RolloutState;
}

function applied(world: World, { state, release, labels }: Decision, now: number): World {
  const moved = labels.reduce<readonly Label[]>(
    (all, { label, to, by }) => [
      ...all.filter(({ name }) => name !== label),
      { name: label, version: to, since: iso(now), by },
    ],
    world.registry.labels,
  );
  return {
    state: state ?? world.state,
    registry: { labels: moved, release: release?.document ?? world.registry.release },
  };
}

function rowOf({ at, action, reason, message, to, metrics }: Decision): SimulatedDecision {
  const shown = action === "none" ? "hold" : action;
  const { step, phase } = to;
  return { at, action: shown, reason, message, step, weight: to.weight, phase, metrics };
}

function firstWorld({ prompt, strategy, candidate, stable, start }: SimulateInput): World {
  const by = "simulate";
  const production = { name: "production", version: stable.version, since: iso(start), by };
  const registry: RegistryView = { labels: [production], release: null };
  const outcome = runCommand({
    prompt,
    state: null,
    strategy,
    registry,
    others: [],
    freeze: null,
    clock: { now: start, store: null },
    by,
    reason: "simulation",
    command: { kind: "start", candidate, stable, supersede: false },
  });
  if (outcome.kind === "refused" || outcome.decision.state === null) {
    throw new RangeError(outcome.kind === "refused" ? outcome.message : "the rollout did not start");
  }
  return { registry, state: outcome.decision.state };
}

/** Replays what was observed under a strategy: the same `decide` as for a real rollout, over a registry of its own. */
export function simulate(input: SimulateInput): Simulation {
  let world = firstWorld(input);
  const decisions: SimulatedDecision[] = [];
  for (let now = input.start; now <= input.until && isActive(world.state.phase); now += input.everyMs) {
    const request = observationRequest(world.state, now);
    const metrics: ObservedMetrics =
      request === null ? { kind: "not_needed" } : { kind: "observed", observations: input.observe(request) };
    const decision = decide({
      state: world.state,
      strategy: input.strategy,
      registry: world.registry,
      others: [],
      metrics,
      freeze: null,
      clock: { now, store: null },
      by: "scheduler",
    });
    decisions.push(rowOf(decision));
    world = applied(world, decision, now);
  }
  const last = decisions.at(-1);
  const { phase } = world.state;
  return {
    schema: "promptgate/simulation@1",
    decisions,
    final: { phase, step: last?.step ?? "", weight: last?.weight ?? 0 },
  };
}
