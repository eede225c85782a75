import * as z from "zod";
import { measured, outputCheck, quote, type Check, type Finding } from "./check.ts";
import { expectation, textFor, textList, templateText, textsFor, textValue } from "./assertion-value.ts";

type Fold = (text: string) => string;

const asWritten: Fold = (text) => text;
const ignoringCase: Fold = (text) => text.toLowerCase();

/** One text that the output must hold. */
function containsCheck(fold: Fold, note: string): Check {
  return outputCheck(
    { value: textValue.optional() },
    {
      summary: `Passes when the output contains \`value\`${note}.`,
      prepare: ({ value }, preparation) => {
        const wanted = textFor(value, preparation);
        const needle = fold(wanted);
        return ({ completion: { text } }) => {
          const at = fold(text).indexOf(needle);
          return measured(
            at >= 0,
            `contain ${quote(wanted)}${note}`,
            at >= 0 ? `it at character ${at + 1}` : quote(text),
          );
        };
      },
    },
  );
}

const listFields = {
  value: z
    .union([textList, templateText], expectation("a list of texts"))
    .describe("List of texts, or one text with commas between them. Default: the case's `expected`.")
    .optional(),
};

function quoteAll(texts: readonly string[]): string {
  return quote(texts.join(", "), 100);
}

function containsListCheck(fold: Fold, note: string, mode: "all" | "any"): Check {
  const find = (text: string, wanted: readonly string[]): Finding => {
    const folded = fold(text);
    const missing = wanted.filter((item) => !folded.includes(fold(item)));
    const found = missing.length === 0 ? "all of them" : `all but ${quoteAll(missing)}`;
    return mode === "all"
      ? measured(missing.length === 0, `contain all of ${quoteAll(wanted)}${note}`, found)
      : measured(
          missing.length < wanted.length,
          `contain one of ${quoteAll(wanted)}${note}`,
          missing.length < wanted.length
            ? quote(wanted.find((item) => !missing.includes(item)) ?? "")
            : quote(text),
        );
  };
  return outputCheck(listFields, {
    summary: `Passes when the output contains ${mode === "all" ? "every" : "at least one"} text of \`value\`${note}.`,
    prepare: ({ value }, preparation) => {
      const wanted = textsFor(value, preparation);
      return ({ completion: { text } }) => find(text, wanted);
    },
  });
}

function edgeCheck(words: string, holds: (text: string, wanted: string) => boolean, edge: Fold): Check {
  return outputCheck(
    { value: textValue.optional() },
    {
      summary: `Passes when the output ${words.replace(/^\w+/, "$&s")} \`value\`, white space included.`,
      prepare: ({ value }, preparation) => {
        const wanted = textFor(value, preparation);
        return ({ completion: { text } }) =>
          measured(holds(text, wanted), `${words} ${quote(wanted)}`, quote(edge(text)));
      },
    },
  );
}

const NO_CASE = ", upper and lower case alike";

export const contains = containsCheck(asWritten, "");
export const icontains = containsCheck(ignoringCase, NO_CASE);
export const containsAll = containsListCheck(asWritten, "", "all");
export const icontainsAll = containsListCheck(ignoringCase, NO_CASE, "all");
export const containsAny = containsListCheck(asWritten, "", "any");
export const icontainsAny = containsListCheck(ignoringCase, NO_CASE, "any");
export const startsWith = edgeCheck(
  "start with",
  (text, wanted) => text.startsWith(wanted),
  (text) => text,
);
export const endsWith = edgeCheck(
  "end with",
  (text, wanted) => text.endsWith(wanted),
  (text) => text.slice(-80),
);
