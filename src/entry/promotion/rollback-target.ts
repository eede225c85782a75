import type { Label, LabelMove } from "../../domain/registry.ts";
import type { ReleaseDocument } from "../../domain/release.ts";
import type { RolloutState } from "../../domain/rollout-state.ts";

/** Begins the reason of every move that a rollback makes, so that the history alone tells it from a promotion. */
export const ROLLBACK_REASON = "rollback: ";

/** What is known of a prompt when somebody wants to go back; null = none, or none that can be read. */
export interface RollbackView {
  readonly release: ReleaseDocument | null;
  readonly labels: readonly Label[];
  /** Moves of the label `production`, newest first. */
  readonly moves: readonly LabelMove[];
  readonly state: RolloutState | null;
  /** Versions that the ledger says were rolled back from, and when. */
  readonly takenBack: readonly { readonly version: string; readonly at: string }[];
}

/** Where to go back to. */
export type RollbackTarget =
  | {
      readonly kind: "target";
      readonly to: string;
      /** What is taken back; null = nothing but what is half done. */
      readonly from: string | null;
      /** Why this one, for people. */
      readonly because: string;
    }
  /** Nothing is known that could be gone back to. */
  | { readonly kind: "none"; readonly reason: string };

function labelled({ labels }: RollbackView, name: string): string | null {
  return labels.find((label) => label.name === name)?.version ?? null;
}

function isRollback({ reason }: LabelMove): boolean {
  return reason.startsWith(ROLLBACK_REASON);
}

/** Versions that were taken back and not brought to production again since. */
export function badVersions({ moves, takenBack, state }: RollbackView): ReadonlySet<string> {
  const bad = new Set<string>();
  for (const move of moves.toReversed()) {
    if (isRollback(move) && move.from !== null) bad.add(move.from);
    else bad.delete(move.to);
  }
  // A canary that was taken back never was in production: only the ledger and the rollout know.
  for (const { version, at } of [...takenBack, ...(state?.denied ?? [])]) {
    const again = moves.some((move) => move.to === version && !isRollback(move) && move.at > at);
    if (!again) bad.add(version);
  }
  return bad;
}

/** Versions that served everybody before and were not taken back, the best first. */
function knownGood(view: RollbackView, current: string | null): string[] {
  const { release, moves, state } = view;
  const bad = badVersions(view);
  const before = state !== null && state.candidate.version === current ? [state.stable] : [];
  const candidates = [
    ...[...before, ...(state?.knownGood ?? [])].map(({ version }) => version),
    ...(release?.holdback ? [release.holdback.version] : []),
    labelled(view, "rollback"),
    ...moves.flatMap(({ from, to }) => [to, from]),
  ];
  return candidates.filter(
    (version): version is string => version !== null && version !== current && !bad.has(version),
  );
}

/** True when what serves now is already the way back: doing it again must not go one further. */
function isBackAlready(view: RollbackView, current: string): boolean {
  const [last] = view.moves;
  if (last !== undefined && last.to === current && isRollback(last)) return true;
  return labelled(view, "rollback") === current;
}

/** The version to go back to when nobody names one. */
export function rollbackTarget(view: RollbackView): RollbackTarget {
  const { release, state } = view;
  const production = labelled(view, "production");
  const current = release?.stable ?? production;
  if (current === null) return { kind: "none", reason: "nothing was ever in production" };
  const live = release?.candidate ?? null;
  if (live !== null && live.weight > 0) {
    const because = "it is the stable version beside the canary";
    return { kind: "target", to: current, from: live.version, because };
  }
  if (state?.phase === "canary") {
    const because = "it is what production has; nobody has the canary any more";
    return { kind: "target", to: current, from: state.candidate.version, because };
  }
  const isBaking = state?.phase === "baking" && current === state.candidate.version;
  if (!isBaking && release !== null && production !== null && production !== current) {
    const because = "it is what applications are served; the label had gone ahead or stayed behind";
    return { kind: "target", to: current, from: production, because };
  }
  if (!isBaking && isBackAlready(view, current)) {
    return { kind: "target", to: current, from: null, because: "it was gone back to already" };
  }
  const [best] = knownGood(view, current);
  if (best !== undefined) {
    return { kind: "target", to: best, from: current, because: "it is the last known good version" };
  }
  return {
    kind: "none",
    reason: `nothing but ${current} was ever in production, or all of it was taken back`,
  };
}

/** What is taken back by going to `to`; null when people have it already. */
export function takenFrom(view: RollbackView, to: string): string | null {
  const { release } = view;
  const live = release?.candidate ?? null;
  if (live !== null && live.weight > 0) return live.version;
  const current = release?.stable ?? labelled(view, "production");
  return current === to ? null : current;
}

/**
 * Null when the version served everybody once; else why it may not be gone back to. Where the history cannot be read,
 * nobody can say that it did not.
 */
export function targetFault(
  { release, moves }: RollbackView,
  to: string,
  isHistoryKnown: boolean,
): string | null {
  if (release?.candidate?.version === to && release.candidate.weight > 0 && release.stable !== to) {
    return `${to} is the canary itself`;
  }
  const served = new Set(moves.flatMap((move) => [move.to, move.from]));
  const isKnown = served.has(to) || release?.stable === to || release?.holdback?.version === to;
  return isKnown || !isHistoryKnown ? null : `${to} was never in production`;
}
