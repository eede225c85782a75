import { jsonDigest } from "../domain/digest.ts";
import { ProblemsError, type Problem } from "../domain/problem.ts";
import type { Rubric } from "../domain/rubric.ts";
import { readDocument, type Checked } from "./document-file.ts";
import { rubricSchema, type WrittenRubric } from "./rubric-schema.ts";
import { problemAt, type SourceDocument } from "./source-document.ts";

function scaleProblems(document: SourceDocument, { scale }: WrittenRubric): Problem[] {
  if (scale.kind === "likert") {
    if (scale.min < scale.max) return [];
    const message = `expected a grade above min (${scale.min}), got ${scale.max}`;
    return [problemAt(document, { path: ["scale", "max"] }, message)];
  }
  const scores = new Set(Object.values(scale.choices).filter((score) => score !== null));
  if (scores.size >= 2) return [];
  return [
    problemAt(document, { path: ["scale", "choices"] }, "expected labels with at least two different scores"),
  ];
}

function criteriaProblems(document: SourceDocument, { criteria }: WrittenRubric): Problem[] {
  return criteria.flatMap(({ id }, index) =>
    criteria.findIndex((other) => other.id === id) === index
      ? []
      : [
          problemAt(
            document,
            { path: ["criteria", index, "id"] },
            "expected an id of its own; another criterion has it",
          ),
        ],
  );
}

function rubricOf(written: WrittenRubric): Rubric {
  const { name, model, scale, criteria, threshold, instructions } = written;
  const { allowSelfGrading, calibration } = written;
  const digest = jsonDigest({ name, model, scale, criteria, threshold, instructions });
  return { name, model, scale, criteria, threshold, allowSelfGrading, instructions, calibration, digest };
}

/** Reads and checks a rubric. `file` counts from `root` and lies inside of it. */
export async function checkRubric(root: string, file: string): Promise<Checked<Rubric>> {
  const { value, document, problems } = await readDocument(root, file, rubricSchema);
  if (value === null || document === null) return { value: null, document, problems };
  const found = [...scaleProblems(document, value), ...criteriaProblems(document, value)];
  return { value: rubricOf(value), document, problems: found };
}

/** The rubric in a file. Throws `ProblemsError` with code `CONFIG_INVALID`. */
export async function readRubric(root: string, file: string): Promise<Rubric> {
  const { value, problems } = await checkRubric(root, file);
  if (value === null || problems.length > 0) throw new ProblemsError("CONFIG_INVALID", problems);
  return value;
}
