import { GateError } from "../../domain/errors.ts";
import type { RolloutCommand } from "../../domain/rollout-decision.ts";
import { runCommand } from "../../rollout/run-command.ts";
import { readRollout } from "../promotion/read-rollout.ts";
import type { PromptTick } from "./advance-prompt.ts";
import { applyDecision } from "./apply-decision.ts";
import { readScene } from "./read-scene.ts";
import type { RolloutScope } from "./scope.ts";

/** What a person ordered. */
export interface RolloutOrder {
  readonly command: RolloutCommand;
  readonly by: string;
  readonly reason: string;
}

/** The way out of a state that nobody can read. */
export function corruptState(prompt: string, reason: string): GateError {
  return new GateError("STORE_CORRUPT", `the state of the rollout of ${prompt} cannot be read: ${reason}`, {
    hint: `promptgate rollback ${prompt} --reason TEXT takes the candidate from everybody; then restore rollout/${prompt} in the store or move it away: nothing was overwritten`,
  });
}

type Ordered = Extract<PromptTick, { readonly kind: "decided" }>;

async function tryOnce(scope: RolloutScope, prompt: string, order: RolloutOrder): Promise<Ordered> {
  const places = scope.open();
  const rollout = await readRollout(places.store, prompt);
  if (rollout.kind === "corrupt") throw corruptState(prompt, rollout.reason);
  const state = rollout.kind === "state" ? rollout.state : null;
  const scene = await readScene(scope, places, prompt, state);
  const outcome = runCommand({ ...scene, ...order, prompt, state });
  if (outcome.kind === "refused") {
    throw new GateError("USAGE", `${prompt}: ${outcome.message}`, { hint: outcome.hint });
  }
  const { decision } = outcome;
  const applied = await applyDecision(places, decision, rollout.kind === "state" ? rollout.revision : null);
  const isDone = applied.kind === "applied";
  return { kind: "decided", prompt, decision, applied, exitCode: isDone ? 0 : 4 };
}

/** Each lost race is another writer's success. */
const ATTEMPTS = 10;

/**
 * Carries out a person's command; where somebody else was first it is given again on what is there then. Throws `USAGE`
 * when it is refused and `STORE_CORRUPT` on a state that cannot be read.
 */
export async function orderRollout(
  scope: RolloutScope,
  prompt: string,
  order: RolloutOrder,
): Promise<Ordered> {
  for (let attempt = 1; ; attempt++) {
    const ordered = await tryOnce(scope, prompt, order);
    if (ordered.applied?.kind !== "lost-race" || attempt === ATTEMPTS) return ordered;
  }
}
