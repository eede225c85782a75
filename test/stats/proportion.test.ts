import { describe, expect, it } from "vitest";
import {
  clopperPearsonInterval,
  probabilityBetter,
  uniformPriorInterval,
  waldInterval,
  wilsonInterval,
} from "../../src/stats/proportion.ts";
import { vectors } from "./vectors.ts";

const expected = vectors.proportion_18_of_20;

describe("intervals of a proportion", () => {
  it.each([
    ["Wald", waldInterval, expected.wald],
    ["Wilson", wilsonInterval, expected.wilson],
    ["Clopper-Pearson", clopperPearsonInterval, expected.clopper_pearson],
    ["uniform prior", uniformPriorInterval, expected.beta11],
  ])("give the vector of %s for 18 of 20", (_, interval, [low, high]) => {
    const found = interval(18, 20);
    expect(found[0]).toBeCloseTo(low as number, 6);
    expect(found[1]).toBeCloseTo(high as number, 6);
  });

  it("reach the ends only where every trial went one way", () => {
    expect(clopperPearsonInterval(0, 20)[0]).toBe(0);
    expect(clopperPearsonInterval(20, 20)[1]).toBe(1);
    expect(wilsonInterval(0, 20)[0]).toBeCloseTo(0, 12);
  });

  it("give the vector of the chance that the candidate is better", () => {
    const { wins, losses, prob_candidate_better } = vectors.bayes_paired;
    expect(probabilityBetter(wins, losses)).toBeCloseTo(prob_candidate_better, 6);
  });
});
