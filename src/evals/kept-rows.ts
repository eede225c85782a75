import type { ScoreRow } from "../domain/scores.ts";

/** More different values than this are as many as there are rows: looking them up would gain nothing. */
const MOST_SHARED = 1_000;

/**
 * Makes rows that share their equal parts: of a hundred thousand cases most have the same scores, and some the same
 * measures. What is kept is a tenth of what came.
 */
export function sharingRows(): (row: ScoreRow) => ScoreRow {
  const known = new Map<string, Readonly<Record<string, number | null>>>();

  function shared(values: Readonly<Record<string, number | null>>): Readonly<Record<string, number | null>> {
    const key = JSON.stringify(values);
    const same = known.get(key);
    if (same !== undefined) return same;
    if (known.size < MOST_SHARED) known.set(key, values);
    return values;
  }

  return (row) => ({
    ...row,
    scores: shared(row.scores),
    ...(row.measures === undefined ? {} : { measures: shared(row.measures) }),
  });
}
