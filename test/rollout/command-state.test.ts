import { describe, expect, it } from "vitest";
import type { RolloutState } from "../../src/domain/rollout-state.ts";
import { after, decided, look, NEXT, order, registryOf, stateIn, withProduction } from "./a-look.ts";
import { aMetric, aStrategy, CANDIDATE, HOUR, START } from "./world.ts";

const at = (hours: number) => ({ clock: { now: START + hours * HOUR, store: null } });

/** The shipped steps; two people, or these, approve before 5 % is left. */
function approvedBy(approvers: readonly string[], approvals = 1) {
  const steps = aStrategy().steps.map((step) =>
    step.name === "canary5" ? { ...step, approvals, approvers } : step,
  );
  return { steps };
}

function denied(times: number): Partial<RolloutState> {
  const { version, digest } = CANDIDATE;
  return { denied: [{ version, digest, at: after(0), reason: "harm(quality)", times }] };
}

describe("approval", () => {
  const waiting = { hold: { reason: "approval", since: after(26), until: null, by: "scheduler" } };

  it("comes last: nobody is asked about what fails", () => {
    const strategy = approvedBy([]);
    const metrics = [aMetric({ margin: 0.005, harmAt: 0.005 })];
    expect(look({ strategy: { ...strategy, metrics } })).toMatchObject({ reason: "inconclusive(quality)" });
    expect(look({ strategy })).toMatchObject({ event: "held", reason: "approval" });
  });

  it("is asked for before a freeze is looked at", () => {
    const freeze = { by: "ana", reason: "sale", since: after(0), until: null };
    expect(look({ strategy: approvedBy([]), input: { freeze } })).toMatchObject({ reason: "approval" });
  });

  it.each([
    [0, 2, "2 approvals missing to leave canary5"],
    [1, 2, "1 approval missing to leave canary5"],
    [1, 1, "2.4.0 goes to 25 % (canary25)"],
  ])("of %i people where %i are asked for: %s", (given, wanted, message) => {
    const approvals = Array.from({ length: given }, (_, index) => ({
      step: "canary5",
      by: `person-${index}`,
      at: after(20),
    }));
    expect(look({ strategy: approvedBy([], wanted), state: { approvals } }).message).toBe(message);
  });

  it("of another step does not count", () => {
    const approvals = [{ step: "staging", by: "ben", at: after(20) }];
    expect(look({ strategy: approvedBy([]), state: { approvals } })).toMatchObject({ reason: "approval" });
  });

  it("is recorded where it is waited for", () => {
    const state = stateIn(1, waiting, approvedBy(["ben"]));
    const decision = decided(order(state, { kind: "approve" }, { by: "ben", ...at(27) }));
    expect(decision).toMatchObject({
      event: "approved",
      state: { approvals: [{ step: "canary5", by: "ben" }] },
    });
  });

  it.each([
    ["by who started it", waiting, "ana", "ana started this rollout and cannot approve it"],
    ["by somebody else", waiting, "carl", "carl is not among the approvers of canary5"],
    ["too early", { hold: null }, "ben", "there is nothing to approve yet: nothing waits for it"],
    [
      "of what does not pass",
      { hold: { ...waiting.hold, reason: "inconclusive(quality)" } },
      "ben",
      "there is nothing to approve yet: it is held: inconclusive(quality)",
    ],
    [
      "twice",
      { ...waiting, approvals: [{ step: "canary5", by: "ben", at: after(1) }] },
      "ben",
      "ben has approved this already",
    ],
  ])("is refused %s", (_, fields, by, message) => {
    const outcome = order(stateIn(1, fields, approvedBy(["ben"])), { kind: "approve" }, { by });
    expect(outcome).toMatchObject({ kind: "refused", message });
  });
});

describe("a pause", () => {
  it("stops what passes, and does not count as soak", () => {
    const paused = decided(order(stateIn(1), { kind: "pause" }, at(5))).state;
    expect(paused).toMatchObject({ pause: { since: after(5), by: "ana" }, hold: { reason: "paused" } });
    const { pause } = paused ?? { pause: null };
    expect(look({ state: { pause } })).toMatchObject({ event: "held", reason: "paused", action: "hold" });
    const resumed = decided(order(paused, { kind: "resume" }, at(15))).state;
    expect(resumed).toMatchObject({ pause: null, pausedMs: 10 * HOUR });
    expect(look({ state: { pausedMs: 10 * HOUR } })).toMatchObject({ reason: "soaking" });
    expect(look({ state: { pausedMs: 10 * HOUR }, hours: 34 })).toMatchObject({ event: "advanced" });
  });
});

function ended(fields: Partial<RolloutState> = {}): RolloutState {
  return stateIn(1, { phase: "rolled-back", endedAt: after(0), release: null, ...fields });
}

describe("a retry", () => {
  it.each([
    [
      "within the cool-down",
      {},
      23,
      "it was rolled back at 2026-11-16T00:00:00.000Z: 1h of the cool-down are left",
    ],
    [
      "of what was rolled back twice, without somebody else's word",
      denied(2),
      25,
      "2.4.0 was rolled back 2 times: a further attempt needs somebody else's approval",
    ],
    [
      "of what was rolled back twice, with one's own word",
      { ...denied(2), approvals: [{ step: "retry", by: "ana", at: after(1) }] },
      25,
      "2.4.0 was rolled back 2 times: a further attempt needs somebody else's approval",
    ],
  ])("is refused %s", (_, fields, hours, message) => {
    expect(order(ended(fields), { kind: "retry" }, at(hours))).toMatchObject({ kind: "refused", message });
  });

  it.each([
    ["after the cool-down", denied(1)],
    ["with somebody else's word", { ...denied(2), approvals: [{ step: "retry", by: "ben", at: after(1) }] }],
  ])("begins again from nothing %s, with other units first", (_, fields) => {
    expect(decided(order(ended(fields), { kind: "retry" }, at(25)))).toMatchObject({
      event: "retried",
      release: null,
      state: { phase: "queued", attempt: 2, rolloutId: "desk.r2", approvals: [], weightAppliedAt: after(25) },
    });
  });

  it("is refused beside a version that nobody knows", () => {
    const registry = withProduction(registryOf(ended()), "9.9.9");
    const outcome = order(ended(denied(1)), { kind: "retry" }, { ...at(25), registry });
    expect(outcome).toMatchObject({ message: "production is at 9.9.9 by now" });
  });

  it("is never made by a look: what ended stays ended", () => {
    const decision = look({ state: { phase: "rolled-back", endedAt: after(1) } });
    expect(decision).toMatchObject({ action: "none", event: "unchanged", state: null, release: null });
  });
});

describe("an adoption", () => {
  const other = { version: NEXT.version, digest: NEXT.digest };
  const adopt = { kind: "adopt", stable: other } as const;

  it.each([
    [1, { step: "canary5", weight: 5000, salt: "desk.r2" }],
    [3, { step: "canary5", weight: 5000, salt: "desk.r2" }],
  ])("begins at the first canary step again, beside the new control (step %i)", (step, expected) => {
    const state = stateIn(step);
    const registry = withProduction(registryOf(state), other.version);
    const { weight, salt } = expected;
    expect(decided(order(state, adopt, { registry }))).toMatchObject({
      event: "adopted",
      order: "traffic-first",
      to: { step: expected.step, weight },
      release: { document: { stable: other.version, candidate: { weight, salt } } },
      state: { attempt: 2, stable: other, driftSince: null, verdicts: {}, weightAppliedAt: after(1) },
    });
  });

  it("is what the next look finds", () => {
    const state = stateIn(3);
    const registry = withProduction(registryOf(state), other.version);
    const adopted = decided(order(state, adopt, { registry }));
    const { document } = adopted.release ?? { document: null };
    expect(adopted.state).toMatchObject({ release: document, previousRelease: state.release });
    const canary = { name: "canary", version: CANDIDATE.version, since: after(1), by: "ana" };
    const labels = [...registry.labels, canary];
    const next = look({
      hours: 3,
      state: adopted.state ?? {},
      registry: () => ({ labels, release: document }),
    });
    expect(next).toMatchObject({ event: "held", reason: "soaking" });
  });

  it("ends no pause, and forgets no step that was skipped", () => {
    const pause = { since: after(0.5), by: "ben", reason: "wait" };
    const state = stateIn(1, { pause, overridden: true });
    const registry = withProduction(registryOf(state), other.version);
    expect(decided(order(state, adopt, { registry })).state).toMatchObject({ pause, overridden: true });
  });

  it("gives nobody the candidate who was not given it before", () => {
    const state = stateIn(1);
    const { labels } = withProduction(registryOf(state), other.version);
    const decision = decided(order(state, adopt, { registry: { labels, release: null } }));
    expect(decision).toMatchObject({ to: { phase: "staging", weight: 0 } });
    expect(decision.release).toBeNull();
  });

  it.each([
    ["production is elsewhere", "9.9.9", {}, "production is at 9.9.9, not at 2.5.0"],
    [
      "it was rolled back before",
      other.version,
      { denied: [{ ...other, at: after(0), reason: "harm", times: 1 }] },
      "2.5.0 was rolled back before",
    ],
    [
      "the rollout has ended",
      other.version,
      { phase: "aborted" as const },
      "the rollout desk.r1 has ended: it is aborted",
    ],
  ])("is refused where %s", (_, production, fields, message) => {
    const state = stateIn(1, fields);
    const registry = withProduction(registryOf(state), production);
    expect(order(state, adopt, { registry })).toMatchObject({ kind: "refused", message });
  });

  it("of the candidate itself is refused", () => {
    const registry = withProduction(registryOf(stateIn(1)), CANDIDATE.version);
    const { version, digest } = CANDIDATE;
    const outcome = order(stateIn(1), { kind: "adopt", stable: { version, digest } }, { registry });
    expect(outcome).toMatchObject({ message: "production has the candidate itself" });
  });
});
