import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { isActive } from "../../src/domain/rollout-state.ts";
import { parseState, stateText } from "../../src/rollout/state-document.ts";
import { histories, type Step } from "./history-steps.ts";
import { advanceWorld, aWorld, exposure, look, play, production } from "./history-world.ts";
import { CANDIDATE, STABLE } from "./world.ts";

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
          if (before.state === null || isActive(before.state.phase) || step.kind === "command") return;
          const { phase, attempt } = before.state;
          expect(world.state).toMatchObject({ phase, attempt });
          // A completed one may have its last write finished, never anything else.
          expect(phase === "completed" || world.state === before.state).toBe(true);
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
          const isSame = world.state.attempt === before.state.attempt && isActive(world.state.phase);
          expect(isSame ? world.state.step - before.state.step : 0).toBeLessThanOrEqual(1);
          expect(look(world)).toEqual(look(world));
        });
      }),
      { numRuns: 25 },
    );
  }, 120_000);

  it("lets a hand that lowers win: no tick gives more than the hand left", () => {
    let lowered = 0;
    fc.assert(
      fc.property(
        histories,
        fc.constantFrom(0, 500),
        fc.integer({ min: 1, max: 5 }),
        (history, weight, ticks) => {
          const world = play(history, () => undefined);
          const { release } = world;
          if (world.state === null || !isActive(world.state.phase)) return;
          if (!release?.candidate || release.candidate.weight <= weight) return;
          // Who only takes back what another hand had raised leaves what the rollout gave itself.
          if ((world.state.release?.candidate?.weight ?? 0) <= weight) return;
          if (production(world) === CANDIDATE.version) return;
          Object.assign(world, { freeze: false, source: "fine" });
          advanceWorld(world, { kind: "edit", weight });
          for (let index = 0; index < ticks; index += 1) {
            advanceWorld(world, { kind: "tick", hours: 1, crashAfter: 9, skew: 0 });
            expect(exposure(world)).toBeLessThanOrEqual(weight);
          }
          lowered += 1;
        },
      ),
      // A hand meets a live canary in one of thirty of them.
      { numRuns: 400 },
    );
    expect(lowered).toBeGreaterThan(0);
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
        expect(world.release).toEqual(state?.release ?? null);
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
