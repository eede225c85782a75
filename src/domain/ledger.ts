import type { Digest } from "./digest.ts";

/**
 * One thing that happened to a prompt: a promotion, a decision about a rollout, a rollback, a sign-off. `kind` names it
 * in the past tense (`promoted`, `rolled-back`, `advanced`, `held`, `started`, `paused` …).
 */
export interface LedgerEntry {
  readonly schema: "promptgate/ledger-entry@1";
  /** 64 hex digits; equal for the same event however often it is written, which is how repeats are recognised. */
  readonly id: string;
  readonly prompt: string;
  readonly kind: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string;
  readonly reason: string;
  readonly version: string | null;
  readonly digest: Digest | null;
  /** What belongs to this kind: scores at promotion, weights, inputs of a decision. JSON. */
  readonly details: Readonly<Record<string, unknown>>;
}
