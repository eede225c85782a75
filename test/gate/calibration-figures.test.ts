import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import type { Grade } from "../../src/domain/calibration.ts";
import { agreementFigures, type GradedLabels } from "../../src/gate/calibration-figures.ts";

/** Single outputs with one answer each; good is above the middle. */
function labels(
  pairs: readonly (readonly [human: Grade, judge: Grade | null])[],
  fields: Partial<GradedLabels> = {},
): GradedLabels {
  return {
    questions: pairs.map(([human, judge]) => ({ human, judge: [judge] })),
    questionsPerLabel: 1,
    grades: [],
    sideOf: (score) => (score > 0.5 ? "good" : "bad"),
    isOrdinal: false,
    pairs: null,
    ...fields,
  };
}

function times<Item>(count: number, item: Item): Item[] {
  return Array.from({ length: count }, () => item);
}

describe("agreement figures", () => {
  it("are those of the table of two raters", () => {
    const figures = agreementFigures(
      labels([
        ...times(20, [1, 1] as const),
        ...times(5, [1, 0] as const),
        ...times(10, [0, 1] as const),
        ...times(15, [0, 0] as const),
      ]),
    );
    expect(figures).toMatchObject({
      n: 50,
      positives: 25,
      negatives: 25,
      unscored: 0,
      accuracy: 0.7,
      kappa: expect.closeTo(0.4, 6) as number,
      weightedKappa: null,
      sensitivity: { value: 0.8 },
      specificity: { value: 0.6 },
      youden: expect.closeTo(0.4, 6) as number,
      order: null,
      retest: null,
    });
    expect(figures.ac1).toBeCloseTo(0.405941, 6);
    // Wilson's bounds of 20 of 25.
    expect(figures.sensitivity?.low).toBeCloseTo(0.6087, 4);
    expect(figures.sensitivity?.high).toBeCloseTo(0.9114, 4);
  });

  it("count an unusable answer as wrong, and leave it out of kappa, sensitivity and specificity", () => {
    const figures = agreementFigures(
      labels([...times(3, [1, 1] as const), [1, null], ...times(3, [0, 0] as const), [0, null]]),
    );
    expect(figures).toMatchObject({
      n: 8,
      unscored: 2,
      accuracy: 0.75,
      kappa: 1,
      sensitivity: { value: 1 },
      specificity: { value: 1 },
    });
  });

  it("count an answer that does not apply as unusable where people gave a grade", () => {
    const figures = agreementFigures(
      labels([
        [1, "not applicable"],
        ["not applicable", "not applicable"],
        ["not applicable", 1],
        [0, 0],
      ]),
    );
    expect(figures).toMatchObject({
      unscored: 1,
      accuracy: 0.5,
      positives: 1,
      negatives: 1,
      sensitivity: null,
    });
  });

  it("weigh distances on a graded scale", () => {
    const grades = [1, 2, 3, 4, 5].map((grade) => (grade - 1) / 4);
    const near = grades.map((grade, index) => [grade, grades[Math.min(4, index + 1)] ?? 1] as const);
    const { kappa, weightedKappa } = agreementFigures(labels(near, { isOrdinal: true }));
    expect(kappa).toBeLessThan(0.1);
    expect(weightedKappa).toBeGreaterThan(0.75);
  });

  it("allow for grades of the scale that nobody gave", () => {
    const answers = labels([...times(8, [1, 1] as const), ...times(2, [0, 1] as const)]);
    const two = agreementFigures({ ...answers, grades: [0, 1] });
    const three = agreementFigures({ ...answers, grades: [0, 0.5, 1] });
    expect(three.kappa).toBe(two.kappa);
    expect(three.ac1).toBeGreaterThan(two.ac1 ?? 1);
  });

  it("have no agreement beyond chance where one grade is all there is", () => {
    const { kappa, ac1, specificity, youden } = agreementFigures(labels(times(5, [1, 1] as const)));
    expect({ kappa, ac1, specificity, youden }).toEqual({
      kappa: null,
      ac1: null,
      specificity: null,
      youden: null,
    });
  });

  it("compare every two repeats of a question", () => {
    const questions = [
      { human: 1, judge: [1, 1, 0] },
      { human: 0, judge: [0, 0, 0] },
      { human: 0, judge: [null, 0, 0] },
    ] as const;
    expect(agreementFigures(labels([], { questions })).retest).toEqual({ comparisons: 9, flips: 4 });
  });

  it("count questions of one label as one: no narrower bounds from asking more", () => {
    const once = agreementFigures(labels([...times(30, [1, 1] as const), ...times(10, [0, 1] as const)]));
    const twice = agreementFigures(
      labels([...times(60, [1, 1] as const), ...times(20, [0, 1] as const)], { questionsPerLabel: 2 }),
    );
    expect(twice).toEqual(once);
  });

  it("of pairs show a judge that takes whatever stands first", () => {
    const gold = [1, 2, 1, 2] as const;
    const figures = agreementFigures(
      labels(
        gold.flatMap((each) => [[each === 1 ? 1 : 0, 1] as const, [each === 1 ? 1 : 0, 0] as const]),
        {
          questionsPerLabel: 2,
          pairs: gold.map((each) => ({ gold: each, firstOrder: 1, reverseOrder: 2 })),
        },
      ),
    );
    expect(figures).toMatchObject({ n: 4, accuracy: 0.5, youden: 0 });
    expect(figures.order).toEqual({
      consistency: 0,
      positionalAgreement: 0,
      firstSlotRate: 1,
      accuracyAsGiven: 0.5,
      accuracyReversed: 0.5,
    });
  });

  it("of pairs without a usable answer have no consistency", () => {
    const pairs = [{ gold: 1, firstOrder: null, reverseOrder: null }] as const;
    const { order } = agreementFigures(labels([[1, null]], { pairs }));
    expect(order).toMatchObject({ consistency: null, firstSlotRate: null, positionalAgreement: 1 });
  });

  it("stay in their ranges whatever is answered", () => {
    const grade = fc.constantFrom<Grade>(0, 0.25, 0.5, 1, "not applicable");
    const answer = fc.option(grade, { nil: null });
    fc.assert(
      fc.property(fc.array(fc.tuple(grade, answer), { minLength: 1, maxLength: 30 }), (pairs) => {
        const figures = agreementFigures(labels(pairs, { isOrdinal: true }));
        const { n, unscored, accuracy, kappa, weightedKappa, ac1, sensitivity } = figures;
        expect(n).toBe(pairs.length);
        expect(unscored).toBeLessThanOrEqual(n);
        expect(accuracy).toBeGreaterThanOrEqual(0);
        for (const value of [kappa, weightedKappa, ac1]) {
          expect(value === null || (Number.isFinite(value) && value <= 1 + 1e-12)).toBe(true);
        }
        const { low, value, high } = sensitivity ?? { low: 0, value: 0, high: 0 };
        expect(low).toBeLessThanOrEqual(value + 1e-12);
        expect(high).toBeGreaterThanOrEqual(value - 1e-12);
      }),
    );
  });
});
