import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import type { Assertion } from "../../src/domain/case.ts";
import type { Score } from "../../src/domain/evaluation.ts";
import type { Completion } from "../../src/domain/model.ts";
import { assertionSchema, runAssertions } from "../../src/evals/checks/index.ts";
import { aCase } from "../builders.ts";
import { aCompletion } from "../evals/checks/a-subject.ts";

/** An output, what else is known of the call, and its cost in US dollars. */
type Answer = readonly [text: string, fields?: Partial<Completion>, costUsd?: number];

/** A raw assertion without its `type`, and an output that passes and one that fails it. */
export interface CheckExample {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly passing: Answer;
  readonly failing: Answer;
}

const MEGABYTES_5 = 5_000_000;

function filled(part: string): string {
  return part.repeat(Math.ceil(MEGABYTES_5 / part.length));
}

const hostileText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
  fc.string({
    unit: fc.constantFrom("[", "{", '"', "\\", ":", ",", "]", "}", "1", "a", "\u001b", "\ud800", "\n"),
    maxLength: 300,
  }),
  fc.json(),
);

const ordinaryTexts = Array.from(
  { length: 1_000 },
  (_, n) => `Thank you for asking, customer ${n}. Refunds take ${n % 40} days. {"order": ${n}, "open": true}`,
);

function expectSound(score: Score): void {
  expect(Array.from(score.reason).length).toBeLessThan(300);
  expect(score.reason).toMatch(/^[^\p{Cc}\u2028\u2029]+$/u);
  if (score.kind === "unscored") return;
  expect(score.value).toBeGreaterThanOrEqual(0);
  expect(score.value).toBeLessThanOrEqual(1);
}

function measure(assertion: Assertion, ...[text, fields, costUsd = 0.0004]: Answer): Score {
  const completion = aCompletion(text, fields);
  const results = runAssertions([assertion], { case: aCase(), completion, costUsd });
  expect(results).toHaveLength(1);
  return (results[0] as (typeof results)[number]).score;
}

/** What the twin says where a check says `score`; the reason aside. */
function inverted(score: Score): unknown {
  if (score.kind === "unscored") return { kind: "unscored" };
  return { kind: "scored", pass: score.pass === false, value: expect.closeTo(1 - score.value, 12) };
}

/** What every check of an output promises. */
export function checkContract(type: string, { fields, passing, failing }: CheckExample): void {
  describe(`${type} keeps the promises of a check`, () => {
    const assertion = assertionSchema.parse({ type, ...fields });
    const twin = assertionSchema.parse({ type: `not-${type}`, ...fields });

    it("counts under its own name and the twin under its own", () => {
      expect(assertion).toMatchObject({ type, negated: false, metric: type, weight: 1, options: fields });
      expect(twin).toMatchObject({ type, negated: true, metric: `not-${type}`, weight: 1, options: fields });
    });

    it("passes what it should and fails what it should", () => {
      expect(measure(assertion, ...passing)).toMatchObject({ kind: "scored", pass: true });
      expect(measure(assertion, ...failing)).toMatchObject({ kind: "scored", pass: false });
    });

    it("turns pass and score around in its twin, and leaves what was not measured alone", () => {
      fc.assert(
        fc.property(fc.oneof(hostileText, fc.constantFrom(passing[0], failing[0])), (text) => {
          const score = measure(assertion, text);
          const inverse = measure(twin, text);
          expectSound(score);
          expectSound(inverse);
          expect(inverse).toMatchObject(inverted(score) as object);
        }),
      );
    });

    it("says the same of the same output every time", () => {
      fc.assert(
        fc.property(hostileText, (text) => {
          expect(measure(assertion, text)).toEqual(measure(assertion, text));
        }),
        { numRuns: 30 },
      );
    });

    it.each([
      ["an empty output", ""],
      ["white space", " \n\t"],
      ["terminal escapes", "\u001b]0;owned\u0007\u001b[2J\u0000\u202e"],
      ["half a surrogate pair", "\udc00\ud800"],
      ["5 MB of words", filled("The refund takes 30 days. ")],
      ["5 MB of one letter", filled("a")],
      ["5 MB of opening brackets", filled("[")],
      ["5 MB of opening strings and brackets", filled('["\\"{')],
    ])("copes with %s", (_, text) => {
      expectSound(measure(assertion, text));
    });

    it("measures 1,000 ordinary outputs", () => {
      const scores = ordinaryTexts.map((text) => measure(assertion, text));
      expect(scores.filter(({ kind }) => kind === "unscored")).toEqual([]);
    });
  });
}
