import type { RolloutState } from "../domain/rollout-state.ts";
import type { Verdict } from "./build-decision.ts";
import { iso, recordLabels, unfinishedLabels } from "./documents.ts";
import { endPhase, endRollout } from "./end-rollout.ts";
import { exposureOf, labelVersion, recordedExposure, sameContent, sameDocument } from "./exposure.ts";
import type { Look } from "./look.ts";
import { blindTooLong, metricsDown, proven } from "./rules-metrics.ts";
import { percent, span } from "./wording.ts";

/** The version that `production` should have now. */
function expectedProduction({ phase, candidate, stable }: RolloutState): string {
  return phase === "baking" || phase === "completed" ? candidate.version : stable.version;
}

function hold(reason: string, message: string, failed = false): Verdict {
  return { event: "held", action: "hold", reason, message, outcome: failed ? "failed_closed" : "ok" };
}

/** A write of ours that a crash cut off: registry and labels are exactly as they were before it. */
function unfinished({ state, registry }: Look): boolean {
  const isRelease =
    !sameDocument(state.release, registry.release) && sameDocument(state.previousRelease, registry.release);
  return isRelease || unfinishedLabels(state, registry).length > 0;
}

/** Finishes a write that a crash cut off: it was decided and recorded. Nothing is raised while raising is stopped. */
export function finishWrite(look: Look): Verdict | null {
  const { state, registry, closed, now, data } = look;
  if (!unfinished(look)) return null;
  const labels = unfinishedLabels(state, registry);
  const isRelease = !sameDocument(state.release, registry.release);
  const isMoved =
    labelVersion(registry, "production") !== expectedProduction(state) &&
    labels.every(({ label }) => label !== "production");
  // What somebody changed meanwhile is not overwritten: the rules below see it.
  if (isMoved || (isRelease && !sameDocument(state.previousRelease, registry.release))) return null;
  if (state.pause !== null) return hold("paused", `paused by ${state.pause.by}: ${state.pause.reason}`);
  if (closed !== null) return hold(closed.reason, closed.message);
  const gap = now - Date.parse(state.lastTickAt);
  if (gap > GAP_MS) return hold("gap", gapMessage(gap));
  // It passed when it was decided; that is no reason to raise anything while nobody sees what it does.
  if (data.unreachable !== null) return blindTooLong(look) ?? metricsDown(look);
  const { release } = state;
  const rewrite =
    isRelease && release !== null
      ? { content: { stable: release.stable, candidate: release.candidate, holdback: release.holdback } }
      : {};
  return {
    event: "repaired",
    action: "hold",
    reason: "unfinished_write",
    message: "a write of the last decision was cut off; it is finished now",
    ...rewrite,
    labels,
    changes: isRelease ? { weightAppliedAt: iso(now) } : {},
  };
}

/** After a longer time without a look the first one only judges. */
export const GAP_MS = 86_400_000;

/** What a first look after a long time says. */
export function gapMessage(gap: number): string {
  return `nobody looked for ${span(gap)}: this look only judges, the next one may go on`;
}

/** `production` was given to the candidate by hand: that is what its owner wants, and no gate said so. */
export function completedByHand(look: Look): Verdict | null {
  const { state, registry, now, by } = look;
  if (state.phase === "baking" || labelVersion(registry, "production") !== state.candidate.version)
    return null;
  const label = registry.labels.find(({ name }) => name === "production");
  const mover = label?.by ?? "somebody";
  const message = `production was moved to ${state.candidate.version} by ${mover}: completed without a gate`;
  return {
    event: "completed-externally",
    action: "advance",
    reason: "completed_externally",
    message,
    content: { stable: state.candidate.version, candidate: null, holdback: null },
    labels: recordLabels({ canary: state.candidate.version }, registry),
    notify: true,
    details: { ungated: true, movedBy: mover },
    changes: {
      phase: "completed",
      hold: null,
      pause: null,
      endedAt: iso(now),
      overridden: true,
      outcome: { reason: "completed_externally", message, by },
    },
  };
}

/** Somebody took exposure away: absorbed, and never given back by itself. */
export function absorbLowering(look: Look): Verdict | null {
  const { state, registry, now } = look;
  const recorded = recordedExposure(state);
  const production = labelVersion(registry, "production");
  const { version } = state.candidate;
  const isBack =
    state.phase === "baking" &&
    production === state.stable.version &&
    unfinishedLabels(state, registry).length === 0;
  // What a crash cut off was not taken away by anybody: it is as it was before the last decision.
  const isOurs =
    sameDocument(state.release, registry.release) || sameDocument(state.previousRelease, registry.release);
  if (isOurs && !isBack) return null;
  const served = isBack ? 0 : exposureOf(registry.release, version, production);
  if (served >= recorded) return null;
  if (served === 0) {
    const harm = proven(look);
    const reason = harm === null ? "external" : `harm(${harm.name})`;
    const message =
      harm === null
        ? `${version} was taken from everybody by hand`
        : `${harm.name}: ${harm.reason}; ${version} is already taken from everybody`;
    return endRollout(look, { phase: endPhase(state), reason, message, deny: true });
  }
  const message = `the weight was lowered by hand from ${percent(recorded)} to ${percent(served)}; it is not raised again: abort and retry, or roll back`;
  return {
    ...hold("lowered", message),
    notify: true,
    changes: {
      release: registry.release,
      previousRelease: registry.release,
      weightAppliedAt: iso(now),
      plannedWeights: {},
      lowered: { at: iso(now), weight: served },
    },
  };
}

/** Somebody gave the candidate more than was decided: put back, which is a lowering. */
export function putBack(look: Look): Verdict | null {
  const { state, registry, now } = look;
  if (sameDocument(state.release, registry.release)) return null;
  const served = exposureOf(registry.release, state.candidate.version, labelVersion(registry, "production"));
  const recorded = recordedExposure(state);
  if (served <= recorded) return null;
  const content = state.release ?? { stable: state.stable.version, candidate: null, holdback: null };
  return {
    event: "put-back",
    action: "hold",
    reason: "raised_by_hand",
    message: `the weight was raised by hand from ${percent(recorded)} to ${percent(served)}; it is put back`,
    content: { stable: content.stable, candidate: content.candidate, holdback: content.holdback },
    order: "traffic-first",
    outcome: "failed_closed",
    notify: true,
    changes: { weightAppliedAt: iso(now), plannedWeights: {} },
  };
}

/** What was changed by hand without more or less exposure; null = registry and state agree. */
function driftOf({ state, registry }: Look): string | null {
  const production = labelVersion(registry, "production");
  const expected = expectedProduction(state);
  if (production !== expected) {
    const now = production === null ? "gone" : `at ${production}`;
    return `production is ${now}, it was ${expected} when this was decided`;
  }
  if (sameContent(state.release, registry.release)) return null;
  const found = registry.release?.stable ?? "nothing";
  return `the release document was changed by hand (stable ${found})`;
}

/** The control is no longer what was compared with: no raising, and after a while no exposure. */
export function drifted(look: Look): Verdict | null {
  const { state, now, input } = look;
  const found = driftOf(look);
  if (found === null) return null;
  const since = state.driftSince ?? iso(now);
  const grace = input.strategy.driftGraceMs;
  const exposed = recordedExposure(state) > 0;
  if (exposed && now - Date.parse(since) >= grace) {
    return endRollout(look, { phase: endPhase(state), reason: "drift", message: found, deny: false });
  }
  const end = exposed ? `, in ${span(grace - (now - Date.parse(since)))} the candidate is taken back` : "";
  return {
    ...hold("drift", `${found}: adopt it, or abort${end}`, true),
    changes: { driftSince: since },
  };
}

/** What is in force and says what was decided is recorded as it is: from now on a change of it is somebody's. */
export function agreed({ state, registry }: Look): Partial<RolloutState> {
  const { release } = registry;
  return {
    ...(sameContent(state.release, release) ? { release, previousRelease: release } : {}),
    ...(unfinishedLabels(state, registry).length === 0 ? { labels: [] } : {}),
  };
}
