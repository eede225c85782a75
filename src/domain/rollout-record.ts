import type { MetricEvidence, RolloutEvent, SampleRatioEvidence } from "./rollout-decision.ts";
import type { RolloutPhase } from "./rollout.ts";

/** A decision as it is told: what `advance`, `get` and the ledger have in common. Times are ISO 8601, UTC. */
export interface RolloutRecord {
  readonly at: string;
  readonly action: "hold" | "advance" | "rollback";
  /** A machine word such as `soaking` or `harm(quality)`. */
  readonly reason: string;
  /** Where it is afterwards; the weight is a share of units in 1/100,000. */
  readonly step: string;
  readonly weight: number;
  readonly phase: RolloutPhase;
  readonly event: RolloutEvent;
  /** A sentence for people, escaped. */
  readonly message: string;
  readonly metrics: readonly MetricEvidence[];
  readonly sampleRatio: SampleRatioEvidence | null;
  /** 64 hex digits: the entry of the ledger. */
  readonly id: string;
  readonly prompt: string;
  readonly rolloutId: string;
  /** The version under test; null where the record does not say. */
  readonly version: string | null;
  readonly by: string;
  readonly from: { readonly phase: RolloutPhase; readonly step: string; readonly weight: number };
}
