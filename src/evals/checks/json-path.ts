import { query, type JsonValue } from "jsonpath-rfc9535";
import parsePath from "jsonpath-rfc9535/parser";
import * as z from "zod";
import { canonicalJson } from "../../domain/digest.ts";
import { expectation, fillValue } from "./assertion-value.ts";
import { jsonEquals } from "./json-equals.ts";
import { measured, messageOf, outputCheck, quote } from "./check.ts";

/** A node of the parsed path, as far as the rules below look at it. */
interface PathNode {
  readonly type?: string;
  readonly name?: string;
}

function nodesOf(value: unknown): PathNode[] {
  if (typeof value !== "object" || value === null) return [];
  const below = Object.values(value).flatMap(nodesOf);
  return Array.isArray(value) ? below : [value, ...below];
}

/** What would make a path slower than linear in the output, or run a backtracking pattern on it. */
function pathProblem(path: string): string | null {
  let nodes: PathNode[];
  try {
    nodes = nodesOf(parsePath(path));
  } catch (error) {
    return `not a JSONPath (RFC 9535): ${messageOf(error)}`;
  }
  if (nodes.some(({ type, name }) => type === "FunctionExpr" && (name === "match" || name === "search"))) {
    return "match() and search() are not supported: use min, max or value, or a regex check";
  }
  if (nodes.filter(({ type }) => type === "DescendantSegment").length > 1) return "expected at most one `..`";
  if (nodes.filter(({ type }) => type === "JsonPathQuery").length > 1) {
    return "inside a filter, $ may only point at single values";
  }
  return null;
}

/** What a path selected, in a few words however large it is. */
function describeSelected(selected: readonly JsonValue[]): string {
  const [first] = selected;
  if (first === undefined) return "nothing there";
  const others = selected.length === 1 ? "" : ` and ${selected.length - 1} more`;
  if (Array.isArray(first)) return `a list of ${first.length}${others}`;
  return `${typeof first === "object" && first !== null ? "an object" : quote(JSON.stringify(first))}${others}`;
}

const bound = z.number(expectation("a number"));

export const jsonPath = outputCheck(
  {
    path: z.string(expectation("a JSONPath")).describe("JSONPath (RFC 9535), e.g. $.items[0].price."),
    value: z
      .unknown()
      .describe("What one selected value must equal; texts in it may hold {{variables}}.")
      .optional(),
    min: bound.describe("One selected number must be at least this.").optional(),
    max: bound.describe("One selected number must be at most this.").optional(),
  },
  {
    summary:
      "Passes when the output is JSON and `path` selects something: with `value` something equal to it, with `min` and `max` a number in that range.",
    rules: ({ path, value, min, max }, report) => {
      const problem = pathProblem(path);
      if (problem !== null) report(["path"], problem);
      if (value !== undefined && (min !== undefined || max !== undefined)) {
        report(["value"], "expected value, or min and max, got both");
      }
      if (min !== undefined && max !== undefined && min > max) {
        report(["max"], `expected at least min (${min}), got ${max}`);
      }
    },
    prepare: ({ path, value, min = -Infinity, max = Infinity }, preparation) => {
      const wanted = value === undefined ? undefined : fillValue(value, preparation);
      const ranged = min !== -Infinity || max !== Infinity;
      const matches = (found: unknown): boolean => {
        if (wanted !== undefined) return jsonEquals(found, wanted);
        return !ranged || (typeof found === "number" && found >= min && found <= max);
      };
      const condition =
        wanted === undefined
          ? ranged
            ? ` from ${min} to ${max}`
            : ""
          : ` equal to ${quote(canonicalJson(wanted))}`;
      const expected = `have something at ${quote(path)}${condition}`;
      return ({ completion, parsedJson }) => {
        const parsed = parsedJson();
        if (parsed.kind === "invalid")
          return measured(false, expected, `no JSON but ${quote(completion.text)}`);
        const selected = query(parsed.value as JsonValue, path);
        return measured(selected.some(matches), expected, describeSelected(selected));
      };
    },
  },
);
