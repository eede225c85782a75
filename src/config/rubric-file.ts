import { jsonDigest } from "../domain/digest.ts";
import { ProblemsError, type Problem } from "../domain/problem.ts";
import type { Rubric } from "../domain/rubric.ts";
import { readDocument, type Checked } from "./document-file.ts";
import { rubricSchema, type WrittenRubric } from "./rubric-schema.ts";
import { problemAt, type SourceDocument } from "./source-document.ts";

function scaleProblems(document: SourceDocument, written: WrittenRubric): Problem[] {
  const { scale, threshold } = written;
  if (scale.kind === "likert") {
    if (scale.min >= scale.max) {
      const message = `expected a grade above min (${scale.min}), got ${scale.max}`;
      return [problemAt(document, { path: ["scale", "max"] }, message)];
    }
    if (scale.expected !== true || scale.max <= 9) return [];
    const message = `expected at most 9 with expected: true, whose grades have one digit, got ${scale.max}`;
    return [problemAt(document, { path: ["scale", "max"] }, message)];
  }
  if (scale.kind === "pairwise") {
    if (threshold === null) return [];
    const message = "a comparison has no score of its own that a case could pass at: leave out threshold";
    return [problemAt(document, { path: ["threshold"] }, message)];
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

/** One judge, or an odd panel of different ones that give a label. */
function judgeProblems(document: SourceDocument, { model, panel, scale }: WrittenRubric): Problem[] {
  if (panel === undefined) {
    if (model !== undefined) return [];
    return [problemAt(document, { path: ["model"] }, "expected a model, or a panel of models, got nothing")];
  }
  const problem = (message: string): Problem => problemAt(document, { path: ["panel"] }, message);
  return [
    ...(model === undefined ? [] : [problem("expected model or panel, not both")]),
    ...(panel.length % 2 === 1
      ? []
      : [problem(`expected an odd number of models, so that votes cannot tie, got ${panel.length}`)]),
    ...(new Set(panel).size === panel.length
      ? []
      : [problem("expected different models: one that votes twice decides alone")]),
    ...(scale.kind === "pairwise" ? [problem("a panel votes on single outputs, not on pairs")] : []),
    ...(scale.kind === "likert" && scale.expected === true
      ? [problem("a panel votes on grades: leave out expected, or name one model")]
      : []),
  ];
}

function rubricOf(written: WrittenRubric): Rubric {
  const { name, panel, scale, criteria, threshold, instructions, reference } = written;
  const { allowSelfGrading, calibration } = written;
  const model = written.model ?? panel?.[0] ?? "";
  const digest = jsonDigest({
    name,
    model,
    panel,
    scale,
    criteria,
    threshold,
    instructions,
    // What a rubric leaves out does not count, so that a new default changes no digest.
    reference: reference === "optional" ? undefined : reference,
  });
  return {
    name,
    model,
    ...(panel === undefined ? {} : { panel }),
    scale,
    criteria,
    reference,
    threshold,
    allowSelfGrading,
    instructions,
    calibration,
    digest,
  };
}

/** Reads and checks a rubric. `file` counts from `root` and lies inside of it. */
export async function checkRubric(root: string, file: string): Promise<Checked<Rubric>> {
  const { value, document, problems } = await readDocument(root, file, rubricSchema);
  if (value === null || document === null) return { value: null, document, problems };
  const found = [
    ...judgeProblems(document, value),
    ...scaleProblems(document, value),
    ...criteriaProblems(document, value),
  ];
  return { value: rubricOf(value), document, problems: found };
}

/** The rubric in a file. Throws `ProblemsError` with code `CONFIG_INVALID`. */
export async function readRubric(root: string, file: string): Promise<Rubric> {
  const { value, problems } = await checkRubric(root, file);
  if (value === null || problems.length > 0) throw new ProblemsError("CONFIG_INVALID", problems);
  return value;
}
