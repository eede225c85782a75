import type { Assertion, Case } from "../../domain/case.ts";
import { canonicalJson } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { AssertionResult, Score } from "../../domain/evaluation.ts";
import { visibleLine } from "../../domain/visible.ts";
import {
  messageOf,
  scoreOf,
  unmeasured,
  type Check,
  type Finding,
  type MeasuredOutput,
  type PromptSubject,
  type Subject,
} from "./check.ts";
import { parseJson, type ParsedJson } from "./parse-json.ts";

type Checks = Readonly<Record<string, Check>>;

function nameOf({ type, negated }: Assertion): string {
  return negated ? `not-${type}` : type;
}

/** The check of a parsed assertion. Throws `CONFIG_INVALID` on a type that is not in the table. */
export function checkOf(checks: Checks, type: string): Check {
  const check = Object.hasOwn(checks, type) ? checks[type] : undefined;
  if (check === undefined) throw new GateError("CONFIG_INVALID", `unknown check ${visibleLine(type, 60)}`);
  return check;
}

function prepare(
  checks: Checks,
  assertion: Assertion,
  testCase: Case,
): ((output: MeasuredOutput) => Finding) | null {
  const check = checkOf(checks, assertion.type);
  if (check.class === "static") return null;
  const type = nameOf(assertion);
  try {
    return check.prepare(assertion.options, { case: testCase, type });
  } catch (error) {
    if (error instanceof GateError) throw error;
    const place = `case ${visibleLine(testCase.id)}, check ${type}`;
    throw new GateError("DATASET_INVALID", `${place}: its value cannot be used: ${messageOf(error)}`, {
      hint: "correct the check's value, the variable that it names, or the case's expected",
      cause: error,
    });
  }
}

/** A check that breaks on an output has measured nothing; what is wrong with files still ends the run. */
function brokenCheck(assertion: Assertion, error: unknown): Score {
  if (error instanceof GateError) throw error;
  const reason = `check ${nameOf(assertion)} could not measure: ${messageOf(error)}`;
  return scoreOf(unmeasured(reason), "output", assertion.negated);
}

function withParsedJson(subject: Subject): MeasuredOutput {
  let parsed: ParsedJson | undefined;
  return { ...subject, parsedJson: () => (parsed ??= parseJson(subject.completion.text)) };
}

/** Prepares every deterministic assertion for a case and drops the result: throws what measuring would throw. */
export function prepareAll(checks: Checks, assertions: readonly Assertion[], testCase: Case): void {
  for (const assertion of assertions) prepare(checks, assertion, testCase);
}

/** Results in the order of the assertions; static ones are left out. Throws `GateError` for what a case lacks. */
export function measureOutput(
  checks: Checks,
  assertions: readonly Assertion[],
  subject: Subject,
): AssertionResult[] {
  const output = withParsedJson(subject);
  const results: AssertionResult[] = [];
  for (const assertion of assertions) {
    const measure = prepare(checks, assertion, subject.case);
    if (measure === null) continue;
    let score: Score;
    try {
      score = scoreOf(measure(output), "output", assertion.negated);
    } catch (error) {
      score = brokenCheck(assertion, error);
    }
    results.push({ assertion, score });
  }
  return results;
}

/**
 * The same for the static assertions and the prompt. Equal checks are measured once, so that `cases` is read at most
 * once.
 */
export async function measurePrompt(
  checks: Checks,
  assertions: readonly Assertion[],
  prompts: PromptSubject,
): Promise<AssertionResult[]> {
  const findings = new Map<string, Finding>();
  const results: AssertionResult[] = [];
  for (const assertion of assertions) {
    const check = checkOf(checks, assertion.type);
    if (check.class !== "static") continue;
    const key = canonicalJson([assertion.type, assertion.options]);
    let score: Score;
    try {
      const finding = findings.get(key) ?? (await check.measure(assertion.options, prompts));
      findings.set(key, finding);
      score = scoreOf(finding, "prompt", assertion.negated);
    } catch (error) {
      score = brokenCheck(assertion, error);
    }
    results.push({ assertion, score });
  }
  return results;
}
