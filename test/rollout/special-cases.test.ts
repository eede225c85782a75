import { describe, expect, it } from "vitest";
import type { RolloutHold } from "../../src/domain/rollout-state.ts";
import { after, look, NEXT, stateIn, withProduction, withWeight, type Situation } from "./a-look.ts";
import { CANDIDATE, HOUR, STABLE, START } from "./world.ts";

type Expected = Readonly<Record<string, unknown>>;
type Row = readonly [name: string, situation: Situation, expected: Expected];

const held = (reason: string, since: string): RolloutHold => ({
  reason,
  since,
  until: null,
  by: "scheduler",
});

describe("a newer candidate", () => {
  it.each<Row>([
    [
      "waits while the live one passes",
      { state: { queued: NEXT } },
      { event: "advanced", to: { step: "canary25", weight: 25_000 }, state: { queued: NEXT } },
    ],
    [
      "takes the place of one that was held for more than a day",
      { state: { queued: NEXT, hold: held("inconclusive(quality)", after(2)) } },
      {
        event: "superseded",
        outcome: "ok",
        order: "traffic-first",
        to: { phase: "superseded", weight: 0 },
        state: { denied: [], queued: NEXT },
      },
    ],
    [
      "waits for one that was held for less than a day",
      { state: { queued: NEXT, hold: held("inconclusive(quality)", after(4)) } },
      { event: "advanced" },
    ],
    [
      "waits for one that is only soaking, however long",
      { state: { queued: NEXT, hold: held("soaking", after(0)) } },
      { event: "advanced" },
    ],
    [
      "starts beside the stable version, never beside the canary that it replaced",
      { state: { queued: NEXT, phase: "superseded", endedAt: after(26) } },
      {
        event: "queued",
        state: { attempt: 2, rolloutId: "desk.r2", phase: "queued", candidate: NEXT, stable: STABLE },
      },
    ],
    [
      "does not start beside a version that nobody knows",
      {
        state: { queued: NEXT, phase: "superseded", endedAt: after(26) },
        registry: (registry) => withProduction(registry, "9.9.9"),
      },
      { event: "held", reason: "drift", outcome: "failed_closed", to: { weight: 5000 } },
    ],
  ])("%s", (_, situation, expected) => {
    expect(look(situation)).toMatchObject(expected);
  });
});

describe("a change by hand", () => {
  it.each<Row>([
    [
      "of production holds",
      { registry: (registry) => withProduction(registry, "9.9.9") },
      { event: "held", reason: "drift", outcome: "failed_closed", state: { driftSince: after(27) } },
    ],
    [
      "of production takes the candidate back after a time of grace",
      { registry: (registry) => withProduction(registry, "9.9.9"), state: { driftSince: after(26) } },
      { event: "rolled-back", reason: "drift", to: { weight: 0 }, state: { denied: [] } },
    ],
    [
      "of production that was set right again is forgotten",
      { state: { driftSince: after(26) }, hours: 20 },
      { event: "held", reason: "soaking", state: { driftSince: null } },
    ],
    [
      "of production to the candidate completes without a gate",
      { registry: (registry) => withProduction(registry, CANDIDATE.version) },
      {
        event: "completed-externally",
        to: { phase: "completed" },
        state: { overridden: true, lastEntry: { details: { ungated: true, movedBy: "carl" } } },
      },
    ],
    [
      "of the weight to 0 ends the rollout",
      { registry: (registry) => withWeight(registry, 0) },
      { event: "rolled-back", reason: "external", release: null, state: { denied: [{ times: 1 }] } },
    ],
    [
      "of the weight to less holds for good",
      { registry: (registry) => withWeight(registry, 2000) },
      { event: "held", reason: "lowered", release: null, notify: true, state: { lowered: { weight: 2000 } } },
    ],
    [
      "of the weight to less is never undone, though all else passes",
      { state: { lowered: { at: after(1), weight: 5000 } } },
      { event: "held", reason: "lowered", release: null },
    ],
    [
      "of the weight to more is put back",
      { registry: (registry) => withWeight(registry, 60_000) },
      {
        event: "put-back",
        order: "traffic-first",
        outcome: "failed_closed",
        notify: true,
        release: { expected: 2, document: { generation: 3, candidate: { weight: 5000 } } },
      },
    ],
  ])("%s", (_, situation, expected) => {
    expect(look(situation)).toMatchObject(expected);
  });
});

describe("a crash between two writes", () => {
  const before = stateIn(1).release;
  const next = stateIn(2, { previousRelease: before });
  const written = next.release === null ? null : { ...next.release, generation: 2 };
  const cutOff: Situation = { step: 2, hours: 1, state: { release: written, previousRelease: before } };

  it("is finished where the document is exactly the one before", () => {
    const decision = look({ ...cutOff, registry: ({ labels }) => ({ labels, release: before }) });
    expect(decision).toMatchObject({
      event: "repaired",
      release: { expected: 1, document: { generation: 2, candidate: { weight: 25_000 } } },
      state: { weightAppliedAt: after(1) },
    });
  });

  it("is no crash where somebody wrote the same weight again: that stays", () => {
    const byHand = before === null ? null : { ...before, generation: 2, updatedAt: after(0.5) };
    const decision = look({ ...cutOff, registry: ({ labels }) => ({ labels, release: byHand }) });
    expect(decision).toMatchObject({ event: "held", reason: "lowered", release: null });
  });

  it.each<Row>([
    ["a pause", { state: { pause: { since: after(0), by: "ana", reason: "wait" } } }, { reason: "paused" }],
    [
      "a freeze",
      { input: { freeze: { by: "ana", reason: "sale", since: after(0), until: null } } },
      { reason: "freeze" },
    ],
    ["a time in which nothing is measured", { unreachable: "refused" }, { reason: "metrics_down" }],
    ["a time without a look", { hours: 30, state: { lastTickAt: after(1) } }, { reason: "gap" }],
  ])("is not finished during %s", (_, situation, expected) => {
    const decision = look({
      ...cutOff,
      ...situation,
      state: { ...cutOff.state, ...situation.state },
      registry: ({ labels }) => ({ labels, release: before }),
    });
    expect(decision).toMatchObject({ event: "held", release: null, ...expected });
  });

  it("is no crash where somebody takes production back: what a look has seen in force is done", () => {
    const moved = {
      label: "production",
      to: CANDIDATE.version,
      previous: { version: STABLE.version, since: after(0) },
    };
    const seen = look({ step: 4, hours: 3, state: { labels: [moved] } });
    expect(seen).toMatchObject({ reason: "soaking", state: { labels: [] } });
    const back = { name: "production", version: STABLE.version, since: after(0), by: "carl" };
    const decision = look({
      step: 4,
      hours: 4,
      state: { labels: seen.state?.labels ?? [moved] },
      registry: ({ release }) => ({ labels: [back], release }),
    });
    expect(decision).toMatchObject({ event: "rolled-back", reason: "external", to: { weight: 0 } });
  });

  it("hears nothing of a raise that was cut off while harm is proven", () => {
    const decision = look({
      ...cutOff,
      hours: 20,
      registry: ({ labels }) => ({ labels, release: before }),
      traffic: { quality: (version) => (version === CANDIDATE.version ? 0.5 : 0.8) },
    });
    expect(decision).toMatchObject({
      event: "rolled-back",
      reason: "harm(quality)",
      release: { document: { candidate: { weight: 0 } } },
    });
  });
});

describe("clocks and schedulers", () => {
  it.each<Row>([
    [
      "hold where the clock is behind the last look",
      { state: { lastTickAt: after(27.1), updatedAt: after(27.1) } },
      { event: "held", reason: "clock", outcome: "failed_closed", notify: true },
    ],
    [
      "forgive a minute",
      { state: { lastTickAt: after(27.01), updatedAt: after(27.01) } },
      { event: "advanced" },
    ],
    [
      "take the earlier of two clocks that are far apart, and say so",
      { hours: 10, input: { clock: { now: START + 40 * HOUR, store: START + 10 * HOUR } } },
      { event: "held", reason: "soaking", warnings: [expect.stringContaining("30h apart")] },
    ],
    [
      "only judge at the first look after a day without one",
      { hours: 60, state: { lastTickAt: after(30), updatedAt: after(30) } },
      { event: "held", reason: "gap", notify: true, state: { lastTickAt: after(60) } },
    ],
    [
      "roll back at the first look after a day without one where harm is proven",
      {
        hours: 60,
        state: { lastTickAt: after(30), updatedAt: after(30) },
        traffic: { quality: (version) => (version === CANDIDATE.version ? 0.5 : 0.8) },
      },
      { event: "rolled-back", reason: "harm(quality)" },
    ],
    [
      "go one step at a time, and let the next one soak from now on",
      { hours: 47 },
      {
        event: "advanced",
        order: "state-first",
        to: { step: "canary25", weight: 25_000 },
        state: { step: 2, weightAppliedAt: after(47), plannedWeights: {}, coveredBuckets: 0 },
      },
    ],
  ])("%s", (_, situation, expected) => {
    expect(look(situation)).toMatchObject(expected);
  });

  it("decide the same twice, under one id and for one generation", () => {
    const [first, second] = [look({}), look({})];
    expect(second).toEqual(first);
    expect(first.state?.generation).toBe(2);
    expect(look({ state: { generation: 2 } }).id).not.toBe(first.id);
  });
});
