import { describe, expect, it } from "vitest";
import type { CommandInput } from "../../src/domain/rollout-decision.ts";
import type { RolloutState } from "../../src/domain/rollout-state.ts";
import { after, decided, order, registryOf, stateIn, withProduction } from "./a-look.ts";
import { CANDIDATE, STABLE } from "./world.ts";

const skip = { kind: "skip-step", secondApprover: "ben" } as const;
const full = { kind: "promote-full", secondApprover: "ben" } as const;
const freeze = { by: "carl", reason: "sale", since: after(0), until: null };

describe("two people", () => {
  it("go past one step, and what they went past is recorded", () => {
    const state = stateIn(1, {
      verdicts: { quality: "inconclusive" },
      lowered: { at: after(0), weight: 5000 },
    });
    expect(decided(order(state, skip))).toMatchObject({
      event: "skipped",
      reason: "overridden",
      order: "state-first",
      to: { step: "canary25", weight: 25_000 },
      state: {
        overridden: true,
        lowered: null,
        lastEntry: {
          details: {
            overridden: true,
            secondApprover: "ben",
            skipped: { step: "canary5", verdicts: { quality: "inconclusive" } },
          },
        },
      },
    });
  });

  it("go to the last step at once, with its holdback", () => {
    expect(decided(order(stateIn(1), full))).toMatchObject({
      event: "promoted-in-full",
      to: { phase: "baking", weight: 95_000 },
      release: {
        document: { stable: CANDIDATE.version, holdback: { version: STABLE.version, weight: 5000 } },
      },
    });
  });

  it("complete a rollout from its last step", () => {
    expect(decided(order(stateIn(4), skip))).toMatchObject({
      event: "completed",
      state: { overridden: true },
    });
  });

  it.each<[string, RolloutState, Partial<CommandInput>, string]>([
    ["that are one", stateIn(1), { by: "ben" }, "a second person has to agree"],
    ["under a freeze", stateIn(1), { freeze }, "nothing is raised now: frozen by carl: sale"],
    [
      "while it is paused",
      stateIn(1, { pause: { since: after(0), by: "carl", reason: "x" } }),
      {},
      "it is paused by carl",
    ],
    ["while it waits for its turn", stateIn(null), {}, "it waits for its turn and has no step to skip"],
    [
      "after its end",
      stateIn(1, { phase: "rolled-back" }),
      {},
      "the rollout desk.r1 has ended: it is rolled-back",
    ],
    [
      "on a registry that was changed by hand",
      stateIn(1),
      { registry: withProduction(registryOf(stateIn(1)), "9.9.9") },
      "the registry is not as desk.r1 left it (production is 9.9.9)",
    ],
  ])("are refused %s", (_, state, fields, message) => {
    for (const command of [skip, full]) {
      expect(order(state, command, fields)).toMatchObject({ kind: "refused", message });
    }
  });

  it("that are one with a space are one", () => {
    expect(order(stateIn(1), { kind: "skip-step", secondApprover: " " })).toMatchObject({ kind: "refused" });
    expect(order(stateIn(1), { kind: "skip-step", secondApprover: "ana " })).toMatchObject({
      kind: "refused",
    });
  });
});
