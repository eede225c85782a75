import { createHash } from "node:crypto";
import { canonicalJson } from "../domain/digest.ts";
import type { LedgerEntry } from "../domain/ledger.ts";
import type { CommandInput, CommandOutcome, Decision } from "../domain/rollout-decision.ts";
import { isActive } from "../domain/rollout-state.ts";
import { FULL_WEIGHT } from "../domain/release.ts";
import type { RolloutVersion } from "../domain/rollout.ts";
import { visibleLine } from "../domain/visible.ts";
import type { Verdict } from "./build-decision.ts";
import { refuse, type CommandScene, type Refusal } from "./command-scene.ts";
import {
  iso,
  labelMoves,
  nextRelease,
  recordLabels,
  releaseWrite,
  type ReleaseContent,
} from "./documents.ts";
import { endRollout, isExposed, rollbackTarget } from "./end-rollout.ts";
import { labelVersion } from "./exposure.ts";

/** Back to the last known good version: from every state, under every freeze and pause. */
export function rollBack(scene: CommandScene, to: RolloutVersion | null): Verdict | Refusal {
  const { state, registry, by, reason } = scene;
  const { candidate } = state;
  if (to !== null && to.version === candidate.version && state.phase !== "completed") {
    return refuse(`${to.version} is the version under test`, "name the version to go back to");
  }
  const exposed = isExposed(state, registry);
  const production = labelVersion(registry, "production");
  if (!isActive(state.phase) && !exposed && (to === null || to.version === production)) {
    return refuse(
      `nobody is served ${candidate.version} any more`,
      "name a version with --to to go back further",
    );
  }
  const target = to ?? (exposed && state.phase !== "canary" ? rollbackTarget(state) : null);
  const message = `rolled back by ${by}: ${reason}`;
  const verdict = endRollout(scene, {
    phase: "rolled-back",
    reason: "manual",
    message,
    // A person who only takes a queued or staged version back says nothing about what it does.
    deny: exposed,
    to: target,
  });
  if (verdict.event !== "held") return verdict;
  return refuse(
    `${candidate.version} is what everybody has and no other version is known`,
    "name one with --to",
  );
}

/** The document that takes everybody to `stable`; nobody is served what was tried. */
function withoutCandidate({ registry }: CommandInput, stable: string): ReleaseContent | null {
  const { release } = registry;
  if (release === null) return null;
  const tried = release.candidate;
  const candidate = tried === null || tried.version === stable ? null : { ...tried, weight: 0 };
  return { stable, candidate, holdback: null };
}

/** Equal for the same rollback of the same registry. */
function statelessId({ registry, prompt }: CommandInput, stable: string): string {
  const generation = registry.release?.generation ?? 0;
  const production = labelVersion(registry, "production");
  const parts = { prompt, generation, production, stable, event: "rolled-back" };
  return createHash("sha256").update(canonicalJson(parts)).digest("hex");
}

/**
 * The same without a state, or with one that cannot be read: only the registry is changed. Without `to`, a canary's
 * weight goes to 0; where nothing is tried, the label `rollback` says where to go.
 */
export function rollBackWithoutState(input: CommandInput, to: RolloutVersion | null): CommandOutcome {
  const { registry, prompt, by, clock } = input;
  const now = clock.store ?? clock.now;
  const actual = registry.release;
  const weight = actual?.candidate?.weight ?? 0;
  const stable = to?.version ?? (weight > 0 ? actual?.stable : labelVersion(registry, "rollback")) ?? null;
  if (stable === null) {
    return refuse(`${prompt} has no version that is known to be good`, "name one with --to VERSION");
  }
  const message = visibleLine(`rolled back by ${by}: ${input.reason}`, 1000);
  const why = { by, reason: message };
  const content = withoutCandidate(input, stable);
  const document = content === null ? null : nextRelease(prompt, content, actual, now);
  const id = statelessId(input, stable);
  const place = { phase: "rolled-back" as const, step: "none" };
  const entry: LedgerEntry = {
    schema: "promptgate/ledger-entry@1",
    id,
    prompt,
    kind: "rolled-back",
    at: iso(now),
    by,
    reason: message,
    version: stable,
    digest: to?.digest ?? null,
    details: { from: labelVersion(registry, "production"), to: stable, weight, withoutState: true },
  };
  const decision: Decision = {
    id,
    prompt,
    rolloutId: prompt,
    at: iso(now),
    action: "rollback",
    event: "rolled-back",
    reason: "manual",
    message,
    warnings: ["the state of the rollout was not read and is not changed"],
    from: { ...place, weight: weight > 0 ? weight : FULL_WEIGHT },
    to: { ...place, weight: 0 },
    state: null,
    release: document === null ? null : releaseWrite(document, actual, why),
    labels: labelMoves(prompt, recordLabels({ production: stable }, registry), why),
    order: "traffic-first",
    entries: [entry],
    notify: true,
    metrics: [],
    sampleRatio: null,
    outcome: "ok",
  };
  return { kind: "decided", decision };
}
