/** What judges said of one sample beyond its score. */
export type JudgeNote =
  /** On the candidate's row alone: labels of both orders, summed over criteria. */
  | {
      readonly kind: "pairwise";
      /** Criteria that were judged in both orders. */
      readonly judged: number;
      /** Those for which both orders gave the same preference. */
      readonly consistent: number;
      /** How many of the labels preferred the output in the first and in the second place. */
      readonly first: number;
      readonly second: number;
    }
  /** Every vote by criterion, in the panel's order; null = no usable answer. */
  | {
      readonly kind: "panel";
      readonly votes: Readonly<Record<string, readonly (string | number | null)[]>>;
    };

/**
 * The scores of one sample of one case: a line of a score file. Scores are in [0,1], higher is better; null = unscored.
 * `measures` are raw cost-like quantities (milliseconds, US dollars, tokens), > 0, lower is better; null = not measured.
 * `characters` among them is the length of the output and never a metric. A metric that is absent was not asked for.
 */
export interface ScoreRow {
  readonly id: string;
  readonly scores: Readonly<Record<string, number | null>>;
  readonly measures?: Readonly<Record<string, number | null>>;
  /** By metric, where there is more to say than a score. */
  readonly judges?: Readonly<Record<string, JudgeNote>>;
  readonly sample: number;
  readonly group?: string;
}

export type MetricKind = "check" | "judge" | "latency" | "cost" | "tokens";

/** `error` decides, `warn` is reported and never blocks, `off` is reported without a verdict. */
export type GateLevel = "error" | "warn" | "off";

/** The rule on one metric. */
export interface MetricRule {
  readonly name: string;
  readonly kind: MetricKind;
  readonly level: GateLevel;
  /** Largest tolerated drop of the mean score, in (0,1); null = the default of 0.05 (at most 20 % of the baseline mean). */
  readonly margin: number | null;
  /** Largest tolerated increase of a cost-like quantity as a share, 0.1 = 10 %; null = not compared with the baseline. */
  readonly maxIncrease: number | null;
  /** Floor of the candidate's own mean score, in [0,1]; null = none. */
  readonly min: number | null;
  /** Ceiling of the candidate's own cost-like quantity (its geometric mean); null = none. */
  readonly max: number | null;
  /** Chance to pass a candidate that is worse by the margin, in (0, 0.5). */
  readonly alphaMiss: number;
  /** Chance to fail a candidate that is not worse, in (0, 0.5). */
  readonly alphaBlock: number;
  /** Cases that the decision leaves out, because a waiver says so; they are measured all the same. */
  readonly waivedCases?: readonly string[];
}

export type VerdictKind = "pass" | "fail" | "inconclusive";

/** Bounds of the difference candidate - baseline (for cost-like metrics: of the relative increase). */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Confidence of each bound on its own side, e.g. 0.95. */
  readonly level: number;
}

/** How far a metric's judges can be relied on, over all that was looked at. */
export type JudgeFigures =
  | {
      readonly kind: "pairwise";
      /** Criteria that were judged in both orders; equal outputs are ties without a judge. */
      readonly judged: number;
      /** Share of them with the same preference in both orders. */
      readonly consistency: number;
      /** Share of all preferences for whatever stood first, 0.5 without a bias; null = nothing but ties. */
      readonly firstSlotRate: number | null;
    }
  | {
      readonly kind: "panel";
      readonly judges: number;
      /** Share of the pairs of votes that agree; null = no two judges gave a usable answer to the same question. */
      readonly agreement: number | null;
    };

/** One metric's comparison; every figure a report prints is here. */
export interface MetricResult {
  readonly name: string;
  readonly verdict: VerdictKind;
  /** One sentence without the metric's name. */
  readonly reason: string;
  readonly kind: MetricKind;
  readonly level: GateLevel;
  readonly margin: number | null;
  readonly maxIncrease: number | null;
  readonly min: number | null;
  readonly max: number | null;
  readonly alphaMiss: number;
  readonly alphaBlock: number;
  /** Cases (or clusters, when the dataset has groups) available. */
  readonly n: number;
  /** Cases (or clusters) looked at when the metric was decided. */
  readonly used: number;
  readonly unscored: number;
  /** Mean score, or geometric mean of a cost-like quantity; null = no baseline, or nothing was measured. */
  readonly baseline: number | null;
  readonly candidate: number | null;
  /** Score difference candidate - baseline; for cost-like metrics the relative increase (0.1 = 10 % more). */
  readonly delta: number | null;
  readonly interval: Interval | null;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** Two-sided exact McNemar p for pass/fail metrics, else null. */
  readonly mcnemarP: number | null;
  /** The smallest true drop that the whole dataset shows with 80 % power. */
  readonly minimumDetectableDrop: number;
  /** The difference at equal length of the outputs; null = not judged, not compared, or lengths are not known. */
  readonly lengthAdjusted: { readonly delta: number; readonly standardError: number } | null;
  /** Null for a single judge that looks at single outputs. */
  readonly judging: JudgeFigures | null;
}

/** What `compare` prints and `compareScores` returns. */
export interface Comparison {
  readonly schema: "promptgate/comparison@1";
  readonly verdict: VerdictKind;
  /** The verdict in one or two plain sentences; plain text, no markup. */
  readonly headline: string;
  /** `name: sentence`, the deciding metrics first. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly metrics: readonly MetricResult[];
  readonly seed: number;
}
