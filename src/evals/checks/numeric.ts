import * as z from "zod";
import { numberFor, numberValue } from "./assertion-value.ts";
import { measured, outputCheck, quote } from "./check.ts";

/**
 * The first number: `.` is the decimal point, `,` separates thousands where exactly three digits follow each comma.
 * Digits that continue a Latin word (`GPT4`) are no number.
 */
const NUMBER =
  /(?<![A-Za-z_\d])(?:(?<![\p{L}\d)])[-+\u2212])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+|\.\d)\d*(?:\.\d+)?(?:[eE][-+]?\d+)?/u;

/** The first number of a text, or null when it has none that is finite. */
export function firstNumber(text: string): number | null {
  const match = NUMBER.exec(text)?.[0];
  if (match === undefined) return null;
  const number = Number(match.replaceAll(",", "").replace("\u2212", "-"));
  return Number.isFinite(number) ? number : null;
}

/** Room for binary rounding, relative to the numbers: 10.3 - 10.2 is a little more than 0.1. */
const ROUNDING = 1e-12;

const tolerance = z.number().min(0, "expected 0 or more");

export const numeric = outputCheck(
  {
    value: numberValue.optional(),
    tolerance: tolerance.describe("Largest difference that still passes; default 0.").optional(),
    relativeTolerance: tolerance
      .describe("Largest difference as a share of `value`: 0.05 = 5 %. Not together with `tolerance`.")
      .optional(),
  },
  {
    summary: "Passes when the first number of the output is `value`, within the tolerance.",
    rules: (options, report) => {
      if (options.tolerance !== undefined && options.relativeTolerance !== undefined) {
        report(["relativeTolerance"], "expected tolerance or relativeTolerance, got both");
      }
    },
    prepare: ({ value, tolerance = 0, relativeTolerance }, preparation) => {
      const wanted = numberFor(value, preparation);
      const allowed = relativeTolerance === undefined ? tolerance : relativeTolerance * Math.abs(wanted);
      const expected = `have ${wanted} as its first number${allowed === 0 ? "" : `, give or take ${allowed}`}`;
      return ({ completion: { text } }) => {
        const found = firstNumber(text);
        if (found === null) return measured(false, expected, `no number in ${quote(text)}`);
        const room = allowed + ROUNDING * Math.max(Math.abs(found), Math.abs(wanted));
        return measured(Math.abs(found - wanted) <= room, expected, String(found));
      };
    },
  },
);
