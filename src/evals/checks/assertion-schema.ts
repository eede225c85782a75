import { closest, distance } from "fastest-levenshtein";
import * as z from "zod";
import type { Assertion, CheckClass } from "../../domain/case.ts";
import { visibleLine } from "../../domain/visible.ts";
import { expectation } from "./assertion-value.ts";
import type { Check } from "./check.ts";

/** An assertion as a user writes it: the common fields and the type's own. */
interface RawAssertion {
  readonly type: string;
  readonly metric?: string | undefined;
  readonly weight?: number | undefined;
  readonly [field: string]: unknown;
}

export type AssertionSchema = z.ZodType<Assertion, RawAssertion>;

const NOT = "not-";

/** promptfoo's types that ask a model: here that is a rubric's work. */
const JUDGED =
  /^(?:not-)?(?:llm-rubric|g-eval|factuality|model-graded-.*|answer-relevance|context-.*|agent-rubric|search-rubric|similar.*)$/;

function nearestOf(word: string, known: readonly string[]): string | null {
  const nearest = closest(word, known);
  return distance(word, nearest) <= Math.max(2, word.length / 3) ? nearest : null;
}

function suggestion(word: string, known: readonly string[]): string {
  const nearest = nearestOf(word, known);
  return nearest === null ? "" : `, did you mean "${nearest}"?`;
}

function unknownType(input: unknown, known: readonly string[], all: readonly string[]): string {
  const type = typeof input === "object" && input !== null ? (input as { type?: unknown }).type : undefined;
  if (typeof type !== "string") return 'expected the type of a check, e.g. "contains"';
  const shown = JSON.stringify(visibleLine(type, 60));
  if (all.includes(type))
    return `check ${shown} looks at the prompt, not at an output: put it under the prompt's assert`;
  if (JUDGED.test(type))
    return `unknown check ${shown}: a judgement by a model is a rubric, listed under judges`;
  return `unknown check ${shown}${suggestion(type, known)}`;
}

function unknownFields(keys: readonly string[], type: string, known: readonly string[]): string {
  return keys
    .map(
      (key) => `check ${type} has no field ${JSON.stringify(visibleLine(key, 60))}${suggestion(key, known)}`,
    )
    .join("; ");
}

const commonFields = {
  metric: z
    .string(expectation("a metric's name"))
    .regex(/^[^\p{Cc}\p{Cf}]{1,100}$/u, "expected a metric's name of 1 to 100 visible characters")
    .describe("The metric it counts under; default: the type's name.")
    .optional(),
  weight: z
    .number(expectation("a number"))
    .positive("expected a weight above 0")
    .describe("Its share in the metric of one case; default 1.")
    .optional(),
};

function rawSchemaOf(name: string, check: Check): z.ZodObject {
  const names = [name, `${NOT}${name}`] as const;
  const fields = { ...commonFields, ...check.fields };
  return z
    .strictObject(
      { type: z.literal(names).describe(check.summary), ...fields },
      {
        error: (issue) =>
          issue.code === "unrecognized_keys"
            ? unknownFields(issue.keys, name, ["type", ...Object.keys(fields)])
            : undefined,
      },
    )
    .superRefine((raw, context) => {
      check.rules?.(raw, (path, message) => context.addIssue({ code: "custom", path: [...path], message }));
    })
    .describe(`${check.summary} \`${NOT}${name}\` passes when this fails.`);
}

function toAssertion({ type, metric = type, weight = 1, ...options }: RawAssertion): Assertion {
  const negated = type.startsWith(NOT);
  return { type: negated ? type.slice(NOT.length) : type, negated, metric, weight, options };
}

/**
 * The schema of one assertion: strict, told apart by `type`, parsed to the domain's form. `classes` are the check
 * classes that may stand where the schema is used.
 */
export function assertionSchemaFor(
  checks: Readonly<Record<string, Check>>,
  classes: readonly CheckClass[],
): AssertionSchema {
  const allowed = Object.entries(checks).filter(([, check]) => classes.includes(check.class));
  const all = Object.keys(checks).flatMap((name) => [name, `${NOT}${name}`]);
  const known = allowed.flatMap(([name]) => [name, `${NOT}${name}`]);
  const variants = allowed.map(([name, check]) => rawSchemaOf(name, check));
  return z
    .discriminatedUnion("type", variants as [z.ZodObject, ...z.ZodObject[]], {
      error: (issue) => (issue.code === "invalid_union" ? unknownType(issue.input, known, all) : undefined),
    })
    .transform((raw) => toAssertion(raw as unknown as RawAssertion)) as unknown as AssertionSchema;
}
