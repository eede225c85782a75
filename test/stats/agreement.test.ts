import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  cohenKappa,
  gwetAC1,
  krippendorffAlpha,
  orderConsistency,
  quadraticWeightedKappa,
  uniformChanceKappa,
  type OrderedVerdict,
} from "../../src/stats/agreement.ts";
import { vectors } from "./vectors.ts";

const realVerdicts = join(
  import.meta.dirname,
  "..",
  "..",
  "..",
  "shared",
  "data",
  "llmbar",
  "judge_verdicts.csv",
);

function label(text: string | undefined): 1 | 2 | null {
  return text === "1" ? 1 : text === "2" ? 2 : null;
}

describe("agreement", () => {
  it("gives the vectors of one table of two raters", () => {
    const { table, po, pe, kappa, gwet_ac1, pabak } = vectors.cohen_kappa;
    expect(cohenKappa(table)).toEqual({
      kappa: expect.closeTo(kappa, 6),
      observed: expect.closeTo(po, 6),
      expected: expect.closeTo(pe, 6),
    });
    expect(gwetAC1(table)).toBeCloseTo(gwet_ac1, 6);
    expect(uniformChanceKappa(table)).toBeCloseTo(pabak, 6);
  });

  it("gives the vector of weighted kappa", () => {
    const { a, b, kappa } = vectors.quadratic_weighted_kappa;
    expect(quadraticWeightedKappa(a, b)).toBeCloseTo(kappa, 6);
  });

  it("gives the vectors of Krippendorff's canonical example", () => {
    const { data, nominal, interval } = vectors.krippendorff;
    expect(krippendorffAlpha(data, "nominal")).toBeCloseTo(nominal, 3);
    expect(krippendorffAlpha(data, "interval")).toBeCloseTo(interval, 3);
  });

  it("is 1 where raters never differ, also when chance explains everything", () => {
    expect(
      cohenKappa([
        [7, 0],
        [0, 0],
      ]).kappa,
    ).toBe(1);
    expect(quadraticWeightedKappa([3, 3], [3, 3])).toBe(1);
    expect(
      krippendorffAlpha(
        [
          [1, 1],
          [1, 1],
        ],
        "nominal",
      ),
    ).toBe(1);
  });

  it("shows a judge that always takes the first answer", () => {
    const verdicts: OrderedVerdict[] = [
      { firstOrder: 1, reverseOrder: 2, gold: 1 },
      { firstOrder: 1, reverseOrder: 2, gold: 2 },
      { firstOrder: 1, reverseOrder: null, gold: 2 },
    ];
    expect(orderConsistency(verdicts)).toMatchObject({
      consistency: 0,
      firstSlotRate: 1,
      firstOrderAccuracy: 0.5,
    });
  });

  it("gives the vector of a real judge in both orders", (test) => {
    if (!existsSync(realVerdicts)) test.skip(`no real verdicts at ${realVerdicts}`);
    const verdicts = readFileSync(realVerdicts, "utf8")
      .trim()
      .split("\n")
      .map((line) => line.split(","))
      .filter(([, , , model, prompt]) => model === "GPT-4" && prompt === "Vanilla")
      .map(([, , gold, , , first, reverse]): OrderedVerdict => ({
        gold: gold === "1" ? 1 : 2,
        firstOrder: label(first),
        reverseOrder: label(reverse),
      }));
    const expected = vectors.position_bias_llmbar_gpt4_vanilla;
    const found = orderConsistency(verdicts);
    expect(verdicts).toHaveLength(expected.n);
    expect(found.consistency).toBeCloseTo(expected.consistency, 6);
    expect(found.firstOrderAccuracy).toBeCloseTo(expected.acc_ab, 6);
    expect(found.reverseOrderAccuracy).toBeCloseTo(expected.acc_ba, 6);
    expect(found.firstSlotRate).toBeCloseTo(expected.first_slot_rate, 6);
    expect(found.consistentAccuracy).toBeCloseTo(expected.acc_when_consistent, 6);
  });
});
