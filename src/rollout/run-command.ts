import type { CommandInput, CommandOutcome, Decision, RolloutCommand } from "../domain/rollout-decision.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import { visibleLine } from "../domain/visible.ts";
import { buildDecision, type Scene, type Verdict } from "./build-decision.ts";
import { abort, adopt, approve, pause, resume, retry } from "./command-state.ts";
import { promoteFull, skipStep } from "./command-override.ts";
import { rollBack, rollBackWithoutState } from "./command-rollback.ts";
import { start } from "./command-start.ts";
import type { CommandScene, Refusal } from "./command-scene.ts";

function sceneOf(input: CommandInput, state: RolloutState): CommandScene {
  const { clock, by, registry, reason, strategy, freeze } = input;
  const now = Math.max(clock.store ?? clock.now, Date.parse(state.updatedAt));
  return {
    state,
    registry,
    now,
    by,
    reason,
    strategy,
    freeze,
    metrics: [],
    sampleRatio: null,
    warnings: [],
  };
}

function carryOut(
  scene: CommandScene,
  command: Exclude<RolloutCommand, { kind: "start" }>,
): Verdict | Refusal {
  switch (command.kind) {
    case "pause":
      return pause(scene);
    case "resume":
      return resume(scene);
    case "approve":
      return approve(scene);
    case "abort":
      return abort(scene);
    case "retry":
      return retry(scene);
    case "adopt":
      return adopt(scene, command.stable);
    case "skip-step":
      return skipStep(scene, command.secondApprover);
    case "promote-full":
      return promoteFull(scene, command.secondApprover);
    case "rollback":
      return rollBack(scene, command.to);
  }
}

function outcomeOf(scene: Scene, result: Verdict | Refusal): CommandOutcome {
  if ("kind" in result) return { ...result, message: visibleLine(result.message, 1000) };
  const decision: Decision = buildDecision(scene, { ...result, notify: true, outcome: "ok" });
  return { kind: "decided", decision };
}

/** A person's command as a pure transition. It is refused, with a sentence, where it has no meaning. */
export function runCommand(input: CommandInput): CommandOutcome {
  const { command, state, prompt } = input;
  if (command.kind === "start") {
    const { scene, result } = start(input, command);
    return outcomeOf(scene, result);
  }
  if (state === null) {
    if (command.kind === "rollback") return rollBackWithoutState(input, command.to);
    return {
      kind: "refused",
      message: `${prompt} has no rollout that can be read`,
      hint: `begin one with promptgate rollout start ${prompt}; promptgate rollback works without one`,
    };
  }
  const scene = sceneOf(input, state);
  return outcomeOf(scene, carryOut(scene, command));
}
