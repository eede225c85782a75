import * as z from "zod";
import type { Case } from "../../domain/case.ts";
import { GateError } from "../../domain/errors.ts";
import { malformedPlaceholders, renderText, textVariables } from "../../domain/template.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { Preparation } from "./check.ts";

/** Schema parameters with the message `expected a text, got 5`. */
export function expectation(what: string): {
  readonly error: (issue: { readonly input?: unknown }) => string;
} {
  return {
    error: ({ input }) =>
      `expected ${what}, got ${input === undefined ? "nothing" : visibleLine(JSON.stringify(input), 60)}`,
  };
}

/** Values are templates like prompts: whole `{{name}}` placeholders and nothing else. */
function hasOnlyPlainPlaceholders(text: string): boolean {
  return !malformedPlaceholders(text).some((found) => found.endsWith("}}"));
}

/** A text that is not empty and may hold `{{variables}}` of the case. */
export const templateText = z
  .string(expectation("a text"))
  .min(1, "expected a text that is not empty")
  .refine(hasOnlyPlainPlaceholders, "only {{name}} is filled in: no filters, no expressions, no other braces")
  .describe("Text; {{name}} is replaced by the case's variable.");

/** A text or a number. */
export const textValue = z
  .union([templateText, z.number()], expectation("a text or a number"))
  .describe("Text or number; {{name}} is replaced by the case's variable. Default: the case's `expected`.");

/** A list of texts or numbers. */
export const textList = z
  .array(textValue, expectation("a list of texts"))
  .min(1, "expected a list that is not empty");

/** A number, or `{{name}}` of a variable that holds one. */
export const numberValue = z
  .union([z.number(), templateText], expectation("a number"))
  .describe("Number, or {{name}} of a variable that holds one. Default: the case's `expected`.");

/** The error of a case that lacks what an assertion needs: says which case and which check. */
export function caseError({ case: { id }, type }: Preparation, problem: string, hint: string): GateError {
  return new GateError("DATASET_INVALID", `case ${visibleLine(id)}, check ${type}: ${problem}`, { hint });
}

function missingVariable({ case: { id }, type }: Preparation, name: string): GateError {
  return new GateError(
    "VARIABLE_MISSING",
    `case ${visibleLine(id)}, check ${type}: the value uses {{${visibleLine(name, 60)}}}, the case has no such variable`,
    { hint: `add "${visibleLine(name, 60)}" to the case's vars, or correct the check's value` },
  );
}

const WHOLE_PLACEHOLDER = /^\{\{[^{}]*\}\}$/;

/** A text with its variables filled in; a text that is one `{{name}}` alone becomes the variable's value as it is. */
function fillText(text: string, preparation: Preparation): unknown {
  if (!text.includes("{{")) return text;
  const { vars } = preparation.case;
  const [only] = WHOLE_PLACEHOLDER.test(text) ? textVariables(text) : [];
  if (only !== undefined && Object.hasOwn(vars, only) && vars[only] !== undefined) return vars[only];
  return renderText(text, vars, (name) => {
    throw missingVariable(preparation, name);
  });
}

/** Any value with the texts inside it filled in. */
export function fillValue(value: unknown, preparation: Preparation): unknown {
  if (typeof value === "string") return fillText(value, preparation);
  if (Array.isArray(value)) return value.map((item) => fillValue(item, preparation));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillValue(item, preparation)]));
}

function expectedOf(testCase: Case, preparation: Preparation): unknown {
  if (testCase.expected === undefined) {
    throw caseError(
      preparation,
      "it has no value and the case has no expected",
      "give the check a value, or the case an expected",
    );
  }
  return testCase.expected;
}

/** The assertion's value for this case: filled in, or the case's `expected`. */
export function valueFor(value: unknown, preparation: Preparation): unknown {
  return value === undefined ? expectedOf(preparation.case, preparation) : fillValue(value, preparation);
}

function asText(value: unknown, preparation: Preparation): string {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw caseError(
    preparation,
    `its value must be a text that is not empty, got ${visibleLine(JSON.stringify(value) ?? "nothing", 60)}`,
    "correct the check's value, the variable that it names, or the case's expected",
  );
}

/** The same as a text that is not empty; numbers and booleans count as texts. */
export function textFor(value: unknown, preparation: Preparation): string {
  return asText(valueFor(value, preparation), preparation);
}

/** One field of a comma-separated text: quoted with doubled or escaped quotes, or bare. */
const FIELD = /\s*(?:"((?:[^"\\]|""|\\.)*)"|([^,]*))\s*(?:,|$)/y;

/** `a, "b, c"` as a list, the way promptfoo reads a text where it wants a list. */
function splitList(text: string): string[] {
  const fields: string[] = [];
  FIELD.lastIndex = 0;
  while (FIELD.lastIndex < text.length) {
    const match = FIELD.exec(text);
    if (match === null) break;
    const field = match[1]?.replace(/""|\\(["\\])/g, (found, escaped?: string) => escaped ?? found[0] ?? "");
    fields.push(field ?? match[2]?.trim() ?? "");
  }
  return fields.filter((field) => field !== "");
}

/** A list of texts: a list as it is, a text split at commas; the case's `expected` is never split. */
export function textsFor(value: unknown, preparation: Preparation): readonly string[] {
  const list = valueFor(value, preparation);
  const items = Array.isArray(list)
    ? list
    : typeof list === "string" && value !== undefined
      ? splitList(list)
      : [list];
  if (items.length === 0) {
    throw caseError(preparation, "its list of values is empty", "name at least one value");
  }
  return items.map((item) => asText(item, preparation));
}

/** A finite number; a text counts when it is one. */
export function numberFor(value: unknown, preparation: Preparation): number {
  const found = valueFor(value, preparation);
  const number = typeof found === "string" && found.trim() !== "" ? Number(found) : found;
  if (typeof number === "number" && Number.isFinite(number)) return number;
  throw caseError(
    preparation,
    `its value must be a number, got ${visibleLine(JSON.stringify(found) ?? "nothing", 60)}`,
    "correct the check's value, the variable that it names, or the case's expected",
  );
}
