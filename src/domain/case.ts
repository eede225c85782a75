/** `static` looks at the prompt alone, `deterministic` at an output, `judge` asks a model. */
export type CheckClass = "static" | "deterministic" | "judge";

/** One expectation on an output (or, for a static check, on the prompt). */
export interface Assertion {
  /** A check's type without `not-`, e.g. `contains`. */
  readonly type: string;
  /** True for the `not-` twin: what passed fails and the score becomes 1 - score. */
  readonly negated: boolean;
  /** The metric it counts under. */
  readonly metric: string;
  /** Its share in the metric of one case, > 0. */
  readonly weight: number;
  /** The type's own fields (`value`, `threshold`, `min`, …), validated by the check's schema. */
  readonly options: Readonly<Record<string, unknown>>;
}

export type Variables = Readonly<Record<string, unknown>>;

/** One input with expectations. */
export interface Case {
  readonly id: string;
  readonly vars: Variables;
  readonly expected?: unknown;
  readonly tags: readonly string[];
  /** Statistical cluster: cases of one group are not independent. */
  readonly group?: string;
  /** A critical case may never break. */
  readonly critical: boolean;
  readonly split: "golden" | "holdout";
  readonly assert: readonly Assertion[];
}
