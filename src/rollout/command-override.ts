import type { Verdict } from "./build-decision.ts";
import { enterStep, goOn } from "./advance-step.ts";
import { closedFor } from "./calendar.ts";
import {
  isSamePerson,
  refuse,
  refuseDrift,
  refuseEnded,
  type CommandScene,
  type Refusal,
} from "./command-scene.ts";
import { iso } from "./documents.ts";
import { currentStep } from "./exposure.ts";

/** Two people may go past what is not proven; a freeze and a registry that is not understood stop them too. */
function refuseOverride(scene: CommandScene, second: string): Refusal | null {
  const { state, by, freeze, now, strategy } = scene;
  const ended = refuseEnded(scene) ?? refuseDrift(scene);
  if (ended !== null) return ended;
  if (state.phase === "queued") {
    return refuse(
      "it waits for its turn and has no step to skip",
      "see promptgate rollout get for what is before it",
    );
  }
  if (second.trim() === "" || isSamePerson(second, by)) {
    return refuse("a second person has to agree", "name somebody else with --second-approver");
  }
  if (state.pause !== null) return refuse(`it is paused by ${state.pause.by}`, "resume it first");
  const closed = closedFor({ ...strategy, advanceHours: null }, freeze, now);
  if (closed !== null) return refuse(`nothing is raised now: ${closed.message}`, "wait, or end the freeze");
  return null;
}

function overridden(scene: CommandScene, verdict: Verdict, second: string): Verdict {
  const { state, by, reason, now } = scene;
  const skipped = { step: currentStep(state).name, verdicts: state.verdicts, hold: state.hold };
  return {
    ...verdict,
    details: { overridden: true, secondApprover: second, skipped },
    changes: {
      ...verdict.changes,
      overridden: true,
      lowered: null,
      approvals: [...state.approvals, { step: currentStep(state).name, by: second, at: iso(now) }],
    },
    message: `${verdict.message}; overridden by ${by} and ${second}: ${reason}`,
  };
}

/** Leaves the present step without its proof. */
export function skipStep(scene: CommandScene, second: string): Verdict | Refusal {
  const refused = refuseOverride(scene, second);
  if (refused !== null) return refused;
  const verdict = goOn(scene);
  const event = verdict.event === "completed" ? verdict.event : "skipped";
  return overridden(scene, { ...verdict, event, reason: "overridden" }, second);
}

/** Goes to the last step at once. */
export function promoteFull(scene: CommandScene, second: string): Verdict | Refusal {
  const refused = refuseOverride(scene, second);
  if (refused !== null) return refused;
  const last = scene.state.strategy.steps.length - 1;
  if (scene.state.step === last) {
    return refuse("it is in its last step", "skip the step to complete it");
  }
  const message = `${scene.state.candidate.version} goes to everybody`;
  const verdict = enterStep(scene, last, { event: "promoted-in-full", reason: "overridden", message });
  return overridden(scene, verdict, second);
}
