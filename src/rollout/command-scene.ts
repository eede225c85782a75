import type { RolloutFreeze } from "../domain/rollout-decision.ts";
import type { RolloutStrategy } from "../domain/rollout.ts";
import { isActive } from "../domain/rollout-state.ts";
import type { Scene } from "./build-decision.ts";
import { sameContent, labelVersion } from "./exposure.ts";

/** Where a command is given: the state, who gives it and why. */
export interface CommandScene extends Scene {
  readonly reason: string;
  readonly strategy: RolloutStrategy;
  readonly freeze: RolloutFreeze | null;
}

/** A command that has no meaning here, and what has. */
export interface Refusal {
  readonly kind: "refused";
  readonly message: string;
  readonly hint: string;
}

export function refuse(message: string, hint: string): Refusal {
  return { kind: "refused", message, hint };
}

/** Names of people are told apart as logins are: without regard to case. */
export function isSamePerson(left: string, right: string): boolean {
  return left.trim().toLowerCase() === right.trim().toLowerCase();
}

/** A refusal where the rollout has ended, else null. */
export function refuseEnded({ state }: Pick<Scene, "state">): Refusal | null {
  if (isActive(state.phase)) return null;
  return refuse(
    `the rollout ${state.rolloutId} has ended: it is ${state.phase}`,
    "start a new version, or retry this one",
  );
}

/** A refusal where registry and state do not agree: what is raised on a wrong picture may be anything. */
export function refuseDrift({ state, registry }: Pick<Scene, "state" | "registry">): Refusal | null {
  const expected = state.phase === "baking" ? state.candidate.version : state.stable.version;
  const production = labelVersion(registry, "production");
  if (production === expected && sameContent(state.release, registry.release)) return null;
  return refuse(
    `the registry is not as ${state.rolloutId} left it (production is ${production ?? "nothing"})`,
    "run promptgate rollout advance first, then adopt or abort",
  );
}
