import type { RegistryView } from "../domain/rollout-decision.ts";
import { isActive, type RolloutCandidate, type RolloutState } from "../domain/rollout-state.ts";
import type { RolloutStrategy, RolloutVersion } from "../domain/rollout.ts";
import type { Verdict } from "./build-decision.ts";
import { iso } from "./documents.ts";
import { endRollout } from "./end-rollout.ts";
import { labelVersion } from "./exposure.ts";
import type { Look } from "./look.ts";

const DAY_MS = 86_400_000;
const MAX_SALT = 80;

/** `<prompt>.r<attempt>`: the salt of the bucketing, at most 80 characters that it allows. */
export function rolloutIdOf(prompt: string, attempt: number): string {
  const end = `.r${attempt}`;
  return `${prompt.slice(0, MAX_SALT - end.length)}${end}`;
}

/** The state of a new attempt, before anything is staged. What outlives an attempt comes from the one before. */
export function queuedState(
  candidate: RolloutCandidate,
  scope: {
    readonly prompt: string;
    readonly previous: RolloutState | null;
    readonly stable: RolloutVersion;
    readonly strategy: RolloutStrategy;
    readonly registry: RegistryView;
    readonly now: number;
  },
): RolloutState {
  const { prompt, previous, stable, strategy, registry, now } = scope;
  const attempt = (previous?.attempt ?? 0) + 1;
  const at = iso(now);
  return {
    schema: "promptgate/rollout-state@1",
    prompt,
    rolloutId: rolloutIdOf(prompt, attempt),
    attempt,
    generation: previous?.generation ?? 0,
    phase: "queued",
    step: 0,
    strategy,
    candidate,
    stable,
    knownGood: previous?.knownGood ?? [],
    denied: previous?.denied ?? [],
    queued: null,
    startedAt: at,
    stepEnteredAt: at,
    weightAppliedAt: at,
    exposedAt: null,
    endedAt: null,
    lastTickAt: at,
    updatedAt: at,
    hold: null,
    pause: null,
    pausedMs: 0,
    approvals: [],
    release: registry.release,
    previousRelease: registry.release,
    labels: [],
    plannedWeights: {},
    verdicts: {},
    coveredBuckets: 0,
    coveredBeforeMs: 0,
    activeBuckets: [],
    blindSince: null,
    driftSince: null,
    lowered: null,
    overridden: false,
    lastEntry: previous?.lastEntry ?? null,
    outcome: null,
  };
}

/** Waiting that is planned and no reason to give up. */
const PLANNED = ["soaking", "freeze", "advance_hours", "approval"];

/** A live rollout that has got nowhere for a day makes room for the one that waits. */
export function supersededByQueue(look: Look): Verdict | null {
  const { state, now } = look;
  const { queued, hold, phase } = state;
  if (queued === null || hold === null || PLANNED.includes(hold.reason)) return null;
  if (now - Date.parse(hold.since) <= DAY_MS && phase !== "queued") return null;
  return endRollout(look, {
    phase: "superseded",
    reason: "superseded",
    message: `${queued.version} takes the place of ${state.candidate.version}, which is held since ${hold.since} (${hold.reason})`,
    deny: false,
  });
}

/** The version that `production` has, with its digest; null when it is none that this rollout knows. */
function knownStable(state: RolloutState, registry: RegistryView): RolloutVersion | null {
  const production = labelVersion(registry, "production");
  const known = [state.candidate, state.stable, ...state.knownGood];
  const found = known.find(({ version }) => version === production);
  return found === undefined ? null : { version: found.version, digest: found.digest };
}

/** A rollout has ended and another candidate waits: it starts as an attempt of its own. */
export function startQueued(look: Look): Verdict | null {
  const { state, registry, input, now } = look;
  const { queued } = state;
  if (isActive(state.phase) || queued === null) return null;
  const stable = knownStable(state, registry);
  if (stable === null) {
    const production = labelVersion(registry, "production") ?? "nothing";
    return {
      event: "held",
      action: "hold",
      reason: "drift",
      message: `production is at ${production}, which the last rollout does not know: start ${queued.version} again`,
      outcome: "failed_closed",
    };
  }
  return {
    event: "queued",
    action: "hold",
    reason: "started",
    message: `${queued.version} is next, beside ${stable.version}`,
    notify: true,
    changes: queuedState(queued, { ...input, prompt: state.prompt, previous: state, stable, registry, now }),
  };
}
