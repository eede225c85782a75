import { jsonDigest } from "../domain/digest.ts";
import type { RegistryView } from "../domain/rollout-decision.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import { FULL_WEIGHT, type ReleaseDocument } from "../domain/release.ts";
import type { RolloutPhase, RolloutStep } from "../domain/rollout.ts";

/** The step a rollout is in. */
export function currentStep({ strategy, step }: RolloutState): RolloutStep {
  const current = strategy.steps[step];
  if (current === undefined) throw new RangeError(`the strategy has no step ${step}`);
  return current;
}

/** Which phase a step belongs to. */
export function phaseOf({ weight }: RolloutStep): RolloutPhase {
  return weight === 0 ? "staging" : weight === FULL_WEIGHT ? "baking" : "canary";
}

/** Where a label points, or null. */
export function labelVersion({ labels }: RegistryView, name: string): string | null {
  return labels.find((label) => label.name === name)?.version ?? null;
}

/** The share of all units, in 1/100,000, that a document gives to a version; without one, `production` decides. */
export function exposureOf(
  release: ReleaseDocument | null,
  version: string,
  production: string | null,
): number {
  if (release === null) return production === version ? FULL_WEIGHT : 0;
  const { candidate, holdback, stable } = release;
  const kept = holdback === null ? 0 : holdback.weight;
  const tried = candidate === null ? 0 : candidate.weight;
  const rest = Math.max(0, FULL_WEIGHT - kept - tried);
  return (
    (stable === version ? rest : 0) +
    (candidate?.version === version ? tried : 0) +
    (holdback?.version === version ? kept : 0)
  );
}

/** The exposure that the state records. */
export function recordedExposure(state: RolloutState): number {
  const production = state.phase === "baking" ? state.candidate.version : state.stable.version;
  return exposureOf(state.release, state.candidate.version, production);
}

/** Equal in every field: also in its generation, so that a rewrite by hand is not taken for the original. */
export function sameDocument(left: ReleaseDocument | null, right: ReleaseDocument | null): boolean {
  return left === null || right === null ? left === right : jsonDigest(left) === jsonDigest(right);
}

function contentDigest({ stable, candidate, holdback }: ReleaseDocument): string {
  return jsonDigest({ stable, candidate, holdback });
}

/** Equal in what applications are served. */
export function sameContent(left: ReleaseDocument | null, right: ReleaseDocument | null): boolean {
  if (left === null || right === null) return left === right;
  return contentDigest(left) === contentDigest(right);
}
