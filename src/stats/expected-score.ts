/** Probabilities from log-probabilities of alternatives, scaled to sum to 1. */
function softmax(logProbabilities: readonly number[]): number[] {
  const largest = Math.max(...logProbabilities);
  const weights = logProbabilities.map((value) => Math.exp(value - largest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** A score of a judge's scale with the log-probability of its token. */
export interface ScoredToken {
  readonly score: number;
  readonly logProbability: number;
}

/** Mean score over a judge's token probabilities (G-Eval, Liu et al. 2023): finer than the most likely score alone. */
export function expectedScore(tokens: readonly ScoredToken[]): number {
  const probabilities = softmax(tokens.map((token) => token.logProbability));
  return tokens.reduce((sum, token, index) => sum + token.score * (probabilities[index] as number), 0);
}

/** Probability of the second of two tokens: a pairwise preference in [0,1]. */
export function preferenceProbability(firstLogProbability: number, secondLogProbability: number): number {
  return softmax([firstLogProbability, secondLogProbability])[1] as number;
}
