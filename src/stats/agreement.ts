/** counts[i][j]: how many items the first rater put into category i and the second into category j. */
export type AgreementTable = readonly (readonly number[])[];

interface Shares {
  readonly observed: number;
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

function shares(table: AgreementTable): Shares {
  const total = table.flat().reduce((sum, count) => sum + count, 0);
  const rows = table.map((row) => row.reduce((sum, count) => sum + count, 0) / total);
  const columns = table.map((_, j) => table.reduce((sum, row) => sum + (row[j] as number), 0) / total);
  const observed = table.reduce((sum, row, i) => sum + (row[i] as number), 0) / total;
  return { observed, rows, columns };
}

/** Agreement beyond chance; 1 when chance alone explains everything and the raters agree everywhere. */
function beyond(observed: number, expected: number): number {
  return expected >= 1 ? (observed >= 1 ? 1 : 0) : (observed - expected) / (1 - expected);
}

/** Cohen's (1960) kappa with the observed and the expected agreement. */
export function cohenKappa(table: AgreementTable): { kappa: number; observed: number; expected: number } {
  const { observed, rows, columns } = shares(table);
  const expected = rows.reduce((sum, share, i) => sum + share * (columns[i] as number), 0);
  return { kappa: beyond(observed, expected), observed, expected };
}

/** Gwet's (2008) AC1: to be read next to kappa when one category dominates. */
export function gwetAC1(table: AgreementTable): number {
  const { observed, rows, columns } = shares(table);
  const expected = rows.reduce((sum, share, i) => {
    const average = (share + (columns[i] as number)) / 2;
    return sum + average * (1 - average);
  }, 0);
  return beyond(observed, expected / (table.length - 1));
}

/** Kappa with every category equally likely by chance: (k · observed - 1) / (k - 1). */
export function uniformChanceKappa(table: AgreementTable): number {
  return beyond(shares(table).observed, 1 / table.length);
}

/** Cohen's (1968) kappa of two raters' numbers with squared distances as weights. */
export function quadraticWeightedKappa(first: readonly number[], second: readonly number[]): number {
  let observed = 0;
  let expected = 0;
  for (const [index, left] of first.entries()) {
    observed += (left - (second[index] as number)) ** 2 / first.length;
    for (const right of second) expected += (left - right) ** 2 / first.length ** 2;
  }
  return expected === 0 ? 1 : 1 - observed / expected;
}

/** Squared distance of two ratings: 0 or 1 for names, the difference squared for numbers. */
const distances = {
  nominal: (left: number, right: number) => (left === right ? 0 : 1),
  interval: (left: number, right: number) => (left - right) ** 2,
} as const;

/**
 * Krippendorff's alpha of any number of raters with gaps: ratings[rater][item], null = not rated. Items with fewer than
 * two ratings do not count.
 */
export function krippendorffAlpha(
  ratings: readonly (readonly (number | null)[])[],
  scale: keyof typeof distances,
): number {
  const distance = distances[scale];
  const items = (ratings[0] ?? []).map((_, item) =>
    ratings.map((row) => row[item] ?? null).filter((value) => value !== null),
  );
  const paired = items.filter((values) => values.length > 1);
  const all = paired.flat();
  let observed = 0;
  for (const values of paired) {
    for (const left of values) {
      for (const right of values) observed += distance(left, right) / (values.length - 1);
    }
  }
  let expected = 0;
  for (const left of all) for (const right of all) expected += distance(left, right) / (all.length - 1);
  return expected === 0 ? 1 : 1 - observed / expected;
}

/** Which side a pairwise judge preferred in the order shown and in the reverse order; null = unparsable. */
export interface OrderedVerdict {
  readonly firstOrder: 1 | 2 | null;
  readonly reverseOrder: 1 | 2 | null;
  readonly gold: 1 | 2;
}

/** How far a pairwise judge depends on the order, over the cases with both verdicts; labels name the same side in both orders. */
export function orderConsistency(verdicts: readonly OrderedVerdict[]): {
  readonly consistency: number;
  readonly firstOrderAccuracy: number;
  readonly reverseOrderAccuracy: number;
  /** Share of verdicts for whatever stood first; 0.5 without a bias. */
  readonly firstSlotRate: number;
  readonly consistentAccuracy: number;
} {
  const both = verdicts.filter((verdict) => verdict.firstOrder !== null && verdict.reverseOrder !== null);
  const share = (holds: (verdict: OrderedVerdict) => boolean, of: readonly OrderedVerdict[]): number =>
    of.filter(holds).length / of.length;
  const consistent = both.filter((verdict) => verdict.firstOrder === verdict.reverseOrder);
  return {
    consistency: consistent.length / both.length,
    firstOrderAccuracy: share((verdict) => verdict.firstOrder === verdict.gold, both),
    reverseOrderAccuracy: share((verdict) => verdict.reverseOrder === verdict.gold, both),
    firstSlotRate:
      (share((verdict) => verdict.firstOrder === 1, both) +
        share((verdict) => verdict.reverseOrder === 2, both)) /
      2,
    consistentAccuracy: share((verdict) => verdict.firstOrder === verdict.gold, consistent),
  };
}
