import { mean, sampleCovariance, variance } from "simple-statistics";

export interface Estimate {
  readonly estimate: number;
  readonly error: number;
}

/** Differences of the same cases by people and by the judge, and of further cases by the judge alone. */
export interface PartlyLabelled {
  readonly human: readonly number[];
  readonly judge: readonly number[];
  readonly judgeOnly: readonly number[];
}

/** Mean and standard error, with the variance over n as the reference implementation of PPI++ takes it. */
export function meanWithError(values: readonly number[]): Estimate {
  return { estimate: mean([...values]), error: Math.sqrt(variance([...values]) / values.length) };
}

/**
 * PPI++ (Angelopoulos, Duchi and Zrnic 2023): the mean human difference with the judge's help. `weight` in [0,1] is the
 * share of trust in the judge; by default the one with the least variance.
 */
export function predictionPoweredMean(
  data: PartlyLabelled,
  weight?: number,
): Estimate & { readonly weight: number } {
  const { human, judge, judgeOnly } = data;
  const all = [...judge, ...judgeOnly];
  const scale = (1 + human.length / judgeOnly.length) * variance(all);
  const covariance = (sampleCovariance([...human], [...judge]) * (human.length - 1)) / human.length;
  const best = scale === 0 ? 0 : covariance / scale;
  const used = weight ?? Math.min(1, Math.max(0, best));
  const residuals = meanWithError(human.map((value, index) => value - used * (judge[index] as number)));
  const predicted = meanWithError(judgeOnly);
  return {
    weight: used,
    estimate: used * predicted.estimate + residuals.estimate,
    error: Math.hypot(used * predicted.error, residuals.error),
  };
}

export interface JudgeAccuracy {
  readonly sensitivity: number;
  readonly specificity: number;
}

/** True pass rate behind a judged one (Rogan and Gladen 1978), cut to [0,1]. */
export function correctedRate(observed: number, { sensitivity, specificity }: JudgeAccuracy): number {
  return Math.min(1, Math.max(0, (observed + specificity - 1) / (sensitivity + specificity - 1)));
}

/** The margin on judged scores that certifies `margin` on true ones: a judge's errors shrink every drop by Youden's J. */
export function judgedMargin(margin: number, { sensitivity, specificity }: JudgeAccuracy): number {
  return margin * (sensitivity + specificity - 1);
}
