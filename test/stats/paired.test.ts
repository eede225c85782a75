import { describe, expect, it } from "vitest";
import { clusteredError, differences, pairedSummary, pairedTest } from "../../src/stats/paired.ts";
import { vectors } from "./vectors.ts";

const scores = { baseline: vectors.paired.base, candidate: vectors.paired.cand };

describe("paired comparisons", () => {
  it("give the vector of the summary", () => {
    const summary = pairedSummary(scores);
    expect(summary.mean).toBeCloseTo(vectors.paired.mean_diff, 6);
    expect(summary.deviation).toBeCloseTo(vectors.paired.sd_diff, 6);
    expect(summary.error).toBeCloseTo(vectors.paired.se_paired, 6);
    expect(summary.unpairedError).toBeCloseTo(vectors.paired.se_unpaired, 6);
    expect(summary.correlation).toBeCloseTo(vectors.paired.rho, 6);
  });

  it("give the vector of Student's test", () => {
    const test = pairedTest(differences(scores), 0);
    expect(test.t).toBeCloseTo(vectors.paired.t, 6);
    expect(test.pTwoSided).toBeCloseTo(vectors.paired.p_two, 6);
    expect(test.interval[0]).toBeCloseTo(vectors.paired.ci95[0] as number, 6);
    expect(test.interval[1]).toBeCloseTo(vectors.paired.ci95[1] as number, 6);
  });

  it("give the vector of the non-inferiority test", () => {
    const { margin, t, p, lower95_one_sided } = vectors.noninferiority_t;
    const test = pairedTest(differences(scores), -margin, 0.9);
    expect(test.t).toBeCloseTo(t, 6);
    expect(test.pGreater).toBeCloseTo(p, 6);
    expect(test.interval[0]).toBeCloseTo(lower95_one_sided, 6);
  });

  it("give the vector of clustered standard errors", () => {
    const { clusters, se_cluster_miller, se_cluster_G_corrected, df, design_effect } = vectors.clustered;
    const clustered = clusteredError(differences(scores), clusters);
    expect(clustered.error).toBeCloseTo(se_cluster_miller, 6);
    expect(clustered.corrected).toBeCloseTo(se_cluster_G_corrected, 6);
    expect(clustered.degrees).toBe(df);
    expect(clustered.designEffect).toBeCloseTo(design_effect, 6);
    expect(pairedSummary(scores).error).toBeCloseTo(vectors.clustered.naive_se_miller, 6);
  });
});
