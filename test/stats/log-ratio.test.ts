import { describe, expect, it } from "vitest";
import {
  geometricRatio,
  increaseToMargin,
  logRatioToScore,
  ratioScale,
  scoreToIncrease,
} from "../../src/stats/log-ratio.ts";
import { vectors } from "./vectors.ts";

describe("ratios of cost-like quantities", () => {
  it("give the vector", () => {
    const { base_ms, cand_ms, geo_mean_ratio, upper95, margin_ratio, noninferior } =
      vectors.latency_log_ratio;
    const { ratio, upper } = geometricRatio(base_ms, cand_ms);
    expect(ratio).toBeCloseTo(geo_mean_ratio, 6);
    expect(upper).toBeCloseTo(upper95, 6);
    expect(upper < margin_ratio).toBe(noninferior);
  });

  it("are cut at four times, or at the square of a larger tolerated ratio", () => {
    expect(ratioScale(0.1)).toBe(Math.log(4));
    expect(ratioScale(4)).toBeCloseTo(Math.log(25), 12);
    expect(logRatioToScore(Math.log(1_000), ratioScale(null))).toBe(-1);
    expect(logRatioToScore(Number.NEGATIVE_INFINITY, ratioScale(null))).toBe(1);
  });

  it("turn into increases and back", () => {
    const scale = ratioScale(0.1);
    expect(scoreToIncrease(-increaseToMargin(0.1, scale), scale)).toBeCloseTo(0.1, 12);
    expect(scoreToIncrease(logRatioToScore(Math.log(0.5), scale), scale)).toBeCloseTo(-0.5, 12);
  });
});
