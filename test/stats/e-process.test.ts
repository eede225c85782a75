import { describe, expect, it } from "vitest";
import {
  asymptoticHalfWidth,
  evidenceSteps,
  plugInStakes,
  remainingMean,
} from "../../src/stats/e-process.ts";
import { seededRandom } from "../../src/stats/random.ts";
import { vectors } from "./vectors.ts";

describe("betting e-processes", () => {
  it("give the vector step by step", () => {
    const { d, margin, steps_lamPass_lamFail_Epass_Efail: expected } = vectors.e_process;
    const steps = evidenceSteps(d, { margin, sigma: 0.3 });
    for (const [index, [passStake, failStake, passEvidence, failEvidence]] of expected.entries()) {
      expect(steps[index]?.passStake).toBeCloseTo(passStake as number, 5);
      expect(steps[index]?.failStake).toBeCloseTo(failStake as number, 5);
      expect(steps[index]?.passEvidence).toBeCloseTo(passEvidence as number, 5);
      expect(steps[index]?.failEvidence).toBeCloseTo(failEvidence as number, 5);
    }
  });

  it("pass a candidate that changes nothing after 66 cases", () => {
    const steps = evidenceSteps(
      Array.from({ length: 100 }, () => 0),
      { margin: 0.05, sigma: 0.3 },
    );
    const first = steps.findIndex(({ passEvidence }) => passEvidence >= 20) + 1;
    expect(first).toBe(vectors.e_process_all_zero.first_n_with_Epass_ge_20);
  });

  it("rarely ever find evidence against what is true", () => {
    const random = seededRandom(11);
    let wrong = 0;
    for (let run = 0; run < 400; run += 1) {
      const d = Array.from({ length: 300 }, () => {
        const point = random();
        return point < 0.1 ? -1 : point < 0.15 ? 1 : 0;
      });
      // The mean is -0.05: exactly the margin.
      if (evidenceSteps(d, { margin: 0.05, sigma: 0.4 }).some(({ passEvidence }) => passEvidence >= 20))
        wrong += 1;
    }
    expect(wrong / 400).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / 400));
  });

  it("give the vector of predictable plug-in stakes", () => {
    const { x, alpha_two_sided, lambdas } = vectors.wsr_predictable_plugin_lambda;
    const stakes = plugInStakes(x, alpha_two_sided);
    for (const [index, stake] of lambdas.entries()) expect(stakes[index]).toBeCloseTo(stake, 6);
  });

  it("give the vector of sampling without replacement", () => {
    const { N, m, S_after_10, m_11 } = vectors.wor_null_mean;
    expect(remainingMean(m, N, { count: 10, sum: S_after_10 })).toBeCloseTo(m_11, 6);
  });

  it("give the vector of the asymptotic half-width", () => {
    const { t, sd, rho, alpha, halfwidth } = vectors.asymp_cs_halfwidth;
    expect(asymptoticHalfWidth(t, sd, rho, alpha)).toBeCloseTo(halfwidth, 6);
  });
});
