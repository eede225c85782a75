import type { RolloutMetric } from "../domain/rollout.ts";
import type { ArmFigures } from "../domain/rollout-decision.ts";
import { sequenceCritical, sequenceTuning, smoothedRate } from "../stats/confidence-sequence.ts";
import { armOf, type Alphas, type Measured } from "./judge-control.ts";

/** The candidate's own mean with bounds that hold at every look; null without two samples. */
export interface LimitsTest {
  readonly candidate: ArmFigures;
  readonly standardError: number;
  readonly critical: { readonly advance: number; readonly harm: number };
  readonly lower: number;
  readonly upper: number;
  readonly isHarm: boolean;
  readonly isWithin: boolean;
}

/** Variance of single samples around the mean of all of them. */
function pooledVariance(samples: readonly Measured[], { n, value }: ArmFigures): number {
  if (samples.some(({ kind }) => kind === "proportion")) return smoothedRate(value * n, n).variance;
  const squares = samples.reduce(
    (sum, sample) =>
      sample.kind === "mean" ? sum + sample.n * (sample.variance + (sample.mean - value) ** 2) : sum,
    0,
  );
  return squares / n;
}

/** The candidate alone against `min` and `max`: where there is no control. */
export function testLimits(
  { min, max }: Pick<RolloutMetric, "min" | "max">,
  samples: readonly Measured[],
  plan: { readonly planned: number; readonly effect: number; readonly alpha: Alphas },
): LimitsTest | null {
  const candidate = armOf(samples);
  if (candidate === null || candidate.n < 2) return null;
  const { planned, effect, alpha } = plan;
  const standardError = Math.sqrt((effect * pooledVariance(samples, candidate)) / candidate.n);
  const criticalAt = (level: number): number =>
    sequenceCritical(candidate.n, sequenceTuning(level, planned), level);
  const critical = { advance: criticalAt(alpha.advance), harm: criticalAt(alpha.harm) };
  const { value } = candidate;
  const low = {
    advance: value - critical.advance * standardError,
    harm: value - critical.harm * standardError,
  };
  const high = {
    advance: value + critical.advance * standardError,
    harm: value + critical.harm * standardError,
  };
  return {
    candidate,
    standardError,
    critical,
    lower: low.advance,
    upper: high.advance,
    isHarm: (min !== null && high.harm < min) || (max !== null && low.harm > max),
    isWithin: (min === null || low.advance >= min) && (max === null || high.advance <= max),
  };
}
