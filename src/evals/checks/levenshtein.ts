import { distance } from "fastest-levenshtein";
import * as z from "zod";
import { textFor, textValue } from "./assertion-value.ts";
import { measured, outputCheck, unmeasured } from "./check.ts";

const DEFAULT_DISTANCE = 5;

/** Largest product of both lengths: the distance takes time in proportion to it, here well under a second. */
const MAX_PRODUCT = 4e9;

/** Passes by edit distance like promptfoo; the score is the similarity `1 - distance / longer length`. */
export const levenshtein = outputCheck(
  {
    value: textValue.optional(),
    threshold: z
      .int("expected a whole number")
      .min(0, "expected 0 or more")
      .describe("Most single-character edits that pass; default 5.")
      .optional(),
  },
  {
    summary: "Passes when at most `threshold` single-character edits turn the output into `value`.",
    prepare: ({ value, threshold = DEFAULT_DISTANCE }, preparation) => {
      const wanted = textFor(value, preparation);
      return ({ completion: { text } }) => {
        if (text.length * wanted.length > MAX_PRODUCT) {
          return unmeasured(
            `the output (${text.length} characters) and the value (${wanted.length}) are too long for an edit distance`,
          );
        }
        const edits = distance(text, wanted);
        return measured(
          edits <= threshold,
          `be at most ${threshold} edits away from the value`,
          `${edits} edits`,
          1 - edits / Math.max(text.length, wanted.length),
        );
      };
    },
  },
);
