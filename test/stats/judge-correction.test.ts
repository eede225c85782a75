import { describe, expect, it } from "vitest";
import {
  correctedRate,
  judgedMargin,
  meanWithError,
  predictionPoweredMean,
} from "../../src/stats/judge-correction.ts";
import { vectors } from "./vectors.ts";

const { human, judge_on_labelled: judge, judge_unlabelled: judgeOnly, ...expected } = vectors.ppi_plus;

describe("judges corrected by human labels", () => {
  it("give the vector of PPI++", () => {
    const found = predictionPoweredMean({ human, judge, judgeOnly });
    expect(found.weight).toBeCloseTo(expected.lam, 6);
    expect(found.estimate).toBeCloseTo(expected.estimate, 6);
    expect(found.error).toBeCloseTo(expected.se, 6);
  });

  it("give the vectors of people alone, of the judge alone and of full trust", () => {
    const [mean, error] = expected.human_only;
    expect(meanWithError(human).estimate).toBeCloseTo(mean as number, 6);
    expect(meanWithError(human).error).toBeCloseTo(error as number, 6);
    expect(meanWithError(judgeOnly).estimate).toBeCloseTo(expected.judge_only, 6);
    expect(predictionPoweredMean({ human, judge, judgeOnly }, 1).estimate).toBeCloseTo(expected.ppi_lam1, 6);
    expect(predictionPoweredMean({ human, judge, judgeOnly }, 0).estimate).toBeCloseTo(mean as number, 6);
  });

  it("give the vector of Rogan and Gladen", () => {
    const { p_obs, sens, spec, p_true, youden, judged_margin_for_true_5pts } = vectors.rogan_gladen;
    const accuracy = { sensitivity: sens, specificity: spec };
    expect(correctedRate(p_obs, accuracy)).toBeCloseTo(p_true, 6);
    expect(judgedMargin(1, accuracy)).toBeCloseTo(youden, 6);
    expect(judgedMargin(0.05, accuracy)).toBeCloseTo(judged_margin_for_true_5pts, 6);
  });
});
