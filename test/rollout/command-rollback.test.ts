import { describe, expect, it } from "vitest";
import type { RolloutState } from "../../src/domain/rollout-state.ts";
import type { RolloutVersion } from "../../src/domain/rollout.ts";
import { after, decided, NEXT, order, registryOf, stateIn, withProduction } from "./a-look.ts";
import { CANDIDATE, STABLE } from "./world.ts";

const back = (to: RolloutVersion | null = null) => ({ kind: "rollback", to }) as const;
const other = { version: "2.2.0", digest: NEXT.digest };
const hidden = [{ ...STABLE, at: after(-9), reason: "harm", times: 1 }];
const stopped: Partial<RolloutState> = {
  pause: { since: after(0), by: "carl", reason: "x" },
  lowered: { at: after(0), weight: 1 },
};

describe("a rollback by hand", () => {
  it.each([
    ["a canary", stateIn(1), { stable: STABLE.version, candidate: { weight: 0 } }],
    [
      "one that is paused and was lowered",
      stateIn(2, stopped),
      { stable: STABLE.version, candidate: { weight: 0 } },
    ],
    ["what is baking", stateIn(4), { stable: STABLE.version, candidate: null, holdback: null }],
    [
      "what is baking, past a version that was refused itself",
      stateIn(4, { denied: hidden, knownGood: [other] }),
      { stable: "2.2.0" },
    ],
    ["what was completed", stateIn(4, { phase: "completed" }), { stable: STABLE.version }],
  ])("takes back %s with one write, under a freeze", (_, state, document) => {
    const freeze = { by: "carl", reason: "sale", since: after(0), until: null };
    expect(decided(order(state, back(), { freeze }))).toMatchObject({
      event: "rolled-back",
      reason: "manual",
      order: "traffic-first",
      release: { expected: 1, document },
      state: { phase: "rolled-back", denied: [{ version: CANDIDATE.version, times: 1 }, ...state.denied] },
    });
  });

  it("of what nobody was served yet refuses nothing for later", () => {
    expect(decided(order(stateIn(0), back()))).toMatchObject({ release: null, state: { denied: [] } });
  });

  it("counts a second one of the same version", () => {
    const denied = [
      { version: CANDIDATE.version, digest: CANDIDATE.digest, at: after(-99), reason: "harm", times: 1 },
    ];
    expect(decided(order(stateIn(1, { denied }), back())).state?.denied).toMatchObject([{ times: 2 }]);
  });

  it("leaves production alone where somebody moved it on", () => {
    const registry = withProduction(registryOf(stateIn(1)), "9.9.9");
    const decision = decided(order(stateIn(1), back(), { registry }));
    expect(decision.labels.filter(({ label }) => label === "production")).toEqual([]);
    expect(decision).toMatchObject({ release: { document: { candidate: { weight: 0 } } } });
  });

  it("goes to the version that is named", () => {
    expect(decided(order(stateIn(1), back(other)))).toMatchObject({
      release: { document: { stable: "2.2.0", candidate: { weight: 0 } } },
      labels: [{ label: "production", to: "2.2.0", expected: STABLE.version }],
    });
  });

  it.each([
    ["to the version under test", stateIn(1), back(CANDIDATE), "2.4.0 is the version under test"],
    [
      "of what nobody is served",
      stateIn(1, { phase: "rolled-back", release: null }),
      back(),
      "nobody is served 2.4.0 any more",
    ],
    [
      "with nowhere to go",
      stateIn(4, { denied: hidden }),
      back(),
      "2.4.0 is what everybody has and no other version is known",
    ],
  ])("is refused %s", (_, state, command, message) => {
    expect(order(state, command)).toMatchObject({ kind: "refused", message });
  });
});

describe("a rollback without a state", () => {
  it("takes the weight away from whatever is tried", () => {
    const decision = decided(order(null, back(), { registry: registryOf(stateIn(3)) }));
    expect(decision).toMatchObject({
      state: null,
      release: { document: { stable: STABLE.version, candidate: { weight: 0 } } },
      labels: [],
      entries: [{ kind: "rolled-back", details: { weight: 50_000, withoutState: true } }],
    });
  });

  it("goes where the label rollback is when everybody has the version", () => {
    const { labels, release } = registryOf(stateIn(4));
    const good = { name: "rollback", version: "2.2.0", since: after(0), by: "ana" };
    const decision = decided(order(null, back(), { registry: { labels: [...labels, good], release } }));
    expect(decision).toMatchObject({
      release: { document: { stable: "2.2.0", candidate: null, holdback: null } },
      labels: [{ label: "production", to: "2.2.0", expected: CANDIDATE.version }],
    });
  });

  it("moves the label alone where there is no document", () => {
    const registry = withProduction({ labels: [], release: null }, "2.4.0");
    const decision = decided(order(null, back(other), { registry }));
    expect(decision.release).toBeNull();
    expect(decision.labels).toMatchObject([{ label: "production", to: "2.2.0" }]);
  });

  it("is refused where nothing says what is good", () => {
    expect(order(null, back())).toMatchObject({ message: "desk has no version that is known to be good" });
  });
});
