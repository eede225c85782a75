/** A mean difference with its standard error. */
export interface AdjustedDifference {
  readonly delta: number;
  readonly standardError: number;
}

const SMALLEST_SIZE = 3;

function mean(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function sumOfProducts(left: readonly number[], right: readonly number[]): number {
  const leftMean = mean(left);
  const rightMean = mean(right);
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) {
    sum += ((left[index] as number) - leftMean) * ((right[index] as number) - rightMean);
  }
  return sum;
}

/**
 * The score difference at equal length: the intercept of d ~ tanh(length difference / its standard deviation) by least
 * squares (AlpacaEval 2, Dubois et al. 2024). Both lists have one entry a unit. Null below three units, and where one side
 * is longer in every unit: equal length was not observed then, and as tanh is flat far from 0 the extrapolated line can
 * end millions of points away.
 */
export function lengthAdjustedDifference(
  differences: readonly number[],
  lengthDifferences: readonly number[],
): AdjustedDifference | null {
  const size = differences.length;
  if (size < SMALLEST_SIZE) return null;
  if (lengthDifferences.every((length) => length > 0) || lengthDifferences.every((length) => length < 0))
    return null;
  if (lengthDifferences.every((length) => length === 0)) {
    const variance = sumOfProducts(differences, differences) / (size - 1);
    return { delta: mean(differences), standardError: Math.sqrt(variance / size) };
  }
  const deviation = Math.sqrt(sumOfProducts(lengthDifferences, lengthDifferences) / (size - 1));
  const regressor = lengthDifferences.map((length) => Math.tanh(length / deviation));
  const spread = sumOfProducts(regressor, regressor);
  const center = mean(regressor);
  const slope = sumOfProducts(regressor, differences) / spread;
  const delta = mean(differences) - slope * center;
  let squares = 0;
  for (let index = 0; index < size; index += 1) {
    squares += ((differences[index] as number) - delta - slope * (regressor[index] as number)) ** 2;
  }
  const variance = squares / (size - 2);
  return { delta, standardError: Math.sqrt(variance * (1 / size + center ** 2 / spread)) };
}
