/** Errors of both arms in one bucket of time; counts need not be whole numbers. */
export interface ErrorCounts {
  readonly candidate: { readonly n: number; readonly errors: number };
  readonly control: { readonly n: number; readonly errors: number };
}

/** How many times as many errors the candidate may make; the mixture is over these. */
const RATIOS = [1.25, 1.5, 2, 3, 5, 10] as const;

/**
 * Evidence that the candidate makes more errors: of the errors in a bucket its share is known when there is no
 * difference. At least 1 / alpha is reached with chance alpha at most, at any number of looks (Ville), also with few
 * errors or none. Finite. The family of Lindon and Malek 2022 and Turner and Grünwald 2021.
 */
export function splitEvidence(buckets: readonly ErrorCounts[], ratios: readonly number[] = RATIOS): number {
  const logs = ratios.map((ratio) =>
    buckets.reduce((sum, { candidate, control }) => {
      if (candidate.n === 0 || control.n === 0) return sum;
      const share = candidate.n / (candidate.n + control.n);
      const harmed = (share * ratio) / (share * ratio + 1 - share);
      return (
        sum +
        candidate.errors * Math.log(harmed / share) +
        control.errors * Math.log((1 - harmed) / (1 - share))
      );
    }, 0),
  );
  const largest = Math.max(...logs);
  const mean = logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / ratios.length;
  return Math.min(Math.exp(largest) * mean, Number.MAX_VALUE);
}
