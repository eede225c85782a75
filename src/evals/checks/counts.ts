import * as z from "zod";
import { expectation, fillValue, numberFor, templateText } from "./assertion-value.ts";
import { measured, outputCheck, type Check, type Preparation } from "./check.ts";

const bound = z.number(expectation("a number")).min(0, "expected 0 or more");

const fields = {
  min: bound.describe("Fewest that pass.").optional(),
  max: bound.describe("Most that pass.").optional(),
  value: z
    .union(
      [bound, templateText, z.strictObject({ min: bound.optional(), max: bound.optional() })],
      expectation("a number, or an object with min and max"),
    )
    .describe("The exact count, {{name}} of a variable that holds it, or an object with `min` and `max`.")
    .optional(),
};

type Options = z.output<z.ZodObject<typeof fields>>;

interface Range {
  readonly min: number;
  readonly max: number;
}

function checkRange(options: Options, report: (path: readonly string[], message: string) => void): void {
  const { value } = options;
  const nested = typeof value === "object";
  const { min, max } = nested ? value : options;
  if (value !== undefined && (options.min !== undefined || options.max !== undefined)) {
    report(["value"], "expected value, or min and max, got both");
  } else if ((value === undefined || nested) && min === undefined && max === undefined) {
    report(nested ? ["value"] : [], "expected min, max or value, got none of them");
  } else if (min !== undefined && max !== undefined && min > max) {
    report(nested ? ["value", "max"] : ["max"], `expected at least min (${min}), got ${max}`);
  }
}

function rangeOf({ min, max, value }: Options, preparation: Preparation): Range {
  const given = typeof value === "object" ? value : { min, max };
  if (value === undefined || typeof value === "object")
    return { min: given.min ?? 0, max: given.max ?? Infinity };
  const exact = numberFor(fillValue(value, preparation), preparation);
  return { min: exact, max: exact };
}

function describeRange({ min, max }: Range, unit: string): string {
  if (min === max) return `have ${min} ${unit}`;
  if (max === Infinity) return `have at least ${min} ${unit}`;
  return min === 0 ? `have at most ${max} ${unit}` : `have ${min} to ${max} ${unit}`;
}

/** Counts without building a list: an output may have millions. */
function countMatches(text: string, pattern: RegExp): number {
  const every = new RegExp(pattern, "g");
  let count = 0;
  while (every.test(text)) count += 1;
  return count;
}

function countCheck(unit: string, how: string, count: (text: string) => number): Check {
  return outputCheck(fields, {
    summary: `Passes when the number of ${unit} (${how}) is within \`min\` and \`max\`, or is \`value\`.`,
    rules: checkRange,
    prepare: (options, preparation) => {
      const range = rangeOf(options, preparation);
      const expected = describeRange(range, unit);
      return ({ completion: { text } }) => {
        const found = count(text);
        return measured(found >= range.min && found <= range.max, expected, String(found));
      };
    },
  });
}

/** Words as promptfoo counts them: what white space separates. */
export const wordCount = countCheck("words", "separated by white space", (text) => countMatches(text, /\S+/));

/** Unicode code points: a surrogate pair is one character. */
export const charCount = countCheck(
  "characters",
  "Unicode code points",
  (text) => text.length - countMatches(text, /[\ud800-\udbff][\udc00-\udfff]/),
);
