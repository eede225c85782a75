import * as z from "zod";
import { textVariables } from "../../domain/template.ts";
import { caseError, templateText, textFor } from "./assertion-value.ts";
import { measured, messageOf, outputCheck, quote, type Preparation } from "./check.ts";
import { patternOf, type Pattern } from "./pattern.ts";

function patternFor(source: string, flags: string, preparation: Preparation): Pattern {
  try {
    return patternOf(source, flags);
  } catch (error) {
    throw caseError(preparation, messageOf(error), "correct the variables that the pattern names");
  }
}

export const regex = outputCheck(
  {
    value: templateText.describe(
      "Regular expression in RE2's syntax, found anywhere in the output; {{name}} is replaced by the case's variable, unescaped.",
    ),
    flags: z
      .string()
      .regex(/^(?!.*(.).*\1)[ims]*$/, "expected some of i, m and s, each once")
      .describe("i: upper and lower case alike; m: ^ and $ match at lines; s: . matches newlines.")
      .optional(),
  },
  {
    summary: "Passes when the regular expression `value` matches somewhere in the output.",
    rules: ({ value, flags = "" }, report) => {
      if (textVariables(value).length > 0) return;
      try {
        patternOf(value, flags);
      } catch (error) {
        report(["value"], messageOf(error));
      }
    },
    prepare: ({ value, flags = "" }, preparation) => {
      const source = textFor(value, preparation);
      const pattern = patternFor(source, flags, preparation);
      const expected = `match /${source}/${flags}`;
      return ({ completion: { text } }) => measured(pattern.test(text), expected, quote(text));
    },
  },
);
