import { describe, expect, it } from "vitest";
import type { CommandInput, RolloutCommand } from "../../src/domain/rollout-decision.ts";
import type { RolloutState } from "../../src/domain/rollout-state.ts";
import { runCommand } from "../../src/rollout/run-command.ts";
import { parseState, stateText } from "../../src/rollout/state-document.ts";
import { aStrategy, CANDIDATE, HOUR, STABLE, START } from "./world.ts";

const since = new Date(START).toISOString();

function command(state: RolloutState | null, order: RolloutCommand, fields: Partial<CommandInput> = {}) {
  return runCommand({
    prompt: "desk",
    state,
    strategy: aStrategy(),
    registry: {
      labels: [{ name: "production", version: STABLE.version, since, by: "ana" }],
      release: state?.release ?? null,
    },
    others: [],
    freeze: null,
    clock: { now: START + HOUR, store: null },
    by: "ana",
    reason: "because",
    command: order,
    ...fields,
  });
}

const start: RolloutCommand = { kind: "start", candidate: CANDIDATE, stable: STABLE, supersede: false };

function started(fields: Partial<RolloutState> = {}): RolloutState {
  const outcome = command(null, start);
  if (outcome.kind === "refused" || outcome.decision.state === null) throw new Error("it did not start");
  return { ...outcome.decision.state, ...fields };
}

const inCanary = (): RolloutState =>
  started({
    phase: "canary",
    step: 1,
    release: {
      schema: "promptgate/release@1",
      prompt: "desk",
      stable: STABLE.version,
      candidate: { version: CANDIDATE.version, weight: 5000, salt: "desk.r1", hashVersion: 1 },
      holdback: null,
      generation: 1,
      updatedAt: since,
    },
  });

describe("a command", () => {
  it("rolls a canary back with one write, before the state", () => {
    const outcome = command(inCanary(), { kind: "rollback", to: null });
    expect(outcome).toMatchObject({
      kind: "decided",
      decision: {
        order: "traffic-first",
        release: { expected: 1, document: { stable: STABLE.version, candidate: { weight: 0 } } },
        state: { phase: "rolled-back", denied: [{ version: CANDIDATE.version, times: 1 }] },
      },
    });
  });

  it("rolls back without a state that can be read", () => {
    const { release } = inCanary();
    const labels = [{ name: "production", version: STABLE.version, since, by: "ana" }];
    const outcome = command(null, { kind: "rollback", to: null }, { registry: { labels, release } });
    expect(outcome).toMatchObject({
      decision: { state: null, release: { document: { candidate: { weight: 0 } } } },
    });
  });

  it.each<[string, RolloutState, RolloutCommand, string]>([
    ["resume", started(), { kind: "resume" }, "it is not paused"],
    ["approve", inCanary(), { kind: "approve" }, "ana started this rollout and cannot approve it"],
    [
      "retry",
      inCanary(),
      { kind: "retry" },
      "only what was rolled back or aborted can be retried; this rollout is canary",
    ],
    ["skip-step", inCanary(), { kind: "skip-step", secondApprover: "ana" }, "a second person has to agree"],
    [
      "abort",
      started({ phase: "completed" }),
      { kind: "abort" },
      "the rollout desk.r1 has ended: it is completed",
    ],
    ["start", inCanary(), start, "2.4.0 is being rolled out already"],
  ])("%s is refused with a sentence where it has no meaning", (_, state, order, message) => {
    expect(command(state, order)).toMatchObject({ kind: "refused", message });
  });

  it("waits for the cool-down before it tries a refused version again", () => {
    const state = started({ phase: "rolled-back", endedAt: since });
    expect(command(state, { kind: "retry" })).toMatchObject({ kind: "refused" });
    const later = command(state, { kind: "retry" }, { clock: { now: START + 25 * HOUR, store: null } });
    expect(later).toMatchObject({
      decision: { state: { phase: "queued", attempt: 2, rolloutId: "desk.r2" } },
    });
  });

  it("records what two people went past", () => {
    const outcome = command(inCanary(), { kind: "skip-step", secondApprover: "ben" });
    expect(outcome).toMatchObject({
      decision: {
        event: "skipped",
        order: "state-first",
        to: { step: "canary25", weight: 25_000 },
        state: { overridden: true },
      },
    });
  });

  it("keeps one candidate in the queue, the newest", () => {
    const next = { ...CANDIDATE, version: "2.5.0", digest: `sha256:${"c".repeat(64)}` as const };
    const outcome = command(inCanary(), { ...start, candidate: next });
    expect(outcome).toMatchObject({ decision: { event: "queued", state: { queued: { version: "2.5.0" } } } });
  });
});

describe("a stored state", () => {
  it.each([
    ["{", "not JSON"],
    ["{}", "schema"],
    [stateText(started()).replace('"attempt": 1', '"attempt": 0'), "attempt"],
    [stateText(started()).replace('"phase"', '"stage"'), "phase"],
    [stateText(started()).replace("rollout-state@1", "rollout-state@2"), "schema"],
  ])("is refused when it is none (%#)", (text, place) => {
    expect(parseState(text)).toEqual({ kind: "invalid", reason: expect.stringContaining(place) });
  });
});
