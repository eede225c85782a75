import { datasetTitle } from "../../config/pulled-cases.ts";
import { ProblemsError, renderProblem, type Problem } from "../../domain/problem.ts";
import type { Project } from "../../domain/project.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { loadProjectFrom } from "../wire.ts";

function counted(count: number, word: string): string {
  return `${count.toLocaleString("en-US")} ${word}${count === 1 ? "" : "s"}`;
}

function summary({ prompts }: Project): string {
  const cases = prompts.reduce((sum, prompt) => sum + (prompt.cases ?? 0), 0);
  const rubrics = new Set(prompts.flatMap(({ judges }) => judges.map(({ digest }) => digest)));
  return [counted(prompts.length, "prompt"), counted(cases, "case"), counted(rubrics.size, "rubric")].join(
    ", ",
  );
}

function document(problems: readonly Problem[]): string {
  return JSON.stringify({ schema: "promptgate/validation@1", problems }, null, 2);
}

/** Checks every file of the project; contacts nobody. 0 = no errors; 2 = errors, all of them said. */
export async function runValidate(context: CommandContext, options: CommonOptions): Promise<ExitCode> {
  let project: Project;
  try {
    project = await loadProjectFrom(context, options, "error", null);
  } catch (error) {
    if (!options.json || !(error instanceof ProblemsError)) throw error;
    context.print(document(error.problems));
    return 2;
  }
  if (options.json) {
    context.print(document(project.warnings));
    return 0;
  }
  for (const warning of project.warnings) context.log.warn(`warning: ${renderProblem(warning)}`);
  for (const { name, pulledFrom, cases } of project.prompts) {
    if (pulledFrom === null || cases !== null) continue;
    context.log.info(
      `${name}: the cases of ${datasetTitle(pulledFrom)} are checked when plan or gate pulls them`,
    );
  }
  context.print(`${summary(project)}: ok`);
  return 0;
}
