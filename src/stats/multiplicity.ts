function ranked(p: readonly number[]): number[] {
  return p.map((_, index) => index).sort((left, right) => (p[left] as number) - (p[right] as number));
}

/** Holm's (1979) adjusted p-values, in the order given. */
export function holmAdjusted(p: readonly number[]): number[] {
  const adjusted = p.map(() => 1);
  let largest = 0;
  for (const [rank, index] of ranked(p).entries()) {
    largest = Math.max(largest, (p[index] as number) * (p.length - rank));
    adjusted[index] = Math.min(1, largest);
  }
  return adjusted;
}

/** Adjusted p-values of Benjamini and Hochberg (1995), in the order given. */
export function benjaminiHochbergAdjusted(p: readonly number[]): number[] {
  const adjusted = p.map(() => 1);
  let smallest = 1;
  for (const [fromTop, index] of ranked(p).reverse().entries()) {
    smallest = Math.min(smallest, ((p[index] as number) * p.length) / (p.length - fromTop));
    adjusted[index] = smallest;
  }
  return adjusted;
}
