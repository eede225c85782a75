import type { Digest } from "./digest.ts";

/** How a label becomes a score: closed labels (null = not applicable), or whole numbers from `min` to `max` rescaled to [0,1]. */
export type Scale =
  | { readonly kind: "choices"; readonly choices: Readonly<Record<string, number | null>> }
  | { readonly kind: "likert"; readonly min: number; readonly max: number };

interface Criterion {
  readonly id: string;
  readonly question: string;
}

/** The criteria a judge follows; one rubric is one metric. */
export interface Rubric {
  /** The metric's name. */
  readonly name: string;
  /** A key of `models` in the config. */
  readonly model: string;
  readonly scale: Scale;
  readonly criteria: readonly Criterion[];
  /** A case passes at or above it; null = the metric has only a mean. */
  readonly threshold: number | null;
  /** Allows a candidate to be judged by its own model. */
  readonly allowSelfGrading: boolean;
  /** Further words to the judge, e.g. examples. */
  readonly instructions: string;
  /** Human labels for `judge calibrate`, relative to the project; null = none. */
  readonly calibration: string | null;
  /** Of all that shapes the judge's answer. */
  readonly digest: Digest;
}
