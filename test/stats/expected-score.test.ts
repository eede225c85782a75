import { describe, expect, it } from "vitest";
import { expectedScore, preferenceProbability } from "../../src/stats/expected-score.ts";
import { vectors } from "./vectors.ts";

describe("scores from token probabilities", () => {
  it("give the vector of the expected score", () => {
    const { logprobs, argmax, expected, normalised_0_1 } = vectors.g_eval_expected;
    const tokens = Object.entries(logprobs).map(([score, logProbability]) => ({
      score: Number(score),
      logProbability,
    }));
    const likeliest = [...tokens].sort((left, right) => right.logProbability - left.logProbability)[0];
    expect(likeliest?.score).toBe(argmax);
    expect(expectedScore(tokens)).toBeCloseTo(expected, 6);
    expect((expectedScore(tokens) - 1) / 4).toBeCloseTo(normalised_0_1, 5);
  });

  it("give the vector of a preference", () => {
    const { logprob_m, logprob_M, score, published } = vectors.alpaca_logprob_preference;
    expect(preferenceProbability(logprob_m, logprob_M)).toBeCloseTo(score, 6);
    expect(preferenceProbability(logprob_m, logprob_M)).toBeCloseTo(published, 6);
  });
});
