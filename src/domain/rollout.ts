import type { Digest } from "./digest.ts";
import type { MetricQuery } from "./metrics.ts";

/** One step of exposure, in order; weight 0 is staging, 100,000 is everybody. */
export interface RolloutStep {
  readonly name: string;
  /** Share of units in 1/100,000. */
  readonly weight: number;
  readonly minSoakMs: number;
  /** After that an undecided step is held for `inconclusiveGraceMs` and then ended; null = never. */
  readonly maxSoakMs: number | null;
  /** Samples of the candidate (units where units are known) that every guardrail needs. */
  readonly minSample: number;
  /** How many people must approve before the rollout leaves this step. */
  readonly approvals: number;
  /** Who may; empty = anybody but the one who started it. */
  readonly approvers: readonly string[];
  /** Share of units in 1/100,000 that keeps the former version at 100 %. */
  readonly holdback: number;
}

/** A guardrail. `harmAt` is between 0 and `margin`; both in the metric's own unit, ln for transformed ones. */
export interface RolloutMetric extends MetricQuery {
  /** `up`: more is better. */
  readonly direction: "up" | "down";
  readonly margin: number;
  readonly harmAt: number;
  readonly action: "rollback" | "hold" | "warn";
  /** What a sample is, in a word for people, e.g. `conversation`. */
  readonly unit: string;
  /** Recorded, never acted on. */
  readonly dryRun: boolean;
  /** Absolute limits of the candidate's own mean or rate, for steps without a control; null = none. */
  readonly min: number | null;
  readonly max: number | null;
  /** Multiplies variances where only requests, not units, were observed; at least 1. */
  readonly designEffect: number;
}

/** A time in which nothing is raised; lowering is always allowed. */
export interface FreezeWindow {
  /** Five fields: minute hour day month weekday. */
  readonly cron: string;
  readonly durationMs: number;
  readonly timeZone: string;
}

/** How a prompt is rolled out: what the config says with every default filled in. */
export interface RolloutStrategy {
  /** Weights rise strictly; the last one is 100 %. */
  readonly steps: readonly RolloutStep[];
  readonly metrics: readonly RolloutMetric[];
  /** Of the prompts in one group only one is exposed in part at a time; null = none. */
  readonly mutexGroup: string | null;
  /** Prompts whose rollout must be completed first. */
  readonly dependsOn: readonly string[];
  /** What becomes of a candidate that is started while another one is live. */
  readonly onNewCandidate: "queue" | "supersede" | "reject";
  /** What follows `maxSoak`: time for people, then the outcome. */
  readonly inconclusive: { readonly graceMs: number; readonly outcome: "rollback" | "hold" };
  /** How long metrics may be missing before the weight goes to 0: below or at 25 %, and above. */
  readonly blindLimitMs: { readonly low: number; readonly high: number };
  readonly settleDelayMs: number;
  readonly bucketMs: number;
  /** How long after a rollback the same prompt waits before it is retried. */
  readonly cooldownMs: number;
  /** How many versions that were completed stay known as good. */
  readonly undoVersions: number;
  readonly driftGraceMs: number;
  /** What follows when units do not arrive in the shares that the weight promises. */
  readonly onSampleRatio: "hold" | "rollback" | "warn";
  readonly alpha: { readonly rollout: number; readonly advance: number; readonly srm: number };
  readonly freeze: readonly FreezeWindow[];
  /** Minutes of the day in which exposure may rise; null = always. */
  readonly advanceHours: { readonly from: number; readonly to: number; readonly timeZone: string } | null;
}

export type RolloutPhase =
  | "queued"
  | "staging"
  | "canary"
  | "baking"
  | "completed"
  | "rolled-back"
  | "aborted"
  | "superseded";

/** Which version a rollout is about, as it was when it started. */
export interface RolloutVersion {
  readonly version: string;
  readonly digest: Digest;
}

/** `ok` is absolute: within `min` and `max` where there is no control. `unlimited`: seen, and without a limit. */
export type MetricVerdict =
  | "harm"
  | "non_inferior"
  | "ok"
  | "unlimited"
  | "inconclusive"
  | "insufficient_sample"
  | "no_data"
  | "error"
  | "invalid";
