/**
 * The scores of one sample of one case: a line of a score file. Scores are in [0,1], higher is better; null = unscored.
 * `measures` are raw cost-like quantities (milliseconds, US dollars, tokens), > 0, lower is better; null = not measured.
 * A metric that is absent was not asked for.
 */
export interface ScoreRow {
  readonly id: string;
  readonly scores: Readonly<Record<string, number | null>>;
  readonly measures?: Readonly<Record<string, number | null>>;
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
}

export type VerdictKind = "pass" | "fail" | "inconclusive";

/** Bounds of the difference candidate - baseline (for cost-like metrics: of the relative increase). */
export interface Interval {
  readonly low: number;
  readonly high: number;
  /** Confidence of each bound on its own side, e.g. 0.95. */
  readonly level: number;
}

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
