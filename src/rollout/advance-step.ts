import type { RolloutEvent } from "../domain/rollout-decision.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import type { RolloutVersion } from "../domain/rollout.ts";
import type { Scene, Verdict } from "./build-decision.ts";
import { iso, recordLabels, stepContent, stepLabels } from "./documents.ts";
import { phaseOf } from "./exposure.ts";
import { percent } from "./wording.ts";

/** What every new step begins with: no data, no hold, no approvals of its own yet. */
function freshStep(now: number): Partial<RolloutState> {
  return {
    stepEnteredAt: iso(now),
    weightAppliedAt: iso(now),
    pausedMs: 0,
    plannedWeights: {},
    verdicts: {},
    coveredBuckets: 0,
    blindSince: null,
    driftSince: null,
    hold: null,
  };
}

/** Enters a step: the state is written before traffic rises. */
export function enterStep(
  scene: Scene,
  index: number,
  how: { readonly event: RolloutEvent; readonly reason: string; readonly message: string },
): Verdict {
  const { state, registry, now } = scene;
  const step = state.strategy.steps[index];
  if (step === undefined) throw new RangeError(`the strategy has no step ${index}`);
  const phase = phaseOf(step);
  const content = stepContent(state, step);
  const covered = state.phase === "canary" ? state.coveredBuckets * state.strategy.bucketMs : 0;
  return {
    ...how,
    action: "advance",
    ...(content === null ? {} : { content }),
    labels: recordLabels(stepLabels(state, step), registry),
    order: "state-first",
    notify: true,
    changes: {
      ...freshStep(now),
      phase,
      step: index,
      coveredBeforeMs: state.coveredBeforeMs + covered,
      exposedAt: content === null ? state.exposedAt : (state.exposedAt ?? iso(now)),
    },
  };
}

function withoutDuplicates(versions: readonly RolloutVersion[], keep: number): RolloutVersion[] {
  const distinct = [...new Map(versions.map((entry) => [entry.digest, entry] as const)).values()];
  return distinct.slice(0, keep).map(({ version, digest }) => ({ version, digest }));
}

/** The last step is over: the candidate is what everybody has. */
function complete(scene: Scene): Verdict {
  const { state, now, by } = scene;
  const { candidate, stable, knownGood, strategy } = state;
  const message = `${candidate.version} is completed: everybody has it`;
  return {
    event: "completed",
    action: "advance",
    reason: "completed",
    message,
    content: { stable: candidate.version, candidate: null, holdback: null },
    order: "state-first",
    notify: true,
    changes: {
      phase: "completed",
      hold: null,
      endedAt: iso(now),
      // The one that was there before comes first among those to go back to.
      knownGood: withoutDuplicates([candidate, stable, ...knownGood], strategy.undoVersions + 1),
      outcome: { reason: "completed", message, by },
    },
  };
}

/** The next step, or the end: exactly one a tick. */
export function goOn(scene: Scene): Verdict {
  const { state } = scene;
  const index = state.phase === "queued" ? 0 : state.step + 1;
  const next = state.strategy.steps[index];
  if (next === undefined) return complete(scene);
  const { version } = state.candidate;
  const message =
    next.weight === 0
      ? `${version} is in ${next.name}`
      : `${version} goes to ${percent(next.weight)} (${next.name})`;
  const event = next.weight === 0 ? "staged" : "advanced";
  return enterStep(scene, index, { event, reason: state.phase === "queued" ? "free" : "passed", message });
}
