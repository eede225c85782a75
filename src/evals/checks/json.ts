import { measured, outputCheck, quote } from "./check.ts";
import { findJson } from "./find-json.ts";
import { schemaField, schemaProblem, schemaValidator, type JsonSchema } from "./json-schema.ts";

const fields = {
  value: schemaField
    .describe("JSON Schema (draft-07, or 2020-12 where $schema says so) that the JSON must conform to.")
    .optional(),
};

function checkSchema(
  { value }: { readonly value?: JsonSchema | undefined },
  report: (path: readonly string[], message: string) => void,
): void {
  const problem = value === undefined ? null : schemaProblem(value);
  if (problem !== null) report(["value"], problem);
}

export const isJson = outputCheck(fields, {
  summary: "Passes when the whole output is JSON and conforms to the JSON Schema `value`, if there is one.",
  rules: checkSchema,
  prepare: ({ value }) => {
    const problemOf = value === undefined ? () => null : schemaValidator(value);
    const expected = value === undefined ? "be JSON" : "be JSON that conforms to the schema";
    return ({ completion, parsedJson }) => {
      const parsed = parsedJson();
      if (parsed.kind === "invalid")
        return measured(false, expected, `no JSON but ${quote(completion.text)}`);
      const problem = problemOf(parsed.value);
      return measured(problem === null, expected, problem ?? quote(completion.text));
    };
  },
});

/** The outermost objects of a value that may be an array of arrays of objects. */
function* outermostObjects(value: unknown): Generator {
  const waiting = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (Array.isArray(next)) for (const item of next) waiting.push(item);
    else if (typeof next === "object" && next !== null) yield next;
  }
}

/** Without a schema only an object counts: `[1]` is more often a footnote than data. */
function* candidates(text: string, withArrays: boolean): Generator {
  for (const value of findJson(text)) {
    if (withArrays && Array.isArray(value)) yield value;
    yield* outermostObjects(value);
  }
}

export const containsJson = outputCheck(fields, {
  summary:
    "Passes when the output contains a JSON object, or with the JSON Schema `value` an object or array that conforms to it.",
  rules: checkSchema,
  prepare: ({ value }) => {
    const problemOf = value === undefined ? () => null : schemaValidator(value);
    const expected =
      value === undefined ? "contain a JSON object" : "contain JSON that conforms to the schema";
    return ({ completion: { text } }) => {
      let firstProblem: string | null = null;
      for (const candidate of candidates(text, value !== undefined)) {
        const problem = problemOf(candidate);
        if (problem === null) return measured(true, expected, `it in ${quote(text)}`);
        firstProblem ??= problem;
      }
      return measured(false, expected, firstProblem ?? `none in ${quote(text)}`);
    };
  },
});
