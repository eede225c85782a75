import type { Assertion, Case } from "../domain/case.ts";
import { GateError } from "../domain/errors.ts";
import type { Problem } from "../domain/problem.ts";
import type { PromptSource } from "../domain/prompt.ts";
import type { Rubric } from "../domain/rubric.ts";
import { templateVariables, textVariables } from "../domain/template.ts";
import { visibleLine } from "../domain/visible.ts";
import type { ProjectSchemas } from "./config-schema.ts";
import type { CaseRule } from "./dataset.ts";
import { reservedMetricMessage } from "./metric-names.ts";
import { problemAt, type SourceDocument } from "./source-document.ts";

/** What a dataset is used with; null where that could not be read. */
export interface CaseSurroundings {
  readonly source: PromptSource | null;
  readonly assert: readonly Assertion[] | null;
  readonly rubrics: readonly Rubric[] | null;
  readonly verifyCase: ProjectSchemas["verifyCase"];
}

/** Rules for each case of one prompt's dataset, and what they saw when the last case is done. */
export interface CaseRules {
  readonly rule: CaseRule;
  /** Names of variables that checks use in their values. */
  readonly checkedVariables: ReadonlySet<string>;
}

function missingVariables(testCase: Case, document: SourceDocument, source: PromptSource): Problem[] {
  return templateVariables(source.template)
    .filter((name) => !Object.hasOwn(testCase.vars, name))
    .map((name) =>
      problemAt(
        document,
        { path: ["vars"] },
        `the prompt uses {{${name}}}, case "${visibleLine(testCase.id, 60)}" has no such variable`,
      ),
    );
}

function reservedMetrics(testCase: Case, document: SourceDocument): Problem[] {
  return testCase.assert.flatMap((assertion, index) => {
    const message = reservedMetricMessage(assertion);
    return message === null ? [] : [problemAt(document, { path: ["assert", index] }, message)];
  });
}

function uncheckedCritical(
  testCase: Case,
  document: SourceDocument,
  { assert, rubrics }: CaseSurroundings,
): Problem[] {
  if (!testCase.critical || testCase.assert.length > 0 || assert === null || rubrics === null) return [];
  if (assert.length > 0 || rubrics.some(({ threshold }) => threshold !== null)) return [];
  const message = `case "${visibleLine(testCase.id, 60)}" is critical, but no check and no judge with a threshold can fail it`;
  return [problemAt(document, { path: ["critical"], severity: "warning" }, message)];
}

/** A judge that works with a reference answer cannot judge a case without one. */
function missingReference(
  testCase: Case,
  document: SourceDocument,
  { rubrics }: CaseSurroundings,
): Problem[] {
  if (testCase.expected !== undefined) return [];
  return (rubrics ?? [])
    .filter(({ reference }) => reference === "required")
    .map(({ name }) =>
      problemAt(
        document,
        { path: [] },
        `case "${visibleLine(testCase.id, 60)}" has no expected answer, which the rubric ${visibleLine(name, 60)} requires as its reference`,
      ),
    );
}

/** A case may lack what a check needs: an `expected`, a variable that the check's value names. */
function lackingForChecks(
  testCase: Case,
  document: SourceDocument,
  { assert, verifyCase }: CaseSurroundings,
): Problem[] {
  try {
    verifyCase([...(assert ?? []), ...testCase.assert], testCase);
    return [];
  } catch (error) {
    if (!(error instanceof GateError)) throw error;
    return [problemAt(document, { path: [] }, error.message)];
  }
}

/** Variables that the values of assertions name, e.g. `{ type: contains, value: "{{total}}" }`. */
export function assertionVariables(assertions: readonly Assertion[]): string[] {
  return assertions.flatMap(({ options }) => textVariables(JSON.stringify(options)));
}

export function caseRules(surroundings: CaseSurroundings): CaseRules {
  const checkedVariables = new Set<string>();
  const { source } = surroundings;
  return {
    checkedVariables,
    rule: (testCase, document) => {
      for (const name of assertionVariables(testCase.assert)) checkedVariables.add(name);
      return [
        ...(source === null ? [] : missingVariables(testCase, document, source)),
        ...reservedMetrics(testCase, document),
        ...lackingForChecks(testCase, document, surroundings),
        ...missingReference(testCase, document, surroundings),
        ...uncheckedCritical(testCase, document, surroundings),
      ];
    },
  };
}
