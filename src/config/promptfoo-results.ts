import { jsonDigest } from "../domain/digest.ts";
import { visibleLine } from "../domain/visible.ts";
import { isObject, parseScoreRow, type ParsedRow, type RowFault } from "./score-row.ts";

// promptfoo writes `{evalId, results: {version: 3, results: [...], prompts, stats}, config}`. A result holds promptIdx,
// testIdx, testCase {vars, metadata}, success, score, namedScores, failureReason (2 = error) and error. Repeats are
// results of their own with another testIdx, so cases are known by their variables. Version 2 has neither testIdx nor
// failureReason: there an error is a result that was never graded. A grader that failed counts as a score of 0 in
// promptfoo, and is told by metadata.graderError of its part of gradingResult.

const RESULTS = ["results", "results"] as const;
const FAILED_BY_ERROR = 2;

/** The list of results of promptfoo's JSON output, or null when the document is something else. */
export function promptfooResults(document: unknown): readonly unknown[] | null {
  if (!isObject(document) || !isObject(document["results"])) return null;
  const results = document["results"]["results"];
  return Array.isArray(results) ? results : null;
}

interface Result {
  readonly id: string;
  readonly group: string | undefined;
  readonly failed: boolean;
  readonly namedScores: Record<string, unknown>;
  /** Metrics whose grader failed; null among them = one without a metric. */
  readonly ungraded: ReadonlySet<string | null>;
  readonly score: unknown;
  readonly variant: string;
}

/** `metadata.id` when the test has one, else a digest of its variables, else its number. */
function caseId(testCase: Record<string, unknown>, result: Record<string, unknown>): string {
  const metadata = isObject(testCase["metadata"]) ? testCase["metadata"] : {};
  if (typeof metadata["id"] === "string" && metadata["id"] !== "") return metadata["id"];
  const vars = testCase["vars"] ?? result["vars"];
  if (isObject(vars) && Object.keys(vars).length > 0) return `vars-${jsonDigest(vars).slice(7, 19)}`;
  return `test-${visibleLine(String(result["testIdx"]), 20)}`;
}

/** The metrics of a grading and its parts, two levels deep as promptfoo writes them, whose grader failed. */
function ungradedMetrics(grading: unknown): (string | null)[] {
  if (!isObject(grading)) return [];
  const parts = Array.isArray(grading["componentResults"]) ? grading["componentResults"] : [];
  const isError = isObject(grading["metadata"]) && grading["metadata"]["graderError"] === true;
  const metric = isObject(grading["assertion"]) ? grading["assertion"]["metric"] : null;
  return [
    ...(isError ? [typeof metric === "string" ? metric : null] : []),
    ...parts.flatMap(ungradedMetrics),
  ];
}

/** True when nothing was graded because promptfoo or the provider failed. */
function isFailed({ failureReason, error, gradingResult }: Record<string, unknown>): boolean {
  if (failureReason !== undefined) return failureReason === FAILED_BY_ERROR;
  return typeof error === "string" && error !== "" && !isObject(gradingResult);
}

function isResult(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false;
  return (
    typeof value["testIdx"] === "number" || (typeof value["success"] === "boolean" && isObject(value["vars"]))
  );
}

function readResult(value: unknown): Result | null {
  if (!isResult(value)) return null;
  const testCase = isObject(value["testCase"]) ? value["testCase"] : {};
  const metadata = isObject(testCase["metadata"]) ? testCase["metadata"] : {};
  const conversation = metadata["conversationId"];
  const provider = isObject(value["provider"]) ? value["provider"]["id"] : value["provider"];
  return {
    id: caseId(testCase, value),
    group: typeof conversation === "string" && conversation !== "" ? conversation : undefined,
    failed: isFailed(value),
    ungraded: new Set(ungradedMetrics(value["gradingResult"])),
    namedScores: isObject(value["namedScores"]) ? value["namedScores"] : {},
    score: value["score"],
    variant: JSON.stringify([value["promptIdx"] ?? 0, provider ?? null]),
  };
}

/** Metrics of the file: the named scores, or the overall `score` when no assertion has a metric. */
function metricNames(results: readonly Result[]): readonly string[] {
  const names = new Set(results.flatMap(({ namedScores }) => Object.keys(namedScores)));
  return names.size === 0 ? ["score"] : [...names];
}

/** An error of promptfoo or the provider is no score: unscored in every metric. */
function scoresOf(result: Result, names: readonly string[]): Record<string, unknown> {
  if (result.failed) return Object.fromEntries(names.map((name) => [name, null]));
  if (names.length === 1 && names[0] === "score" && !Object.hasOwn(result.namedScores, "score")) {
    return { score: result.ungraded.size > 0 ? null : result.score };
  }
  const scores = Object.entries(result.namedScores);
  return Object.fromEntries(scores.map(([name, score]) => [name, result.ungraded.has(name) ? null : score]));
}

export type PromptfooRows =
  | { readonly kind: "rows"; readonly rows: readonly ParsedRow[] }
  | { readonly kind: "faults"; readonly faults: readonly RowFault[] };

/** Brings promptfoo's results into score rows. One prompt and one provider a file: a comparison needs one side in each. */
export function promptfooRows(results: readonly unknown[]): PromptfooRows {
  const faults: RowFault[] = [];
  const read = results.flatMap((value, index) => {
    const result = readResult(value);
    if (result === null) {
      faults.push({
        path: [...RESULTS, index],
        message: "expected a result with a testIdx, or with vars and success",
      });
    }
    return result === null ? [] : [result];
  });
  const variants = new Set(read.map(({ variant }) => variant)).size;
  if (variants > 1) {
    const message = `holds ${variants} combinations of prompt and provider; run promptfoo with --filter-prompts and --filter-providers, one file a side`;
    return { kind: "faults", faults: [{ path: RESULTS, message }] };
  }
  const names = metricNames(read);
  const rows = read.flatMap((result, index) => {
    const { id, group } = result;
    const fields = { id, scores: scoresOf(result, names), ...(group === undefined ? {} : { group }) };
    const outcome = parseScoreRow(fields);
    if (outcome.kind === "row") return [outcome.row];
    for (const { path, message } of outcome.faults) {
      faults.push({ path: [...RESULTS, index, ...path], message });
    }
    return [];
  });
  return faults.length > 0 ? { kind: "faults", faults } : { kind: "rows", rows };
}
