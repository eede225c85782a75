import type { Digest } from "./digest.ts";
import type { MetricResult, VerdictKind } from "./scores.ts";
import type { ChangeFinding, Tier } from "./tier.ts";
import type { Waiver } from "./waiver.ts";

/** A case whose score moved on one metric. Texts come from models and prompts: escape before printing. */
export interface CaseChange {
  readonly id: string;
  readonly metric: string;
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** Why the candidate scored as it did: the failed check's message or the judge's reasoning. */
  readonly reason: string;
  readonly baselineOutput: string | null;
  readonly candidateOutput: string | null;
}

export interface UnscoredCase {
  readonly id: string;
  readonly metric: string;
  readonly side: "baseline" | "candidate";
  readonly reason: string;
}

export interface RunUsage {
  /** Calls that were sent in this run. */
  readonly calls: number;
  /** Answers taken from the cache or the journal. */
  readonly cachedCalls: number;
  /** US dollars; null when a model that was called has no price. */
  readonly costUsd: number | null;
  readonly generationUsd: number | null;
  readonly judgeUsd: number | null;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Which model answered in which role. */
export interface ModelUse {
  readonly role: "candidate" | "baseline" | "judge";
  readonly provider: string;
  readonly model: string;
  /** The rubric, for a judge. */
  readonly metric?: string;
}

/** What the plan promised before the first call. */
export interface PlanSummary {
  readonly cases: number;
  readonly maxCases: number;
  readonly looks: readonly number[];
  readonly calls: { readonly generation: number; readonly judge: number };
  readonly metrics: readonly {
    readonly name: string;
    readonly requiredCases: number;
    readonly floorCases: number;
    readonly minimumDetectableDrop: number;
    readonly sigma: number;
  }[];
}

/** Answers of the baseline that several gates share. */
export interface BaselineSampling {
  /** Answers to each case. */
  readonly samples: number;
  /** ISO 8601, UTC: since when they are stored. */
  readonly since: string;
  /** What asking some cases again showed; null when nothing had been stored before this run. */
  readonly drift: {
    readonly cases: number;
    /** False when too few of them could be compared. */
    readonly tested: boolean;
    /** True: they differed, and all answers or judgements were taken afresh. */
    readonly found: boolean;
  } | null;
}

export interface PromptGateResult {
  readonly name: string;
  readonly verdict: VerdictKind;
  /** The verdict in one or two plain sentences; plain text, no markup. */
  readonly headline: string;
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly tier: {
    readonly declared: Tier | null;
    readonly required: Tier | null;
    readonly applied: Tier;
    readonly findings: readonly ChangeFinding[];
  };
  readonly candidate: { readonly version: string; readonly digest: Digest; readonly source: string };
  readonly baseline: {
    readonly version: string;
    readonly digest: Digest;
    readonly label: string | null;
    /** Absent when the baseline answered as often as the candidate, for this run alone. */
    readonly sampling?: BaselineSampling;
  } | null;
  readonly models: readonly ModelUse[];
  readonly plan: PlanSummary | null;
  readonly metrics: readonly MetricResult[];
  readonly cases: {
    readonly total: number;
    /** Cases that were looked at and count; a waived one is none of them. */
    readonly used: number;
    readonly unscored: number;
    /** Cases that a waiver keeps out of every metric's decision. */
    readonly waived: number;
    /** Critical cases that the candidate breaks. */
    readonly broken: readonly string[];
  };
  readonly regressions: readonly CaseChange[];
  readonly improvements: readonly CaseChange[];
  readonly unscored: readonly UnscoredCase[];
  /** In force in this run, as the config has them. */
  readonly waivers: readonly Waiver[];
  readonly usage: RunUsage;
  readonly digests: {
    readonly prompt: Digest;
    readonly dataset: Digest;
    readonly judges: Digest;
    readonly policy: Digest;
  };
  readonly seed: number;
  /** How many distinct candidates were gated against this baseline and dataset, this one included. */
  readonly attempt: number;
  /** True when an earlier run of the same inputs had decided and its verdict is repeated. */
  readonly stored: boolean;
  /** Where result and evidence are, relative to the project; null before they are kept. */
  readonly runDir: string | null;
}

/** What `gate --json` prints and `result.json` holds. */
export interface GateResult {
  readonly schema: "promptgate/gate-result@1";
  readonly verdict: VerdictKind;
  readonly exitCode: number;
  readonly prompts: readonly PromptGateResult[];
}
