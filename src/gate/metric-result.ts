import type { Interval, MetricResult } from "../domain/scores.ts";
import { ratioScale, scoreToIncrease } from "../stats/log-ratio.ts";
import { mcnemarExact } from "../stats/pass-fail.ts";
import { minimumDetectableDrop } from "../stats/planning.ts";
import { repeatedBound } from "../stats/repeated-interval.ts";
import { roundScore, type Sample } from "../stats/sample.ts";
import { isCostLike, marginBelow, type ClaimSamples } from "./claims.ts";
import { claimSamples, columnMean } from "./columns.ts";
import type { JudgedClaim, MetricLook } from "./evaluate.ts";

/** A claim with its data and the boundaries it was judged by. */
type Bounded = Pick<JudgedClaim, "claim" | "samples" | "boundaries">;

/** Ends of the repeated confidence interval of a claim's difference, on the scale of the tests. */
export function claimBounds({ claim, samples, boundaries }: Bounded): {
  readonly low: number;
  readonly high: number;
} {
  const { passAt, failAt, lowest, highest } = claim;
  return {
    low: repeatedBound(samples.worst, { mean: passAt, extreme: lowest, boundary: boundaries.pass }),
    high: repeatedBound(samples.best, { mean: failAt, extreme: highest, boundary: boundaries.fail }),
  };
}

/** The claim on the difference to the baseline, or one that only serves to print an interval. */
function baselineClaim(look: MetricLook): Bounded | null {
  const judged = look.claims.find(({ claim }) => claim.kind === "baseline" || claim.kind === "increase");
  if (judged !== undefined) return judged;
  if (look.columns.toBaseline === null) return null;
  return {
    claim: { kind: "increase", passAt: 0, failAt: 0, lowest: -1, highest: 1 },
    samples: claimSamples(look.columns.toBaseline, look.count),
    boundaries: look.boundaries,
  };
}

function intervalOf({ rule }: MetricLook, compared: Bounded): Interval {
  const { low, high } = claimBounds(compared);
  const level = 1 - Math.max(rule.alphaMiss, rule.alphaBlock);
  if (!isCostLike(rule.kind)) return { low, high, level };
  const scale = ratioScale(rule.maxIncrease);
  return { low: scoreToIncrease(high, scale), high: scoreToIncrease(low, scale), level };
}

function tally(sample: Sample): { wins: number; losses: number; ties: number } {
  const counts = { wins: 0, losses: 0, ties: 0 };
  for (const [index, value] of sample.values.entries()) {
    counts[value > 0 ? "wins" : value < 0 ? "losses" : "ties"] += sample.counts[index] as number;
  }
  return counts;
}

/** Exact McNemar p when every scored unit is a single 0/1 result on both sides. */
function mcnemarP(look: MetricLook, counts: { wins: number; losses: number }): number | null {
  const { columns, count } = look;
  let compared = 0;
  for (let index = 0; index < count; index += 1) {
    if ((columns.toBaseline?.scored[index] ?? null) === null) continue;
    if (columns.binary[index] !== true) return null;
    compared += 1;
  }
  return compared === 0 ? null : mcnemarExact(counts).pTwoSided;
}

/** Noise of the difference for the whole dataset: to the baseline, or of the candidate alone without one. */
function observedDeviation(look: MetricLook, samples: ClaimSamples | undefined): number {
  return (samples ?? look.claims[0]?.samples)?.scored.deviation ?? 0;
}

/** Mean level of one side, over the units that were compared when there are any: so that levels and difference agree. */
function levelMean(look: MetricLook, values: readonly (number | null)[]): number | null {
  const compared = look.columns.toBaseline?.scored.slice(0, look.count) ?? [];
  const paired = compared.some((value) => value !== null);
  const mean = paired
    ? columnMean(
        values.filter((_, index) => (compared[index] ?? null) !== null),
        look.count,
      )
    : columnMean(values, look.count);
  if (mean === null) return null;
  // Without the noise of the last bits, which depends on the order of the cases.
  return roundScore(isCostLike(look.rule.kind) ? Math.exp(mean) : mean);
}

/** Every figure of one metric as reports print it; `available` counts all units of the plan that may have the metric. */
export function metricResult(
  look: MetricLook,
  reason: string,
  available: number,
): Omit<MetricResult, "lengthAdjusted" | "judging"> {
  const { rule, columns } = look;
  const compared = baselineClaim(look);
  const scored = compared?.samples.scored;
  const counts = scored === undefined ? { wins: 0, losses: 0, ties: 0 } : tally(scored);
  const costLike = isCostLike(rule.kind);
  const scale = ratioScale(rule.maxIncrease);
  const baseline = levelMean(look, columns.baseline);
  const delta = scored === undefined || scored.size === 0 ? null : scored.mean;
  const drop = minimumDetectableDrop(
    { sigma: observedDeviation(look, compared?.samples), alphaMiss: rule.alphaMiss },
    available,
  );
  return {
    name: rule.name,
    verdict: look.verdict,
    reason,
    kind: rule.kind,
    level: rule.level,
    margin: costLike ? null : marginBelow(rule, baseline),
    maxIncrease: rule.maxIncrease,
    min: rule.min,
    max: rule.max,
    alphaMiss: rule.alphaMiss,
    alphaBlock: rule.alphaBlock,
    n: available,
    used: look.count,
    unscored: look.unscored,
    baseline,
    candidate: levelMean(look, columns.candidate),
    delta: delta === null ? null : roundScore(costLike ? scoreToIncrease(delta, scale) : delta),
    interval: compared === null || delta === null ? null : intervalOf(look, compared),
    ...counts,
    mcnemarP: mcnemarP(look, counts),
    minimumDetectableDrop: costLike ? scoreToIncrease(-drop, scale) : drop,
  };
}
