import * as z from "zod";
import { canonicalJson } from "../../domain/digest.ts";
import { jsonEquals } from "./json-equals.ts";
import { measured, outputCheck, quote } from "./check.ts";
import { expectation, templateText, valueFor } from "./assertion-value.ts";

/** Text equals text exactly; a list or an object equals the output read as JSON, key order aside. */
export const equals = outputCheck(
  {
    value: z
      .union(
        [
          templateText,
          z.literal(""),
          z.number(),
          z.boolean(),
          z.array(z.unknown()),
          z.record(z.string(), z.unknown()),
        ],
        expectation("a text, a number, a list or an object"),
      )
      .describe(
        "Text, number, or a list or object that the output must hold as JSON. Default: the case's `expected`.",
      )
      .optional(),
  },
  {
    summary: "Passes when the output is exactly `value`; a list or an object is compared as JSON.",
    prepare: ({ value }, preparation) => {
      const wanted = valueFor(value, preparation);
      if (typeof wanted === "object") {
        const expected = `equal the JSON ${quote(canonicalJson(wanted))}`;
        return ({ completion, parsedJson }) => {
          const parsed = parsedJson();
          const pass = parsed.kind === "json" && jsonEquals(parsed.value, wanted);
          return measured(pass, expected, quote(completion.text));
        };
      }
      const text = typeof wanted === "string" ? wanted : canonicalJson(wanted);
      return ({ completion }) =>
        measured(completion.text === text, `equal ${quote(text)}`, quote(completion.text));
    },
  },
);
