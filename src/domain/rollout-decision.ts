import type { LedgerEntry } from "./ledger.ts";
import type { Observations } from "./metrics.ts";
import type { Label, MoveLabelRequest } from "./registry.ts";
import type { ReleaseDocument, WriteReleaseRequest } from "./release.ts";
import type {
  MetricVerdict,
  RolloutMetric,
  RolloutPhase,
  RolloutStrategy,
  RolloutVersion,
} from "./rollout.ts";
import type { RolloutCandidate, RolloutState } from "./rollout-state.ts";

/** Another prompt's rollout, as far as this one depends on it. */
export interface OtherRollout {
  readonly prompt: string;
  readonly phase: RolloutPhase;
  readonly mutexGroup: string | null;
  /** ISO 8601, UTC; null = never exposed. */
  readonly exposedAt: string | null;
}

/** A stop of all raising that somebody ordered. */
export interface RolloutFreeze {
  readonly by: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** Null = until somebody ends it. */
  readonly until: string | null;
}

/** What the registry says now. */
export interface RegistryView {
  readonly labels: readonly Label[];
  readonly release: ReleaseDocument | null;
}

/** What the metrics source says now. No data is not an error, and an error is no data. */
export type ObservedMetrics =
  | { readonly kind: "observed"; readonly observations: Observations }
  | { readonly kind: "unreachable"; readonly message: string }
  /** The state needs none: nothing is exposed and nothing is staged. */
  | { readonly kind: "not_needed" };

/** Everything that one look at a rollout depends on. */
export interface DecideInput {
  readonly state: RolloutState;
  /** As configured now. */
  readonly strategy: RolloutStrategy;
  readonly registry: RegistryView;
  readonly others: readonly OtherRollout[];
  readonly metrics: ObservedMetrics;
  /** Null = no freeze was ordered; freezes of the config are in the strategy. */
  readonly freeze: RolloutFreeze | null;
  /** Milliseconds since 1970. `store` is the time of the store's answer, null where it has none. */
  readonly clock: { readonly now: number; readonly store: number | null };
  /** Who looks: `scheduler` or a person. */
  readonly by: string;
}

export interface ArmFigures {
  /** Units, or requests where no unit is known. */
  readonly n: number;
  /** A mean, of logarithms for `ln` metrics, or a rate. */
  readonly value: number;
}

/** What one metric says in one step. Every figure that a report prints is here; null = not measured. */
export interface MetricEvidence extends Pick<
  RolloutMetric,
  "name" | "kind" | "transform" | "direction" | "action" | "dryRun" | "margin" | "harmAt" | "min" | "max"
> {
  /** What the candidate is held against: the version served beside it, or limits of its own. */
  readonly basis: "control" | "limits";
  readonly verdict: MetricVerdict;
  /** One sentence for people, escaped. */
  readonly reason: string;
  readonly candidate: ArmFigures | null;
  readonly control: ArmFigures | null;
  /** Candidate - control within the hours, weighted. */
  readonly difference: number | null;
  readonly standardError: number | null;
  /** Bounds of the difference (of the candidate's own value for limits), each at its own level. */
  readonly lower: number | null;
  readonly upper: number | null;
  /** What the standard error is multiplied with for each of the two questions. */
  readonly critical: { readonly advance: number; readonly harm: number } | null;
  readonly alpha: { readonly advance: number; readonly harm: number };
  /** W so far and W* as planned. */
  readonly weight: number | null;
  readonly plannedWeight: number | null;
  /** Evidence for harm in counts of errors, and from where on it is proof. */
  readonly evidence: { readonly value: number; readonly threshold: number } | null;
}

/** Whether units arrive in the promised shares. */
export interface SampleRatioEvidence {
  readonly candidate: number;
  readonly control: number;
  /** Share of the candidate that the weights promise, in (0,1). */
  readonly expectedShare: number;
  readonly value: number;
  readonly threshold: number;
  readonly flagged: boolean;
}

/** What happened, in the past tense: also the `kind` of its ledger entry. */
export type RolloutEvent =
  | "queued"
  | "replaced-in-queue"
  | "staged"
  | "held"
  | "advanced"
  | "completed"
  | "completed-externally"
  | "rolled-back"
  | "aborted"
  | "superseded"
  | "repaired"
  | "put-back"
  | "paused"
  | "resumed"
  | "approved"
  | "skipped"
  | "promoted-in-full"
  | "retried"
  | "adopted"
  | "unchanged";

/** One look at a rollout, or one command: what follows from it, as data. */
export interface Decision {
  /** 64 hex digits of rollout, attempt, step, generation and event: the same decision has the same one. */
  readonly id: string;
  readonly prompt: string;
  readonly rolloutId: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** What becomes of exposure: `none` for a rollout that has ended. */
  readonly action: "none" | "hold" | "advance" | "rollback";
  readonly event: RolloutEvent;
  /** A machine word such as `soaking`, `harm(quality)`, `metrics_down`. */
  readonly reason: string;
  /** A sentence for people, escaped. */
  readonly message: string;
  readonly warnings: readonly string[];
  /** Where it was when this was decided. */
  readonly from: { readonly phase: RolloutPhase; readonly step: string; readonly weight: number };
  /** Where it is afterwards. */
  readonly to: { readonly phase: RolloutPhase; readonly step: string; readonly weight: number };
  /** The document to store; null = nothing changes. */
  readonly state: RolloutState | null;
  readonly release: WriteReleaseRequest | null;
  /** In this order, after the release document. A conflict on one of them is a hand edit: the next look sees it. */
  readonly labels: readonly MoveLabelRequest[];
  /** `state-first` where exposure rises, `traffic-first` where it falls: a crash in between leaves less of it. */
  readonly order: "state-first" | "traffic-first";
  readonly entries: readonly LedgerEntry[];
  /** True when people should hear of it: a transition, a new reason to hold, an alarm. */
  readonly notify: boolean;
  readonly metrics: readonly MetricEvidence[];
  readonly sampleRatio: SampleRatioEvidence | null;
  /** `rolled_back`: measured harm or a broken promise ended it. `failed_closed`: something needed was missing. */
  readonly outcome: "ok" | "rolled_back" | "failed_closed";
}

/** A person's order. */
export type RolloutCommand =
  | {
      readonly kind: "start";
      readonly candidate: Omit<RolloutCandidate, "requestedAt" | "by" | "reason">;
      readonly stable: RolloutVersion;
      /** Ends a live rollout of another version instead of waiting for it. */
      readonly supersede: boolean;
    }
  | { readonly kind: "pause" | "resume" | "approve" | "abort" | "retry" }
  /** `stable` is what production has now. */
  | { readonly kind: "adopt"; readonly stable: RolloutVersion }
  | { readonly kind: "skip-step" | "promote-full"; readonly secondApprover: string }
  /** `to` null: the last known good version. Works without a state too. */
  | { readonly kind: "rollback"; readonly to: RolloutVersion | null };

/** What a command depends on. */
export interface CommandInput extends Omit<DecideInput, "state" | "metrics"> {
  readonly prompt: string;
  /** Null when there is no rollout, or none that can be read. */
  readonly state: RolloutState | null;
  readonly command: RolloutCommand;
  readonly reason: string;
}

/** A command is carried out or refused with a sentence that says what to do. */
export type CommandOutcome =
  | { readonly kind: "decided"; readonly decision: Decision }
  | { readonly kind: "refused"; readonly message: string; readonly hint: string };
