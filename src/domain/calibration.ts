import type { Digest } from "./digest.ts";

/** What a policy makes of a judge without a valid calibration: advisory, a warning, or nothing. */
export type CalibrationDemand = "required" | "advised" | "off";

/** A grade as a score in [0,1], or that the question does not apply. */
export type Grade = number | "not applicable";

/** A share with its 95 % bounds. */
export interface BoundedShare {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How far a pairwise judge depends on which output stands first. */
export interface OrderFigures {
  /** Share of the pairs with two usable answers where both name the same output; null without such pairs. */
  readonly consistency: number | null;
  /** Share of all pairs with the same answer in both orders; two unusable answers are the same. */
  readonly positionalAgreement: number;
  /** Share of answers for whatever stood first; 0.5 without a bias, null without pairs to count. */
  readonly firstSlotRate: number | null;
  /** Accuracy in either order over all pairs; an unusable answer is wrong. */
  readonly accuracyAsGiven: number;
  readonly accuracyReversed: number;
}

/** How far a judge agrees with people. What could not be measured is null. */
export interface AgreementFigures {
  /** Labelled outputs or pairs. */
  readonly n: number;
  /** How many of them people call good and not good (of pairs: the first or the second better). */
  readonly positives: number;
  readonly negatives: number;
  /** How many have no usable answer; a fraction where one of several answers is missing. */
  readonly unscored: number;
  /** Share of all with the people's own label; an unusable answer is wrong. */
  readonly accuracy: number;
  readonly kappa: number | null;
  /** Quadratic weights; only for scales of more than two grades. */
  readonly weightedKappa: number | null;
  readonly ac1: number | null;
  /** Of what people call good, the share that the judge calls good; and the counterpart. Wilson bounds. */
  readonly sensitivity: BoundedShare | null;
  readonly specificity: BoundedShare | null;
  /** Youden's J: sensitivity + specificity - 1. */
  readonly youden: number | null;
  readonly order: OrderFigures | null;
  /** Pairs of answers of the judge to one question, and how many of them differ. */
  readonly retest: { readonly comparisons: number; readonly flips: number } | null;
}

/** A judge held against human labels: what `judge calibrate --json` prints and the record holds. */
export interface Calibration {
  readonly schema: "promptgate/calibration@1";
  readonly rubric: string;
  /** `live`: the configured judge was asked; `stored`: answers in the labels file, from wherever they came. */
  readonly source: "live" | "stored";
  readonly admitted: boolean;
  /** Why it is not admitted; empty when it is. */
  readonly obstacles: readonly string[];
  /** Null for stored answers: they speak for no judge of this project. */
  readonly judge: {
    /** One, or those of a panel. */
    readonly models: readonly { readonly provider: string; readonly model: string }[];
    readonly fingerprint: Digest;
  } | null;
  readonly labels: { readonly file: string; readonly digest: Digest };
  readonly figures: AgreementFigures;
  /** The same by criterion, where the rubric has several. */
  readonly criteria: readonly { readonly id: string; readonly figures: AgreementFigures }[];
  /** ISO 8601, UTC. */
  readonly at: string;
}
