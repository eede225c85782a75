import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Label } from "../../src/domain/registry.ts";
import type { ReleaseDocument } from "../../src/domain/release.ts";
import type { CommandOutcome, Decision, ObservedMetrics } from "../../src/domain/rollout-decision.ts";
import { isActive, type RolloutState } from "../../src/domain/rollout-state.ts";
import { decide } from "../../src/rollout/decide.ts";
import { exposureOf } from "../../src/rollout/exposure.ts";
import { runCommand } from "../../src/rollout/run-command.ts";
import { parseState, stateText } from "../../src/rollout/state-document.ts";
import { observationRequest } from "../../src/rollout/step-data.ts";
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

interface World {
  now: number;
  state: RolloutState | null;
  release: ReleaseDocument | null;
  labels: Label[];
  freeze: boolean;
  /** Decisions whose state was stored. */
  stored: Decision[];
  quality: number;
  source: "fine" | "down" | "silent";
  /** True when a person wrote the last change of release document or label. */
  edited: boolean;
}

function production(world: World): string {
  return world.labels.find(({ name }) => name === "production")?.version ?? "";
}

function exposure(world: World): number {
  return exposureOf(world.release, CANDIDATE.version, production(world));
}

function look(world: World, skew = 0): Decision | null {
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
            world.edited = false;
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

type Step =
  | { readonly kind: "tick"; readonly hours: number; readonly crashAfter: number; readonly skew: number }
  | { readonly kind: "two"; readonly order: readonly boolean[] }
  | { readonly kind: "edit"; readonly weight: number }
  | { readonly kind: "label"; readonly version: string }
  | {
      readonly kind: "world";
      readonly quality: number;
      readonly source: World["source"];
      readonly freeze: boolean;
    }
  | {
      readonly kind: "command";
      readonly command: "pause" | "resume" | "abort" | "rollback" | "retry" | "start";
    };

const tick = fc.record({
  kind: fc.constant("tick" as const),
  hours: fc.constantFrom(1, 1, 1, 1, 2, 5, 30),
  crashAfter: fc.constantFrom(9, 9, 9, 9, 0, 1, 2, 3),
  skew: fc.constantFrom(0, 0, 0, 0, 0, -6 * HOUR, 6 * HOUR),
});

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: tick },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("two" as const),
      order: fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("edit" as const),
      weight: fc.constantFrom(0, 1000, 5000, 20_000, 50_000, 90_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("label" as const),
      version: fc.constantFrom(STABLE.version, CANDIDATE.version, "9.9.9"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("world" as const),
      quality: fc.constantFrom(0.8, 0.8, 0.8, 0.79, 0.7),
      source: fc.constantFrom(
        "fine" as const,
        "fine" as const,
        "fine" as const,
        "down" as const,
        "silent" as const,
      ),
      freeze: fc.constantFrom(false, false, true),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("command" as const),
      command: fc.constantFrom(
        "pause" as const,
        "resume" as const,
        "resume" as const,
        "abort" as const,
        "rollback" as const,
        "retry" as const,
        "start" as const,
      ),
    }),
  },
);

function aWorld(): World {
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
    edited: false,
  };
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
    command:
      command === "start"
        ? { kind: "start", candidate: { ...CANDIDATE, minCanaryMs: null }, stable: STABLE, supersede: false }
        : command === "rollback"
          ? { kind: "rollback", to: null }
          : { kind: command },
  });
}

/** Whether the store holds a decision that let exposure rise to where it is. */
function isCovered(world: World, value: number): boolean {
  return world.stored.some(
    ({ action, to, event }) =>
      (action === "advance" && to.weight >= value) || (event === "completed-externally" && value === 100_000),
  );
}

/** What must hold at every write of ours. */
function write(world: World, single: Write): boolean {
  const before = exposure(world);
  const done = single(world);
  const after = exposure(world);
  if (after > before) {
    expect(isCovered(world, after), `from ${before} to ${after} without a decision`).toBe(true);
    expect(world.state !== null && (isActive(world.state.phase) || world.state.phase === "completed")).toBe(
      true,
    );
  }
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

function advanceWorld(world: World, step: Step): void {
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
      if (world.release?.candidate == null) return;
      world.release = {
        ...world.release,
        candidate: { ...world.release.candidate, weight: step.weight },
        generation: world.release.generation + 1,
      };
      world.edited = true;
      return;
    case "label":
      world.labels = [
        ...world.labels.filter(({ name }) => name !== "production"),
        { name: "production", version: step.version, since: new Date(world.now).toISOString(), by: "ben" },
      ];
      world.edited = true;
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

const histories = fc.array(steps, { minLength: 20, maxLength: 90 });

function play(history: readonly Step[], inspect: (world: World, step: Step, before: World) => void): World {
  const world = aWorld();
  advanceWorld(world, { kind: "command", command: "start" });
  for (const step of history) {
    const before = { ...world, labels: [...world.labels], stored: [...world.stored] };
    advanceWorld(world, step);
    inspect(world, step, before);
  }
  return world;
}

describe("a rollout over long histories", () => {
  it("never raises exposure without a stored decision that passed, whoever crashes, edits or races", () => {
    const reached = { canary: 0, completed: 0, ended: 0 };
    fc.assert(
      fc.property(histories, (history) => {
        const world = play(history, () => undefined);
        if (world.stored.some(({ to }) => to.phase === "canary")) reached.canary += 1;
        if (world.stored.some(({ event }) => event === "completed")) reached.completed += 1;
        if (world.stored.some(({ event }) => event === "rolled-back")) reached.ended += 1;
      }),
      { numRuns: 120 },
    );
    expect(reached.canary).toBeGreaterThan(20);
    expect(reached.completed).toBeGreaterThan(0);
    expect(reached.ended).toBeGreaterThan(10);
  }, 120_000);

  it("stays ended, until a person retries or starts again", () => {
    fc.assert(
      fc.property(histories, (history) => {
        play(history, (world, step, before) => {
          if (before.state === null || isActive(before.state.phase)) return;
          if (step.kind === "tick" || step.kind === "two") {
            expect(world.state?.phase).toBe(before.state.phase);
            expect(world.state?.attempt).toBe(before.state.attempt);
            // A completed one may have its last write finished, never anything else.
            if (before.state.phase !== "completed") expect(world.state).toEqual(before.state);
          }
        });
      }),
      { numRuns: 50 },
    );
  }, 120_000);

  it("moves one step a tick, and an equal look changes nothing more", () => {
    fc.assert(
      fc.property(histories, (history) => {
        play(history, (world, _, before) => {
          if (before.state === null || world.state === null) return;
          if (world.state.attempt === before.state.attempt && isActive(world.state.phase)) {
            expect(world.state.step - before.state.step).toBeLessThanOrEqual(1);
          }
          expect(look(world)).toEqual(look(world));
        });
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it("lets a hand that lowers win: no tick gives more than the hand left", () => {
    fc.assert(
      fc.property(
        histories,
        fc.constantFrom(0, 500),
        fc.integer({ min: 1, max: 5 }),
        (history, weight, ticks) => {
          const world = play(history, () => undefined);
          const { release } = world;
          if (world.state === null || !isActive(world.state.phase)) return;
          if (release?.candidate == null || release.candidate.weight <= weight) return;
          if (production(world) === CANDIDATE.version) return;
          Object.assign(world, { freeze: false, source: "fine" });
          advanceWorld(world, { kind: "edit", weight });
          for (let index = 0; index < ticks; index += 1) {
            advanceWorld(world, { kind: "tick", hours: 1, crashAfter: 9, skew: 0 });
            expect(exposure(world)).toBeLessThanOrEqual(weight);
          }
        },
      ),
      { numRuns: 50 },
    );
  }, 120_000);

  it("heals a crash between any two writes at the next tick", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 1, max: 30 }), (crashAfter, when) => {
        const world = aWorld();
        advanceWorld(world, { kind: "command", command: "start" });
        const whole: Step = { kind: "tick", hours: 1, crashAfter: 9, skew: 0 };
        for (let index = 0; index < when; index += 1) advanceWorld(world, whole);
        advanceWorld(world, { ...whole, crashAfter });
        advanceWorld(world, whole);
        advanceWorld(world, whole);
        const { state } = world;
        expect(state).not.toBeNull();
        expect(state?.lowered).toBeNull();
        expect(state?.phase).not.toBe("rolled-back");
        if (state?.release != null) expect(world.release).toEqual(state.release);
        const expected = state?.phase === "baking" || state?.phase === "completed" ? CANDIDATE : STABLE;
        expect(production(world)).toBe(expected.version);
      }),
      { numRuns: 80 },
    );
  }, 120_000);

  it("keeps every state that it writes readable", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const { state } = play(history, () => undefined);
        if (state === null) return;
        expect(parseState(stateText(state))).toEqual({ kind: "value", state });
      }),
      { numRuns: 25 },
    );
  }, 120_000);
});
