import { relative, resolve } from "node:path";
import { readRubric } from "../../config/rubric-file.ts";
import { GateError } from "../../domain/errors.ts";
import type { Project } from "../../domain/project.ts";
import type { Rubric } from "../../domain/rubric.ts";
import { visibleLine } from "../../domain/visible.ts";

/** The rubrics of all prompts, each once. */
function rubricsOf({ prompts }: Project): Rubric[] {
  return [
    ...new Map(prompts.flatMap(({ judges }) => judges.map((rubric) => [rubric.digest, rubric]))).values(),
  ];
}

/** The rubric that the user means, by its name or its file. Throws `USAGE`. */
export async function findRubric(project: Project, directory: string, reference: string): Promise<Rubric> {
  if (/[/\\]|\.ya?ml$|\.json$/i.test(reference)) {
    return readRubric(project.root, relative(project.root, resolve(directory, reference)));
  }
  const all = rubricsOf(project);
  const [rubric, another] = all.filter(({ name }) => name === reference);
  const shown = visibleLine(reference, 100);
  if (another !== undefined) {
    throw new GateError("USAGE", `several rubrics are named "${shown}"`, { hint: "name the rubric's file" });
  }
  if (rubric === undefined) {
    const names = all.map(({ name }) => visibleLine(name, 64)).join(", ");
    throw new GateError("USAGE", `no prompt is judged by a rubric "${shown}"`, {
      hint:
        names === ""
          ? "no prompt of the project has a judge"
          : `there are: ${names}; or name a rubric's file`,
    });
  }
  return rubric;
}
