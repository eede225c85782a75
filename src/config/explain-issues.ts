import type * as z from "zod";
import type { Problem } from "../domain/problem.ts";
import { suggestion, unknownKeyMessage } from "./known-keys.ts";
import { mayHoldSecret } from "./secret-paths.ts";
import { describeValue, valueAt } from "./plain-value.ts";
import { problemAt, type Path, type SourceDocument } from "./source-document.ts";

type Issue = z.core.$ZodIssue;

interface Explanation {
  readonly path: Path;
  readonly target: "key" | "value";
  readonly message: string;
}

const TYPES: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
  null: "null",
};

function plural(count: number | bigint, word: string): string {
  return `${count} ${word}${Number(count) === 1 ? "" : "s"}`;
}

function size(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [word, bound] =
    issue.code === "too_small" ? (["least", issue.minimum] as const) : (["most", issue.maximum] as const);
  if (issue.origin === "string") {
    return bound === 1 && word === "least" ? "text" : `at ${word} ${plural(bound, "character")}`;
  }
  if (issue.origin === "array" || issue.origin === "set") return `at ${word} ${plural(bound, "item")}`;
  if (issue.origin === "object" || issue.origin === "map") return `at ${word} ${plural(bound, "entry")}`;
  if (issue.inclusive === false) return `a number ${word === "least" ? "above" : "below"} ${bound}`;
  return `a number of at ${word} ${bound}`;
}

function list(values: readonly unknown[]): string {
  const words = values.map((value) => (typeof value === "string" ? value : String(value)));
  return words.length === 1 ? (words[0] ?? "") : `one of ${words.join(", ")}`;
}

/** How zod's own messages begin. They never reach a user; those that schemas set do. */
const OWN_MESSAGE = /^(?:Invalid|Too small|Too big|Unrecognized)/;

/** What was expected, without what was found. */
function expectation(issue: Issue): string {
  if (!OWN_MESSAGE.test(issue.message)) return issue.message;
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${list(issue.values)}`;
    case "too_small":
    case "too_big":
      return `expected ${size(issue)}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`;
    case "invalid_format":
      return `expected text in the form of ${issue.format === "regex" ? "a name" : issue.format}`;
    case "invalid_union":
      return "options" in issue && issue.options !== undefined
        ? `expected ${list(issue.options)}`
        : `expected ${unionOf(issue.errors)}`;
    case "invalid_key":
      return issue.issues[0] === undefined ? "expected another key" : expectation(issue.issues[0]);
    case "invalid_element":
    case "unrecognized_keys":
    case "custom":
      return issue.message;
  }
}

/** What the alternatives of a union expect of the value itself. */
function unionOf(alternatives: readonly (readonly Issue[])[]): string {
  const expected = alternatives.flatMap(([issue]) => (issue === undefined ? [] : [expectation(issue)]));
  return [...new Set(expected)].map((text) => text.replace(/^expected /, "")).join(" or ");
}

/** Of a union the alternative that came furthest, or nothing when all failed at the value itself. */
function bestAlternative(issue: Issue): readonly Issue[] {
  if (issue.code !== "invalid_union" || issue.errors.length === 0) return [];
  const depth = (issues: readonly Issue[]): number => Math.max(...issues.map(({ path }) => path.length));
  const best = [...issue.errors].sort((left, right) => depth(right) - depth(left))[0] ?? [];
  return depth(best) > 0 ? best : [];
}

function explain(issue: Issue, schema: z.core.$ZodType, value: unknown, prefix: Path): Explanation[] {
  const path: Path = [...prefix, ...issue.path.filter((part) => typeof part !== "symbol")];
  const inner = bestAlternative(issue);
  if (inner.length > 0) return inner.flatMap((issue) => explain(issue, schema, value, path));
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({
      path: [...path, key],
      target: "key",
      message: unknownKeyMessage(schema, { value, path, key }),
    }));
  }
  const expected = expectation(issue);
  if (!expected.startsWith("expected ") || / got /.test(expected)) {
    return [{ path, target: "value", message: expected }];
  }
  const found = issue.code === "invalid_key" ? path.at(-1) : valueAt(value, path);
  const isSecret = mayHoldSecret(path) && typeof found === "string";
  const got = isSecret ? "something else" : describeValue(found);
  const names = issue.code === "invalid_value" && typeof found === "string" ? issue.values.map(String) : [];
  const nearest = names.length > 1 ? suggestion(String(found), names) : "";
  return [
    {
      path,
      target: issue.code === "invalid_key" ? "key" : "value",
      message: `${expected}, got ${got}${nearest}`,
    },
  ];
}

/** The issues of a schema as problems of the document, in plain words; `document.value` is what the user wrote. */
export function issueProblems(
  document: SourceDocument,
  schema: z.core.$ZodType,
  error: z.core.$ZodError,
): Problem[] {
  return error.issues
    .flatMap((issue) => explain(issue, schema, document.value, []))
    .map(({ path, target, message }) => problemAt(document, { path, target }, message));
}
