import { textDigest } from "../../src/domain/digest.ts";
import type { Label } from "../../src/domain/registry.ts";
import type { ReleaseDocument } from "../../src/domain/release.ts";
import type {
  CommandOutcome,
  Decision,
  ObservedMetrics,
  RolloutCommand,
} from "../../src/domain/rollout-decision.ts";
import { isActive, type RolloutState } from "../../src/domain/rollout-state.ts";
import { decide } from "../../src/rollout/decide.ts";
import { exposureOf } from "../../src/rollout/exposure.ts";
import { runCommand } from "../../src/rollout/run-command.ts";
import { observationRequest } from "../../src/rollout/step-data.ts";
import type { Step } from "./history-steps.ts";
import { aMetric, aStep, aStrategy, CANDIDATE, HOUR, observing, STABLE, START } from "./world.ts";

// A world with a compare-and-swap store, a registry with generations, people who edit by hand, and schedulers that die.

const strategy = aStrategy({
  steps: [
    aStep({ name: "staging", weight: 0, minSoakMs: 2 * HOUR, maxSoakMs: 12 * HOUR }),
    aStep({ name: "canary5", weight: 5000, minSoakMs: 2 * HOUR, maxSoakMs: 12 * HOUR }),
    aStep({ name: "canary50", weight: 50_000, minSoakMs: 2 * HOUR, maxSoakMs: 12 * HOUR }),
    aStep({ name: "full", weight: 100_000, minSoakMs: 2 * HOUR, maxSoakMs: 12 * HOUR, holdback: 5000 }),
  ],
  metrics: [aMetric()],
  settleDelayMs: 0,
  inconclusive: { graceMs: 6 * HOUR, outcome: "rollback" },
});

export interface World {
  now: number;
  state: RolloutState | null;
  release: ReleaseDocument | null;
  labels: Label[];
  freeze: boolean;
  /** Decisions whose state was stored. */
  stored: Decision[];
  quality: number;
  source: Extract<Step, { kind: "world" }>["source"];
}

export function production(world: World): string {
  return world.labels.find(({ name }) => name === "production")?.version ?? "";
}

export function exposure(world: World): number {
  return exposureOf(world.release, CANDIDATE.version, production(world));
}

export function look(world: World, skew = 0): Decision | null {
  const { state, now, release, labels, freeze, quality, source } = world;
  if (state === null) return null;
  const clock = now + skew;
  const request = observationRequest(state, clock);
  const share = exposure(world) / 100_000;
  const observe = observing({
    perHour: source === "silent" ? 0 : 4000,
    share: () => share,
    quality: (version) => (version === CANDIDATE.version ? quality : 0.8),
  });
  const metrics: ObservedMetrics =
    request === null
      ? { kind: "not_needed" }
      : source === "down"
        ? { kind: "unreachable", message: "connection refused" }
        : { kind: "observed", observations: observe(request) };
  const since = new Date(START).toISOString();
  return decide({
    state,
    strategy,
    registry: { release, labels: [...labels] },
    others: [],
    metrics,
    freeze: freeze ? { by: "ana", reason: "sale", since, until: null } : null,
    clock: { now: clock, store: null },
    by: "scheduler",
  });
}

type Write = (world: World) => boolean;

/** The writes of a decision in its order; each says whether it went through. */
function writesOf(decision: Decision, read: RolloutState | null): Write[] {
  const state: Write = (world) => {
    if (decision.state === null) return true;
    if ((world.state?.generation ?? 0) !== (read?.generation ?? 0)) return false;
    world.state = decision.state;
    world.stored.push(decision);
    return true;
  };
  const traffic: Write[] = [
    ...(decision.release === null
      ? []
      : [
          (world: World): boolean => {
            if ((world.release?.generation ?? null) !== decision.release?.expected) return false;
            world.release = decision.release.document;
            return true;
          },
        ]),
    ...decision.labels.map(({ label, to, expected, by }) => (world: World): boolean => {
      const found = world.labels.find(({ name }) => name === label);
      if ((found?.version ?? null) !== expected) return false;
      world.labels = [
        ...world.labels.filter(({ name }) => name !== label),
        {
          name: label,
          version: to,
          since: `${new Date(world.now).toISOString()} ${world.stored.length}`,
          by,
        },
      ];
      return true;
    }),
  ];
  return decision.order === "state-first" ? [state, ...traffic] : [...traffic, state];
}

export function aWorld(): World {
  const since = new Date(START).toISOString();
  return {
    now: START,
    state: null,
    release: null,
    labels: [{ name: "production", version: STABLE.version, since, by: "ana" }],
    freeze: false,
    stored: [],
    quality: 0.8,
    source: "fine",
  };
}

function commandOf(world: World, kind: RolloutCommand["kind"]): RolloutCommand {
  switch (kind) {
    case "start":
      return { kind, candidate: { ...CANDIDATE, minCanaryMs: null }, stable: STABLE, supersede: false };
    case "adopt": {
      const version = production(world);
      return { kind, stable: { version, digest: textDigest(version) } };
    }
    case "skip-step":
    case "promote-full":
      return { kind, secondApprover: "ben" };
    case "rollback":
      return { kind, to: null };
    case "pause":
    case "resume":
    case "approve":
    case "abort":
    case "retry":
      return { kind };
  }
}

function order(world: World, command: Extract<Step, { kind: "command" }>["command"]): CommandOutcome {
  return runCommand({
    prompt: "desk",
    state: world.state,
    strategy,
    registry: { release: world.release, labels: [...world.labels] },
    others: [],
    freeze: null,
    clock: { now: world.now, store: null },
    by: "ana",
    reason: "test",
    command: commandOf(world, command),
  });
}

/** Whether the store holds a decision of this attempt that let exposure rise to where it is. */
function isCovered({ stored, state }: World, value: number): boolean {
  return stored.some(
    ({ action, to, event, rolloutId }) =>
      rolloutId === state?.rolloutId &&
      ((action === "advance" && to.weight >= value) ||
        (event === "completed-externally" && value === 100_000)),
  );
}

/** One write of ours; throws where exposure rises without a stored decision, or after the end. */
function write(world: World, single: Write): boolean {
  const before = exposure(world);
  const done = single(world);
  const after = exposure(world);
  if (after <= before) return done;
  const { state } = world;
  const isOver = state === null || !(isActive(state.phase) || state.phase === "completed");
  if (isOver || !isCovered(world, after)) throw new Error(`from ${before} to ${after} without a decision`);
  return done;
}

function perform(world: World, decision: Decision | null, read: RolloutState | null, crashAfter = 9): void {
  if (decision === null) return;
  for (const [index, single] of writesOf(decision, read).entries()) {
    if (index >= crashAfter || !write(world, single)) return;
  }
}

function two(world: World, sides: readonly boolean[]): void {
  const read = world.state;
  const decisions = [look(world), look(world)];
  const queues = decisions.map((decision) => (decision === null ? [] : writesOf(decision, read)));
  for (const side of [...sides, ...sides.map(() => true), ...sides.map(() => false)]) {
    const queue = queues[side ? 0 : 1] ?? [];
    const single = queue.shift();
    // Who loses a race stops there.
    if (single !== undefined && !write(world, single)) queue.length = 0;
  }
}

export function advanceWorld(world: World, step: Step): void {
  world.now += 60_000;
  switch (step.kind) {
    case "tick":
      world.now += step.hours * HOUR;
      perform(world, look(world, step.skew), world.state, step.crashAfter);
      return;
    case "two":
      world.now += HOUR;
      two(world, step.order);
      return;
    case "edit":
      if (!world.release?.candidate) return;
      world.release = {
        ...world.release,
        candidate: { ...world.release.candidate, weight: step.weight },
        generation: world.release.generation + 1,
      };
      return;
    case "label":
      world.labels = [
        ...world.labels.filter(({ name }) => name !== "production"),
        { name: "production", version: step.version, since: new Date(world.now).toISOString(), by: "ben" },
      ];
      return;
    case "world":
      Object.assign(world, { quality: step.quality, source: step.source, freeze: step.freeze });
      return;
    case "command": {
      const outcome = order(world, step.command);
      if (outcome.kind === "decided") perform(world, outcome.decision, world.state);
    }
  }
}

/** Lives through a history from a start on. */
export function play(
  history: readonly Step[],
  inspect: (world: World, step: Step, before: World) => void,
): World {
  const world = aWorld();
  advanceWorld(world, { kind: "command", command: "start" });
  for (const step of history) {
    const before = { ...world, labels: [...world.labels], stored: [...world.stored] };
    advanceWorld(world, step);
    inspect(world, step, before);
  }
  return world;
}
