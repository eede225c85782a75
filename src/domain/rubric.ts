import type { Digest } from "./digest.ts";

/**
 * How a label becomes a score: closed labels (null = not applicable), whole numbers from `min` to `max` rescaled to
 * [0,1], or which of two outputs is better. `expected` takes the mean over the probabilities of the grades.
 */
export type Scale =
  | { readonly kind: "choices"; readonly choices: Readonly<Record<string, number | null>> }
  | { readonly kind: "likert"; readonly min: number; readonly max: number; readonly expected?: boolean }
  | { readonly kind: "pairwise" };

interface Criterion {
  readonly id: string;
  readonly question: string;
}

/** The criteria a judge follows; one rubric is one metric. */
export interface Rubric {
  /** The metric's name. */
  readonly name: string;
  /** A key of `models` in the config: the judge, or the first one of the panel. */
  readonly model: string;
  /** An odd number of keys of `models`, at least 3: their majority decides. */
  readonly panel?: readonly string[];
  readonly scale: Scale;
  readonly criteria: readonly Criterion[];
  /** Whether the judge sees a case's `expected` as the reference answer. */
  readonly reference: "required" | "optional" | "off";
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

/** All models that a rubric asks, as keys of `models`. */
export function judgesOf({ model, panel }: Pick<Rubric, "model" | "panel">): readonly string[] {
  return panel ?? [model];
}

/** True when the rubric looks at the outputs of both versions together. */
export function comparesOutputs({ scale }: Pick<Rubric, "scale">): boolean {
  return scale.kind === "pairwise";
}

/** True when scores come from the probabilities of the judge's tokens. */
export function needsTokenProbabilities({ scale }: Pick<Rubric, "scale">): boolean {
  return scale.kind === "likert" && scale.expected === true;
}

/** What the output in the first place is worth against the second one. */
const PREFERENCES: Readonly<Record<string, number>> = { first: 1, tie: 0.5, second: 0 };

/** The worth of a label in [0,1], null = not applicable, undefined = the scale does not have it. */
export function labelValue(label: string | number, scale: Scale): number | null | undefined {
  if (scale.kind !== "likert") {
    const choices = scale.kind === "pairwise" ? PREFERENCES : scale.choices;
    return typeof label === "string" && Object.hasOwn(choices, label) ? choices[label] : undefined;
  }
  const { min, max } = scale;
  if (typeof label !== "number" || !Number.isInteger(label) || label < min || label > max) return undefined;
  return (label - min) / (max - min);
}
