import type { MetricRule, VerdictKind } from "../domain/scores.ts";
import {
  claimsOf,
  fails,
  judgeClaim,
  passBoundary,
  type Claim,
  type ClaimSamples,
  type LookBoundaries,
} from "./claims.ts";
import { claimSamples, columnMean, entriesBefore, type MetricColumns } from "./columns.ts";
import { percent, units } from "./format.ts";
import { FEWEST_UNITS } from "./plan-warnings.ts";

/** Above this share of cases without a score nothing passes. */
const LARGEST_UNSCORED_SHARE = 0.02;

/** A claim with what one look says of it. */
export interface JudgedClaim {
  readonly claim: Claim;
  readonly samples: ClaimSamples;
  readonly boundaries: LookBoundaries;
  readonly outcome: "pass" | "fail" | "open";
}

/** One metric at one look. */
export interface MetricLook {
  readonly rule: MetricRule;
  readonly columns: MetricColumns;
  /** Units of the plan up to this look, and entries of the columns among them. */
  readonly unit: number;
  readonly count: number;
  readonly verdict: VerdictKind;
  readonly claims: readonly JudgedClaim[];
  /** Sentences on why nothing could pass here. */
  readonly obstacles: readonly string[];
  /** Boundaries of this look before a claim's floor. */
  readonly boundaries: LookBoundaries;
  readonly cases: number;
  readonly unscored: number;
}

/** What makes every metric of a run unfit to pass. */
export interface RunTrust {
  readonly clustered: boolean;
  readonly duplicates: number;
}

interface Seen {
  readonly count: number;
  readonly cases: number;
  readonly unscored: number;
}

function sum(values: readonly number[], count: number): number {
  let total = 0;
  for (let index = 0; index < count; index += 1) total += values[index] as number;
  return total;
}

/** The side without a single score, in words. */
function absentSide(columns: MetricColumns, count: number): string | null {
  if (columnMean(columns.candidate, count) === null) return "the candidate has no score for it";
  if (columns.toBaseline === null || columnMean(columns.baseline, count) !== null) return null;
  return "the baseline has no score for it";
}

function obstaclesOf(columns: MetricColumns, seen: Seen, trust: RunTrust): string[] {
  const { count, cases, unscored } = seen;
  const absent = absentSide(columns, count);
  const obstacles: string[] = [];
  if (cases === 0) obstacles.push("no case has a score for it");
  else if (absent !== null) obstacles.push(absent);
  else if (unscored > LARGEST_UNSCORED_SHARE * cases) {
    const share = percent(unscored / cases);
    const limit = percent(LARGEST_UNSCORED_SHARE);
    obstacles.push(`${unscored} of ${units(cases, false)} (${share}) have no score; the limit is ${limit}`);
  }
  if (cases > 0 && count < FEWEST_UNITS) {
    obstacles.push(`${units(count, trust.clustered)} are too few; ${FEWEST_UNITS} are needed to pass`);
  }
  if (trust.duplicates > 0) {
    obstacles.push(
      `repeated id and sample in ${trust.duplicates === 1 ? "1 row" : `${trust.duplicates} rows`}`,
    );
  }
  return obstacles;
}

/**
 * True when the scored units alone show a sure loss, within the margin, and only the missing ones at their best keep it
 * from failing: leaving out a score must not turn FAIL into PASS.
 */
function mayHideLoss(claims: readonly JudgedClaim[]): boolean {
  return claims.some(
    ({ claim, samples, boundaries, outcome }) =>
      outcome === "pass" && fails(claim, samples.scored, boundaries.fail),
  );
}

/** A metric passes when all its claims pass at the same look and nothing speaks against the data. */
function verdictOf(claims: readonly JudgedClaim[], obstacles: readonly string[]): VerdictKind {
  if (claims.some(({ outcome }) => outcome === "fail")) return "fail";
  const passed = claims.length > 0 && claims.every(({ outcome }) => outcome === "pass");
  return passed && obstacles.length === 0 ? "pass" : "inconclusive";
}

/** Judges one metric on the units before `unit` of the plan. Pure; the same rows give the same answer in any order. */
export function evaluateMetric(
  rule: MetricRule,
  columns: MetricColumns,
  look: { readonly unit: number; readonly boundaries: LookBoundaries },
  trust: RunTrust,
): MetricLook {
  const count = entriesBefore(columns, look.unit);
  const cases = sum(columns.cases, count);
  const unscored = sum(columns.unscored, count);
  const claims = claimsOf(rule, columnMean(columns.baseline, count), columns.toBaseline !== null).map(
    (claim): JudgedClaim => {
      const versusBaseline = claim.kind === "baseline" || claim.kind === "increase";
      const differences = versusBaseline ? columns.toBaseline : columns.toLimit;
      const samples = claimSamples(differences ?? { worst: [], best: [], scored: [] }, count);
      const boundaries = {
        pass: passBoundary(claim, samples.worst.size, look.boundaries.pass, rule.alphaMiss),
        fail: look.boundaries.fail,
      };
      return { claim, samples, boundaries, outcome: judgeClaim(claim, samples, boundaries) };
    },
  );
  const obstacles = [
    ...obstaclesOf(columns, { count, cases, unscored }, trust),
    ...(mayHideLoss(claims)
      ? ["what is scored shows a loss that is small but sure, and the missing scores could hide it"]
      : []),
  ];
  const verdict = verdictOf(claims, obstacles);
  return {
    rule,
    columns,
    unit: look.unit,
    count,
    verdict,
    claims,
    obstacles,
    boundaries: look.boundaries,
    cases,
    unscored,
  };
}
