import type { RegistryView } from "../domain/rollout-decision.ts";
import type { RecordedLabel, RolloutState } from "../domain/rollout-state.ts";
import { FULL_WEIGHT, type ReleaseDocument, type WriteReleaseRequest } from "../domain/release.ts";
import type { MoveLabelRequest } from "../domain/registry.ts";
import type { RolloutStep } from "../domain/rollout.ts";

/** What applications are served, without what counts the writes. */
export type ReleaseContent = Pick<ReleaseDocument, "stable" | "candidate" | "holdback">;

/** ISO 8601, UTC. */
export function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** What a step serves; null for a step without exposure. */
export function stepContent(state: RolloutState, step: RolloutStep): ReleaseContent | null {
  const { candidate, stable, rolloutId: salt } = state;
  if (step.weight === 0) return null;
  if (step.weight < FULL_WEIGHT) {
    return {
      stable: stable.version,
      candidate: { version: candidate.version, weight: step.weight, salt, hashVersion: 1 },
      holdback: null,
    };
  }
  const holdback = step.holdback === 0 ? null : { version: stable.version, weight: step.holdback, salt };
  return { stable: candidate.version, candidate: null, holdback };
}

/** A document that follows the one in force. */
export function nextRelease(
  prompt: string,
  content: ReleaseContent,
  actual: ReleaseDocument | null,
  now: number,
): ReleaseDocument {
  return {
    schema: "promptgate/release@1",
    prompt,
    ...content,
    generation: (actual?.generation ?? 0) + 1,
    updatedAt: iso(now),
  };
}

/** The write that puts a document in the place of the one in force. */
export function releaseWrite(
  document: ReleaseDocument,
  actual: ReleaseDocument | null,
  why: { readonly by: string; readonly reason: string },
): WriteReleaseRequest {
  return { document, expected: actual?.generation ?? null, ...why };
}

/** The labels that go along with a step: what they mean is where the candidate is. */
export function stepLabels(state: RolloutState, step: RolloutStep): Readonly<Record<string, string>> {
  const { candidate, stable } = state;
  if (step.weight === 0) return { staging: candidate.version };
  if (step.weight < FULL_WEIGHT) return { canary: candidate.version };
  // What readers without a release document are served comes last: then everything before it is done.
  return { rollback: stable.version, canary: candidate.version, production: candidate.version };
}

/** Labels as the state keeps them: what still equals `previous` later on was not moved. */
export function recordLabels(
  wanted: Readonly<Record<string, string>>,
  { labels }: RegistryView,
): RecordedLabel[] {
  return Object.entries(wanted).flatMap(([label, to]) => {
    const found = labels.find(({ name }) => name === label);
    if (found?.version === to) return [];
    const previous = found === undefined ? null : { version: found.version, since: found.since };
    return [{ label, to, previous }];
  });
}

/** The moves of recorded labels. */
export function labelMoves(
  prompt: string,
  labels: readonly RecordedLabel[],
  why: { readonly by: string; readonly reason: string },
): MoveLabelRequest[] {
  return labels.map(({ label, to, previous }) => ({
    prompt,
    label,
    to,
    expected: previous?.version ?? null,
    ...why,
  }));
}

/** The moves of the last decision that were not made: the label is exactly as it was then. */
export function unfinishedLabels({ labels }: RolloutState, registry: RegistryView): RecordedLabel[] {
  return labels.filter(({ label, to, previous }) => {
    const found = registry.labels.find(({ name }) => name === label);
    if (found === undefined || previous === null) return found === undefined && previous === null;
    return found.version === previous.version && found.since === previous.since && found.version !== to;
  });
}
