import type { MetricKind, MetricRule } from "../domain/scores.ts";
import { increaseToMargin, ratioScale } from "../stats/log-ratio.ts";
import { floorSize } from "../stats/planning.ts";
import { rejects } from "../stats/repeated-interval.ts";
import { weightedSample, type Sample } from "../stats/sample.ts";
import { scoreStatistic } from "../stats/score-statistic.ts";

/**
 * What one limit of a rule asks of the mean of a difference d in [lowest, highest], larger is better:
 * `baseline` d = candidate - baseline; `floor` d = candidate - min; `increase` and `ceiling` d = -log ratio / ln 4 to
 * the baseline and to max.
 */
export interface Claim {
  readonly kind: "baseline" | "floor" | "increase" | "ceiling";
  /** Passes when "the mean is `passAt` or less" is rejected. */
  readonly passAt: number;
  /** Fails when "the mean is `failAt` or more" is rejected. */
  readonly failAt: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The samples of one claim: unscored units at their worst, at their best, and left out. */
export interface ClaimSamples {
  readonly worst: Sample;
  readonly best: Sample;
  readonly scored: Sample;
}

/** Boundaries of z at one look. */
export interface LookBoundaries {
  readonly pass: number;
  readonly fail: number;
}

const DEFAULT_MARGIN = 0.05;
/** A drop of more than this share of the level itself is never called small without being asked for. */
export const LARGEST_MARGIN_SHARE = 0.2;

/** Latency, cost and tokens: raw quantities, compared as ratios. */
export function isCostLike(kind: MetricKind): kind is "latency" | "cost" | "tokens" {
  return kind === "latency" || kind === "cost" || kind === "tokens";
}

/** The tolerated drop below a level (baseline mean or minimum) in [0,1]; null level = not known yet. */
export function marginBelow(rule: MetricRule, level: number | null): number {
  if (rule.margin !== null) return rule.margin;
  return level === null ? DEFAULT_MARGIN : Math.min(DEFAULT_MARGIN, LARGEST_MARGIN_SHARE * level);
}

function floorClaim(rule: MetricRule, min: number): Claim {
  const margin = marginBelow(rule, min);
  // A margin that reaches below 0 would leave nothing to rule out.
  const passAt = -(margin < min ? margin : LARGEST_MARGIN_SHARE * min);
  return { kind: "floor", passAt, failAt: 0, lowest: -min, highest: 1 - min };
}

/**
 * The claims that a rule makes. Cost-like limits have no second tolerance: the same limit must be ruled out on either
 * side, so that an increase within `maxIncrease` never fails.
 */
export function claimsOf(rule: MetricRule, baselineMean: number | null, hasBaseline: boolean): Claim[] {
  const claims: Claim[] = [];
  const range = { lowest: -1, highest: 1 };
  if (isCostLike(rule.kind)) {
    if (hasBaseline && rule.maxIncrease !== null) {
      const limit = -increaseToMargin(rule.maxIncrease, ratioScale(rule.maxIncrease));
      claims.push({ kind: "increase", passAt: limit, failAt: limit, ...range });
    }
    if (rule.max !== null) claims.push({ kind: "ceiling", passAt: 0, failAt: 0, ...range });
    return claims;
  }
  if (hasBaseline) {
    claims.push({ kind: "baseline", passAt: -marginBelow(rule, baselineMean), failAt: 0, ...range });
  }
  // Every score reaches a minimum of 0.
  if (rule.min !== null && rule.min > 0) claims.push(floorClaim(rule, rule.min));
  return claims;
}

/**
 * The boundary that a PASS has to cross with so many units. Below the floor, ln(alpha) / ln(1 - margin), a candidate
 * without any change is no evidence yet, whatever the normal approximation says: only a better one may pass.
 */
export function passBoundary(claim: Claim, size: number, boundary: number, alphaMiss: number): number {
  // The share of cases at the extreme that would bring a mean of 0 down to `passAt`.
  const hidden = claim.passAt / claim.lowest;
  if (size === 0 || !(hidden > 0) || size >= floorSize(hidden, alphaMiss)) return boundary;
  const unchanged = weightedSample(Float64Array.of(0), Float64Array.of(size));
  return Math.max(boundary, scoreStatistic(unchanged, { mean: claim.passAt, extreme: claim.lowest }).z);
}

/** True when the sample rejects "the mean is `failAt` or more". */
export function fails(claim: Claim, sample: Sample, boundary: number): boolean {
  return rejects(sample, { mean: claim.failAt, extreme: claim.highest, boundary });
}

/** What one look says of one claim; FAIL is asked first. A minimum also wants the observed mean to reach it. */
export function judgeClaim(
  claim: Claim,
  samples: ClaimSamples,
  boundaries: LookBoundaries,
): "pass" | "fail" | "open" {
  const { worst, best, scored } = samples;
  if (fails(claim, best, boundaries.fail)) return "fail";
  if (claim.kind === "floor" && !(scored.size > 0 && scored.mean >= -1e-12)) return "open";
  return rejects(worst, { mean: claim.passAt, extreme: claim.lowest, boundary: boundaries.pass })
    ? "pass"
    : "open";
}
