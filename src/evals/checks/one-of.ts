import { textsFor, templateText, textList, expectation } from "./assertion-value.ts";
import { measured, outputCheck, quote } from "./check.ts";
import * as z from "zod";

/** For classifiers: the trimmed output is one of the labels, letter for letter. */
export const oneOf = outputCheck(
  {
    value: z
      .union([textList, templateText], expectation("a list of texts"))
      .describe("List of texts, or {{name}} of a variable that holds one. Default: the case's `expected`.")
      .optional(),
  },
  {
    summary: "Passes when the output, white space around it aside, is one of the texts of `value`.",
    prepare: ({ value }, preparation) => {
      const wanted = textsFor(value, preparation);
      return ({ completion }) =>
        measured(
          wanted.includes(completion.text.trim()),
          `be one of ${quote(wanted.join(", "), 100)}`,
          quote(completion.text),
        );
    },
  },
);
