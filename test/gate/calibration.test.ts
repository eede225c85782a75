import { describe, expect, it } from "vitest";
import type { AgreementFigures, CalibrationDemand } from "../../src/domain/calibration.ts";
import type { MetricRule } from "../../src/domain/scores.ts";
import { admissionObstacles, calibratedRules, type JudgeStanding } from "../../src/gate/calibration.ts";

function share(value: number, low: number): NonNullable<AgreementFigures["sensitivity"]> {
  return { value, low, high: Math.min(1, value + (value - low)) };
}

/** A judge that just about reaches every floor. */
function figures(fields: Partial<AgreementFigures> = {}): AgreementFigures {
  return {
    n: 100,
    positives: 70,
    negatives: 30,
    unscored: 2,
    accuracy: 0.88,
    kappa: 0.6,
    weightedKappa: null,
    ac1: 0.8,
    sensitivity: share(0.92, 0.7),
    specificity: share(0.8, 0.7),
    youden: 0.72,
    order: null,
    retest: { comparisons: 100, flips: 10 },
    ...fields,
  };
}

const order: NonNullable<AgreementFigures["order"]> = {
  consistency: 0.8,
  positionalAgreement: 0.8,
  firstSlotRate: 0.5,
  accuracyAsGiven: 0.9,
  accuracyReversed: 0.9,
};

describe("admission", () => {
  it("is granted at the floor", () => {
    expect(admissionObstacles(figures())).toEqual([]);
    expect(admissionObstacles(figures({ order }))).toEqual([]);
  });

  it.each<[string, Partial<AgreementFigures>, RegExp]>([
    ["too few labels", { n: 99, unscored: 1 }, /^99 labels are too few: 100 are needed$/],
    [
      "too few of one kind",
      { positives: 71, negatives: 29 },
      /^29 labels of the rarer kind are too few: 30 are needed$/,
    ],
    ["unusable answers", { unscored: 3 }, /^3 of 100 labels have no usable answer; the limit is 2 %$/],
    ["low sensitivity", { sensitivity: share(0.9, 0.69) }, /^sensitivity may be as low as 0\.69/],
    ["low specificity", { specificity: share(0.9, 0.69) }, /^specificity may be as low as 0\.69/],
    ["no bad outputs", { specificity: null }, /^specificity was not measured$/],
    ["low kappa", { kappa: 0.59 }, /^kappa 0\.59 is below 0\.60$/],
    ["low weighted kappa", { kappa: 0.9, weightedKappa: 0.5 }, /^weighted kappa 0\.50 is below 0\.60$/],
    ["one grade only", { kappa: null }, /^kappa was not measured/],
    ["orders that disagree", { order: { ...order, consistency: 0.79 } }, /^order consistency 0\.79 is below/],
    ["no pair answered twice", { order: { ...order, consistency: null } }, /^order consistency was not/],
    ["an unsteady judge", { retest: { comparisons: 100, flips: 11 } }, /^11 % of repeated answers differ/],
    ["no repeats", { retest: null }, /^test-retest was not measured/],
  ])("is refused for %s", (_, fields, expected) => {
    expect(admissionObstacles(figures(fields))).toEqual([expect.stringMatching(expected)]);
  });

  it("takes weighted kappa where the scale has grades: near misses are no misses", () => {
    expect(admissionObstacles(figures({ kappa: 0.4, weightedKappa: 0.7 }))).toEqual([]);
  });
});

function rule(fields: Partial<MetricRule> = {}): MetricRule {
  return {
    name: "faithfulness",
    kind: "judge",
    level: "error",
    margin: 0.05,
    maxIncrease: null,
    min: 0.75,
    max: null,
    alphaMiss: 0.05,
    alphaBlock: 0.05,
    ...fields,
  };
}

const admitted: JudgeStanding["evidence"] = { kind: "measured", figures: figures() };

function ruled(
  demand: CalibrationDemand,
  standing: Partial<JudgeStanding>,
  fields: Partial<MetricRule> = {},
): { readonly rule: MetricRule | undefined; readonly warnings: readonly string[] } {
  const judges = new Map([
    ["faithfulness", { evidence: admitted, adjustMargin: false, ...standing } as const],
  ]);
  const { rules, warnings } = calibratedRules([rule(fields)], judges, demand);
  return { rule: rules[0], warnings };
}

const evidence: readonly (readonly [string, JudgeStanding["evidence"], RegExp])[] = [
  ["no record", { kind: "missing" }, /never compared with people's labels/],
  [
    "a damaged record",
    { kind: "unusable", reason: "x.record.json is no JSON" },
    /x\.record\.json is no JSON/,
  ],
  ["a stale record", { kind: "stale" }, /judge has changed since/],
  [
    "a judge below the floor",
    { kind: "measured", figures: figures({ kappa: 0.3, n: 50, unscored: 1 }) },
    /below the floor: 50 labels are too few: 100 are needed, and 1 more/,
  ],
];

describe("a policy that demands calibration", () => {
  it("leaves a metric alone whose judge is admitted", () => {
    for (const demand of ["required", "advised", "off"] as const) {
      expect(ruled(demand, {})).toEqual({ rule: rule(), warnings: [] });
    }
  });

  it.each(evidence)("turns a metric advisory with %s, and says so", (_, evidence, expected) => {
    const { rule: found, warnings } = ruled("required", { evidence });
    expect(found).toEqual(rule({ level: "warn" }));
    expect(warnings).toEqual([expect.stringMatching(/^faithfulness is advisory: the policy demands/)]);
    expect(warnings[0]).toMatch(expected);
    expect(warnings[0]).toContain("promptgate judge calibrate faithfulness");
  });

  it.each(evidence)("only warns with %s when calibration is advised", (_, evidence, expected) => {
    const { rule: found, warnings } = ruled("advised", { evidence });
    expect(found).toEqual(rule());
    expect(warnings).toEqual([expect.stringMatching(expected)]);
  });

  it.each(evidence)("says nothing of %s when it is off", (_, evidence) => {
    expect(ruled("off", { evidence })).toEqual({ rule: rule(), warnings: [] });
  });

  it("has nothing to say of metrics that do not decide, and none of checks", () => {
    const missing = { evidence: { kind: "missing" } } as const;
    for (const level of ["warn", "off"] as const) {
      expect(ruled("required", missing, { level })).toEqual({ rule: rule({ level }), warnings: [] });
    }
    expect(ruled("required", missing, { kind: "check" })).toEqual({
      rule: rule({ kind: "check" }),
      warnings: [],
    });
  });
});

describe("a margin adjusted for the judge's errors", () => {
  it("shrinks by sensitivity + specificity - 1", () => {
    const { rule: found, warnings } = ruled("required", { adjustMargin: true });
    expect(found?.margin).toBeCloseTo(0.036, 12);
    expect(warnings).toEqual([
      "faithfulness: the margin of 5 points is 3.6 points on this judge's scores, which show 72 % of a true drop",
    ]);
  });

  it.each(evidence.slice(0, 3))("stays as it is with %s, and that is said", (_, evidence, expected) => {
    const { rule: found, warnings } = ruled("off", { adjustMargin: true, evidence });
    expect(found?.margin).toBe(0.05);
    expect(warnings).toEqual([expect.stringMatching(/not adjusted for the judge's errors/)]);
    expect(warnings[0]).toMatch(expected);
  });

  it.each([
    ["no better than chance", figures({ sensitivity: share(0.5, 0.4), specificity: share(0.5, 0.4) })],
    ["never seen with bad outputs", figures({ specificity: null })],
  ])("stays as it is for a judge %s", (_, measured) => {
    const { rule: found, warnings } = ruled("off", {
      adjustMargin: true,
      evidence: { kind: "measured", figures: measured },
    });
    expect(found?.margin).toBe(0.05);
    expect(warnings).toEqual([expect.stringContaining("the margin is not adjusted")]);
  });
});
