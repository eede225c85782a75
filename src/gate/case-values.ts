import type { MetricRule, ScoreRow } from "../domain/scores.ts";
import { isCostLike } from "./claims.ts";

/** Rows of one side by case id. */
export interface IndexedRows {
  readonly byId: ReadonlyMap<string, readonly ScoreRow[]>;
  /** Rows beyond the first with the same id and sample; they do not count. */
  readonly duplicates: number;
}

/** Groups rows by id; a second row of the same sample is left out and counted. */
export function indexRows(rows: readonly ScoreRow[]): IndexedRows {
  const byId = new Map<string, ScoreRow[]>();
  let duplicates = 0;
  for (const row of rows) {
    const known = byId.get(row.id);
    if (known === undefined) byId.set(row.id, [row]);
    else if (known.some((other) => other.sample === row.sample)) duplicates += 1;
    else known.push(row);
  }
  // The order of addition must not depend on the order of the rows.
  for (const known of byId.values()) known.sort((left, right) => left.sample - right.sample);
  return { byId, duplicates };
}

/** What the samples of one case say on one side, averaged; costs as logarithms. */
export interface SideValue {
  /** Null when no sample has a score. */
  readonly value: number | null;
  /** With every missing sample at its lowest and at its highest: finite for scores only. */
  readonly low: number;
  readonly high: number;
  readonly complete: boolean;
  readonly samples: number;
}

const MISSING_SCORE: SideValue = { value: null, low: 0, high: 1, complete: false, samples: 0 };
const MISSING_MEASURE: SideValue = {
  value: null,
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
  complete: false,
  samples: 0,
};

/** The usable number of one sample: a score in [0,1], or the logarithm of a positive quantity. */
function usable(value: number | null | undefined, costLike: boolean): number | null {
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  if (costLike) return value > 0 ? Math.log(value) : null;
  return value >= 0 && value <= 1 ? value : null;
}

function averaged(sum: number, scored: number, asked: number, costLike: boolean): SideValue {
  if (scored === 0) return costLike ? MISSING_MEASURE : MISSING_SCORE;
  const value = sum / scored;
  const complete = scored === asked;
  if (complete) return { value, low: value, high: value, complete, samples: asked };
  if (costLike) return { ...MISSING_MEASURE, value, samples: asked };
  return { value, low: sum / asked, high: (sum + asked - scored) / asked, complete, samples: asked };
}

/** One side of one case; "not-asked" when it has rows and none of them has the metric. */
function sideValue(rows: readonly ScoreRow[] | undefined, rule: MetricRule): SideValue | "not-asked" {
  const costLike = isCostLike(rule.kind);
  if (rows === undefined) return costLike ? MISSING_MEASURE : MISSING_SCORE;
  let asked = 0;
  let scored = 0;
  let sum = 0;
  for (const row of rows) {
    const values = costLike ? row.measures : row.scores;
    if (values === undefined || !Object.hasOwn(values, rule.name)) continue;
    asked += 1;
    const value = usable(values[rule.name], costLike);
    if (value === null) continue;
    scored += 1;
    sum += value;
  }
  return asked === 0 ? "not-asked" : averaged(sum, scored, asked, costLike);
}

/** One case on one metric; baseline is null when there is none at all. */
export interface CaseValues {
  readonly baseline: SideValue | null;
  readonly candidate: SideValue;
}

/**
 * One case on one metric, or null when it was not asked there. A side that has no row at all is missing, not unasked:
 * a case that was never answered must not vanish.
 */
export function caseValues(
  id: string,
  rule: MetricRule,
  sides: { readonly baseline: IndexedRows | null; readonly candidate: IndexedRows },
): CaseValues | null {
  const missing = isCostLike(rule.kind) ? MISSING_MEASURE : MISSING_SCORE;
  const candidateRows = sides.candidate.byId.get(id);
  const candidate = sideValue(candidateRows, rule);
  if (sides.baseline === null) return candidate === "not-asked" ? null : { baseline: null, candidate };
  const baselineRows = sides.baseline.byId.get(id);
  const baseline = sideValue(baselineRows, rule);
  if (baseline !== "not-asked" && candidate !== "not-asked") return { baseline, candidate };
  if (baseline === "not-asked") {
    return candidate === "not-asked" || candidateRows === undefined ? null : { baseline: missing, candidate };
  }
  return baselineRows === undefined ? null : { baseline, candidate: missing };
}
