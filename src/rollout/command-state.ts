import type { RolloutState } from "../domain/rollout-state.ts";
import { FULL_WEIGHT } from "../domain/release.ts";
import type { RolloutVersion } from "../domain/rollout.ts";
import type { Verdict } from "./build-decision.ts";
import { isSamePerson, refuse, refuseEnded, type CommandScene, type Refusal } from "./command-scene.ts";
import { iso, recordLabels, stepContent, stepLabels } from "./documents.ts";
import { endRollout } from "./end-rollout.ts";
import { currentStep, exposureOf, labelVersion, phaseOf } from "./exposure.ts";
import { queuedState, rolloutIdOf } from "./queue.ts";
import { span } from "./wording.ts";

/** Stops all raising; harm still ends the rollout. */
export function pause(scene: CommandScene): Verdict | Refusal {
  const { state, now, by, reason } = scene;
  const ended = refuseEnded(scene);
  if (ended !== null) return ended;
  if (state.pause !== null) {
    return refuse(`it is paused since ${state.pause.since} by ${state.pause.by}`, "resume it to go on");
  }
  return {
    event: "paused",
    action: "hold",
    reason: "paused",
    message: `paused by ${by}: ${reason}`,
    changes: {
      pause: { since: iso(now), by, reason },
      hold: { reason: "paused", since: iso(now), until: null, by },
    },
  };
}

/** Ends a pause; nothing restarts. */
export function resume(scene: CommandScene): Verdict | Refusal {
  const { state, now, by, reason } = scene;
  const ended = refuseEnded(scene);
  if (ended !== null) return ended;
  if (state.pause === null) return refuse("it is not paused", "see promptgate rollout get for what holds it");
  const began = Math.max(Date.parse(state.pause.since), Date.parse(state.weightAppliedAt));
  return {
    event: "resumed",
    action: "hold",
    reason: "resumed",
    message: `resumed by ${by} after ${span(now - Date.parse(state.pause.since))}: ${reason}`,
    changes: { pause: null, hold: null, pausedMs: state.pausedMs + Math.max(0, now - began) },
  };
}

/** One person's word for leaving the present step, or for a second retry of what was rolled back twice. */
export function approve(scene: CommandScene): Verdict | Refusal {
  const { state, now, by, reason } = scene;
  const retrying = state.phase === "rolled-back" || state.phase === "aborted";
  const ended = retrying ? null : refuseEnded(scene);
  if (ended !== null) return ended;
  const step = currentStep(state);
  const name = retrying ? "retry" : step.name;
  if (isSamePerson(by, state.candidate.by)) {
    return refuse(`${by} started this rollout and cannot approve it`, "somebody else has to approve");
  }
  if (
    !retrying &&
    step.approvers.length > 0 &&
    !step.approvers.some((approver) => isSamePerson(approver, by))
  ) {
    return refuse(`${by} is not among the approvers of ${step.name}`, `ask ${step.approvers.join(", ")}`);
  }
  if (!retrying && state.hold?.reason !== "approval") {
    const why = state.hold === null ? "nothing waits for it" : `it is held: ${state.hold.reason}`;
    return refuse(`there is nothing to approve yet: ${why}`, "approve when all else has passed");
  }
  if (state.approvals.some((approval) => approval.step === name && isSamePerson(approval.by, by))) {
    return refuse(`${by} has approved this already`, "one person counts once");
  }
  return {
    event: "approved",
    action: "hold",
    reason: "approved",
    message: `${name} is approved by ${by}: ${reason}`,
    changes: { approvals: [...state.approvals, { step: name, by, at: iso(now) }] },
  };
}

/** Ends the rollout; the version may be started again. */
export function abort(scene: CommandScene): Verdict | Refusal {
  const { by, reason } = scene;
  const ended = refuseEnded(scene);
  if (ended !== null) return ended;
  const message = `aborted by ${by}: ${reason}`;
  return endRollout(scene, { phase: "aborted", reason: "aborted", message, deny: false });
}

/** A refused version gets another attempt, from the first step, with other units first. */
export function retry(scene: CommandScene): Verdict | Refusal {
  const { state, now, by, reason, strategy, registry } = scene;
  const { phase, candidate, endedAt, denied } = state;
  if (phase !== "rolled-back" && phase !== "aborted") {
    return refuse(
      `only what was rolled back or aborted can be retried; this rollout is ${phase}`,
      "start it instead",
    );
  }
  const left = Date.parse(endedAt ?? iso(now)) + strategy.cooldownMs - now;
  if (phase === "rolled-back" && left > 0) {
    return refuse(
      `it was rolled back at ${endedAt}: ${span(left)} of the cool-down are left`,
      "retry it after that",
    );
  }
  const times = denied.find(({ digest }) => digest === candidate.digest)?.times ?? 0;
  const approved = state.approvals.some(
    ({ step, by: approver }) => step === "retry" && !isSamePerson(approver, by),
  );
  if (times >= 2 && !approved) {
    return refuse(
      `${candidate.version} was rolled back ${times} times: a further attempt needs somebody else's approval`,
      "ask somebody to run promptgate rollout approve",
    );
  }
  const production = labelVersion(registry, "production");
  const known = [state.stable, ...state.knownGood].find(({ version }) => version === production);
  if (known === undefined) {
    return refuse(`production is at ${production ?? "nothing"} by now`, "start the version again beside it");
  }
  const again = { ...candidate, requestedAt: iso(now), by, reason };
  const stable = { version: known.version, digest: known.digest };
  return {
    event: "retried",
    action: "hold",
    reason: "retry",
    message: `attempt ${state.attempt + 1} of ${candidate.version}, asked for by ${by}: ${reason}`,
    changes: {
      ...queuedState(again, { prompt: state.prompt, previous: state, stable, strategy, registry, now }),
      queued: state.queued,
    },
  };
}

/** The step from which a rollout goes on beside another control: never more exposure than there is now. */
function adoptedStep(state: RolloutState, served: number): number {
  const index = state.strategy.steps.findIndex(({ weight }) => weight > 0);
  const weight = state.strategy.steps[index]?.weight ?? FULL_WEIGHT;
  return weight <= served && weight < FULL_WEIGHT ? index : 0;
}

/** What production has now becomes the control; the rollout begins again beside it, with other units. */
export function adopt(scene: CommandScene, stable: RolloutVersion): Verdict | Refusal {
  const { state, registry, now, by, reason } = scene;
  const ended = refuseEnded(scene);
  if (ended !== null) return ended;
  const production = labelVersion(registry, "production");
  if (production !== stable.version) {
    return refuse(`production is at ${production ?? "nothing"}, not at ${stable.version}`, "look again");
  }
  if (stable.digest === state.candidate.digest || production === state.candidate.version) {
    return refuse("production has the candidate itself", "run promptgate rollout advance: it completes");
  }
  if (state.denied.some(({ digest }) => digest === stable.digest)) {
    return refuse(`${stable.version} was rolled back before`, "move production to a version that was not");
  }
  const served = exposureOf(registry.release, state.candidate.version, production);
  const index = adoptedStep(state, served);
  const step = state.strategy.steps[index];
  if (step === undefined || (index === 0 && step.weight > 0 && step.weight > served)) {
    return refuse("no step has as little exposure as there is now", "abort it and start it again");
  }
  const attempt = state.attempt + 1;
  const renamed: RolloutState = { ...state, stable, attempt, rolloutId: rolloutIdOf(state.prompt, attempt) };
  const content =
    stepContent(renamed, step) ??
    (registry.release === null ? null : { stable: stable.version, candidate: null, holdback: null });
  const { strategy } = state;
  return {
    event: "adopted",
    action: "hold",
    reason: "adopted",
    message: `${stable.version} is the control from now on, adopted by ${by}: ${reason}; ${step.name} begins again`,
    order: "traffic-first",
    ...(content === null ? {} : { content }),
    labels: recordLabels(stepLabels(renamed, step), registry),
    changes: {
      ...queuedState(state.candidate, {
        prompt: state.prompt,
        previous: state,
        stable,
        strategy,
        registry,
        now,
      }),
      queued: state.queued,
      pause: state.pause,
      overridden: state.overridden,
      phase: phaseOf(step),
      step: index,
      exposedAt: step.weight > 0 ? iso(now) : null,
    },
  };
}
