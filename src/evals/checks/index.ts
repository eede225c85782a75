import type { Assertion, Case, CheckClass } from "../../domain/case.ts";
import type { AssertionResult } from "../../domain/evaluation.ts";
import { assertionSchemaFor } from "./assertion-schema.ts";
import type { Check, PromptSubject, Subject } from "./check.ts";
import { charCount, wordCount } from "./counts.ts";
import { equals } from "./equals.ts";
import { finishReason } from "./finish-reason.ts";
import { interfaceCheck } from "./interface.ts";
import { isRefusal } from "./is-refusal.ts";
import { jsonPath } from "./json-path.ts";
import { containsJson, isJson } from "./json.ts";
import { levenshtein } from "./levenshtein.ts";
import { cost, latency, tokens } from "./limits.ts";
import { numeric } from "./numeric.ts";
import { oneOf } from "./one-of.ts";
import { promptMaxTokens } from "./prompt-max-tokens.ts";
import { regex } from "./regex.ts";
import { rougeN } from "./rouge-n.ts";
import { checkOf, measureOutput, measurePrompt, prepareAll } from "./run-assertions.ts";
import { templateVars } from "./template-vars.ts";
import {
  contains,
  containsAll,
  containsAny,
  endsWith,
  icontains,
  icontainsAll,
  icontainsAny,
  startsWith,
} from "./text-contains.ts";
import { toolCall } from "./tool-call.ts";

export { casePassed, metricScores } from "./metric-scores.ts";

/** Every check by its type; each has a `not-` twin. */
export const checks = {
  equals,
  contains,
  "contains-all": containsAll,
  "contains-any": containsAny,
  icontains,
  "icontains-all": icontainsAll,
  "icontains-any": icontainsAny,
  "starts-with": startsWith,
  "ends-with": endsWith,
  regex,
  "is-json": isJson,
  "contains-json": containsJson,
  "json-path": jsonPath,
  "one-of": oneOf,
  numeric,
  "word-count": wordCount,
  "char-count": charCount,
  levenshtein,
  "rouge-n": rougeN,
  "is-refusal": isRefusal,
  "finish-reason": finishReason,
  "tool-call": toolCall,
  latency,
  cost,
  tokens,
  "template-vars": templateVars,
  "prompt-max-tokens": promptMaxTokens,
  interface: interfaceCheck,
} as const satisfies Record<string, Check>;

/** The class of a parsed assertion's type. Throws `CONFIG_INVALID` on an unknown one. */
export function classOf(type: string): CheckClass {
  return checkOf(checks, type).class;
}

/** One assertion under a prompt's `assert`, as the user writes it, parsed to the domain's form. */
export const assertionSchema = assertionSchemaFor(checks, ["static", "deterministic"]);

/** One assertion of a case: the same without the static checks, which look at no case in particular. */
export const caseAssertionSchema = assertionSchemaFor(checks, ["deterministic"]);

/** Throws the `GateError` that measuring would throw for what this case lacks, before an answer is paid for. */
export function verifyAssertions(assertions: readonly Assertion[], testCase: Case): void {
  prepareAll(checks, assertions, testCase);
}

/** Measures one output by the deterministic assertions, in their order; static ones are left out. */
export function runAssertions(
  assertions: readonly Assertion[],
  subject: Subject,
): readonly AssertionResult[] {
  return measureOutput(checks, assertions, subject);
}

/** Measures a prompt by the static assertions, in their order; the others are left out. */
export function runStaticChecks(
  assertions: readonly Assertion[],
  prompts: PromptSubject,
): Promise<readonly AssertionResult[]> {
  return measurePrompt(checks, assertions, prompts);
}
