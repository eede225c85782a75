import type { LedgerEntry } from "./ledger.ts";
import type { ReleaseDocument } from "./release.ts";
import type { MetricVerdict, RolloutPhase, RolloutStrategy, RolloutVersion } from "./rollout.ts";
import type { Tier } from "./tier.ts";

/** A version that asks to be rolled out. */
export interface RolloutCandidate extends RolloutVersion {
  readonly tier: Tier;
  /** What the tier's policy asks of all canary steps together; null = nothing. */
  readonly minCanaryMs: number | null;
  /** ISO 8601, UTC. */
  readonly requestedAt: string;
  readonly by: string;
  /** Why, for people. */
  readonly reason: string;
}

/** Why a rollout does not go on. It says nothing about what phase it is in. */
export interface RolloutHold {
  /** A machine word such as `soaking` or `inconclusive(quality)`. */
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** When it ends by itself; null = not known. */
  readonly until: string | null;
  /** `scheduler` or a person. */
  readonly by: string;
}

interface RolloutApproval {
  readonly step: string;
  readonly by: string;
  readonly at: string;
}

/** A digest that may not be rolled out again without somebody's word. */
export interface DeniedDigest extends RolloutVersion {
  readonly at: string;
  readonly reason: string;
  /** How often it was rolled back. */
  readonly times: number;
}

/** A label as it was when a decision moved it: what still equals it was not moved. */
export interface RecordedLabel {
  readonly label: string;
  readonly to: string;
  /** Null when the label was new. */
  readonly previous: { readonly version: string; readonly since: string } | null;
}

/** W* by metric (see `stats/confidence-sequence.ts`), fixed by the sizes of the first look in a step. */
type PlannedWeights = Readonly<Record<string, number>>;

/**
 * The rollout of one prompt: one document, replaced by compare-and-swap. `strategy` is the one it was started with: its
 * steps, metrics and error rates decide; waiting times, freezes and hours are those of the present config.
 */
export interface RolloutState {
  readonly schema: "promptgate/rollout-state@1";
  readonly prompt: string;
  /** `<prompt>.r<attempt>`, also the salt of the bucketing. */
  readonly rolloutId: string;
  /** Counts the attempts of this prompt from 1. */
  readonly attempt: number;
  /** Counts the writes of this document from 1. */
  readonly generation: number;
  readonly phase: RolloutPhase;
  /** Index into `strategy.steps`. */
  readonly step: number;
  readonly strategy: RolloutStrategy;
  readonly candidate: RolloutCandidate;
  /** What production had when it started: the control. */
  readonly stable: RolloutVersion;
  /** Versions that may be gone back to, the best first. */
  readonly knownGood: readonly RolloutVersion[];
  readonly denied: readonly DeniedDigest[];
  /** The one candidate that waits; a newer one replaces it. */
  readonly queued: RolloutCandidate | null;
  /** All times are ISO 8601, UTC. */
  readonly startedAt: string;
  readonly stepEnteredAt: string;
  /** When this step's weight was written, or written again: nothing before it counts. */
  readonly weightAppliedAt: string;
  /** When the candidate was first exposed; null = never. */
  readonly exposedAt: string | null;
  readonly endedAt: string | null;
  readonly lastTickAt: string;
  readonly updatedAt: string;
  readonly hold: RolloutHold | null;
  readonly pause: { readonly since: string; readonly by: string; readonly reason: string } | null;
  /** Milliseconds of pauses in this step that are over. */
  readonly pausedMs: number;
  readonly approvals: readonly RolloutApproval[];
  /** The release document as it should be; null = none was written. */
  readonly release: ReleaseDocument | null;
  /** The one before it: where that is still in force, the last write was cut off. */
  readonly previousRelease: ReleaseDocument | null;
  /** Those of the last decision, until a look has seen them in force. */
  readonly labels: readonly RecordedLabel[];
  readonly plannedWeights: PlannedWeights;
  /** By metric, as of the last look. */
  readonly verdicts: Readonly<Record<string, MetricVerdict>>;
  readonly coveredBuckets: number;
  /** Covered time of the canary steps before this one, in milliseconds. */
  readonly coveredBeforeMs: number;
  /** Buckets of the last 48 hours in which anything was observed, milliseconds since 1970. */
  readonly activeBuckets: readonly number[];
  readonly blindSince: string | null;
  readonly driftSince: string | null;
  /** Somebody lowered the weight by hand: it is never raised again in this attempt. */
  readonly lowered: { readonly at: string; readonly weight: number } | null;
  /** True when a person went past a decision that had not passed. */
  readonly overridden: boolean;
  /** The entry of the last transition, appended again by the next look in case it was cut off. */
  readonly lastEntry: LedgerEntry | null;
  /** Why it ended; null while it is active. */
  readonly outcome: { readonly reason: string; readonly message: string; readonly by: string } | null;
}

/** True while there is something to decide. */
export function isActive(phase: RolloutPhase): boolean {
  return phase === "queued" || phase === "staging" || phase === "canary" || phase === "baking";
}
