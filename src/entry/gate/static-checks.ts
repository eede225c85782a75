import type { Assertion, Case } from "../../domain/case.ts";
import type { CaseEntry, Dataset, PromptProject } from "../../domain/project.ts";
import { templateVariables } from "../../domain/template.ts";
import { visibleLine } from "../../domain/visible.ts";
import { runStaticChecks } from "../../evals/checks/index.ts";
import { isWaivedMetric } from "../../gate/waivers.ts";
import type { ResolvedVersion } from "./resolve-versions.ts";

interface Question {
  readonly prompt: Pick<PromptProject, "assert" | "gates" | "waivers">;
  readonly dataset: Dataset;
  readonly entries: readonly CaseEntry[];
  readonly candidate: ResolvedVersion;
  readonly baseline: ResolvedVersion | null;
}

/** Always asked, whether the project names it or not: without its variables a prompt cannot be rendered. */
const templateVars: Assertion = {
  type: "template-vars",
  negated: false,
  metric: "template-vars",
  weight: 1,
  options: {},
};

async function* readCases(dataset: Dataset, entries: readonly CaseEntry[]): AsyncGenerator<Case> {
  for (const { id } of entries) yield await dataset.read(id);
}

/** Spares reading every case when the counts already say that all of them supply everything. */
function assertionsToRun({ prompt, dataset, candidate }: Question): Assertion[] {
  const complete = templateVariables(candidate.source.template).every(
    (name) => dataset.variableCounts.get(name) === dataset.entries.length,
  );
  const named = prompt.assert.filter(({ type }) => type !== templateVars.type);
  return complete ? named : [templateVars, ...named];
}

/** What the checks of the prompt itself say: failures end the gate without a model call, the rest is a warning. */
export async function staticOutcome(
  question: Question,
): Promise<{ readonly failures: readonly string[]; readonly warnings: readonly string[] }> {
  const { prompt, dataset, entries, candidate, baseline } = question;
  const results = await runStaticChecks(assertionsToRun(question), {
    candidate: candidate.source.template,
    baseline: baseline?.source.template ?? null,
    cases: readCases(dataset, entries),
  });
  const failures: string[] = [];
  const warnings: string[] = [];
  for (const { assertion, score } of results) {
    const written = prompt.gates[assertion.metric]?.level ?? "error";
    const level = written === "error" && isWaivedMetric(prompt.waivers, assertion.metric) ? "warn" : written;
    const sentence = `${visibleLine(assertion.metric, 64)}: ${score.reason}`;
    if (score.kind === "unscored") warnings.push(sentence);
    else if (score.pass === false && level === "error") failures.push(sentence);
    else if (score.pass === false && level === "warn") warnings.push(sentence);
  }
  return { failures, warnings };
}
