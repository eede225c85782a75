import type { NewFile } from "../commands/init-files.ts";
import type { DraftCase, ImportedTest } from "./cases.ts";
import type { Criterion } from "./criteria.ts";
import type { ImportSource, Located } from "./located.ts";
import { modelKey, modelOf, type Models } from "./models.ts";
import { freeName, slug } from "./templates.ts";
import { yamlText } from "./yaml-text.ts";

/** A criterion as a rubric file of its own. */
export interface ImportedRubric {
  readonly criterion: Criterion;
  readonly path: string;
  /** Its metric. */
  readonly name: string;
  /** Where the criterion stands first. */
  readonly place: Located;
}

/** The grader that promptfoo's documentation names for an OpenAI key. */
const DEFAULT_GRADER = "gpt-5";

function wantedName({ metric, type, questions }: Criterion): string {
  if (metric !== null) return metric.slice(0, 90);
  return type.endsWith("factuality") ? "factuality" : slug(questions[0] ?? "", 40) || type;
}

/** One rubric for each distinct criterion, under a name that no check and no measured quantity has. */
export function collectRubrics(source: ImportSource, tests: readonly ImportedTest[]): ImportedRubric[] {
  const metrics = tests.flatMap(({ translated }) =>
    translated.checks.map(({ assertion }) => String(assertion["metric"] ?? assertion["type"])),
  );
  const names = new Set([...metrics, "latency", "cost", "tokens"]);
  const paths = new Set<string>();
  const rubrics = new Map<string, ImportedRubric>();
  for (const { place, criterion } of tests.flatMap(({ translated }) => translated.criteria)) {
    if (rubrics.has(criterion.key)) continue;
    const wanted = wantedName(criterion);
    const name = freeName(wanted, names);
    if (criterion.metric !== null && name !== wanted) {
      source.notes.changed(
        place,
        `it counts as ${name}: a rubric is a metric of its own, and ${wanted} has one`,
      );
    }
    const file = freeName(slug(name, 60) || "rubric", paths);
    rubrics.set(criterion.key, { criterion, path: `rubrics/${file}.yml`, name, place });
  }
  return [...rubrics.values()];
}

/** Says of a rubric that no prompt lists why not: a judge here judges every case. */
export function noteUnlisted(
  source: ImportSource,
  { criterion, path, place }: ImportedRubric,
  prompts: readonly (readonly DraftCase[])[],
): void {
  const counts = prompts.map((cases) => ({
    asked: cases.filter(({ criteria }) => criteria.has(criterion.key)).length,
    all: cases.length,
  }));
  const [most] = counts.toSorted((left, right) => right.asked - left.asked);
  if (most === undefined || counts.some(({ asked, all }) => asked === all)) return;
  source.notes.lost(
    place,
    `${path} is written and not listed under judges: ${most.asked} of ${most.all} cases ask for it, and a judge here judges every case`,
  );
}

/** The file of a rubric; its model joins `models`. `asked` are the models that answer. */
export function rubricFile(
  source: ImportSource,
  { criterion, path, name, place }: ImportedRubric,
  models: Models,
  asked: ReadonlySet<string>,
): NewFile {
  const { questions, scale, threshold } = criterion;
  const grader = criterion.grader ?? DEFAULT_GRADER;
  if (criterion.grader === null) {
    const message = `no grader is named: the judge is ${grader}, promptfoo's default with an OpenAI key; name the one you use in ${path}`;
    source.notes.changed(place, message);
  }
  const isOwn = asked.has(grader);
  if (isOwn) {
    source.notes.changed(place, `${grader} judges its own answers in ${path} (allowSelfGrading)`);
  }
  const text = yamlText({
    name,
    model: modelKey(models, modelOf({ model: grader, baseUrl: null })),
    scale,
    criteria: questions.map((question, index) => ({
      id: questions.length === 1 ? "criterion" : `criterion-${index + 1}`,
      question,
    })),
    threshold,
    ...(isOwn ? { allowSelfGrading: true } : {}),
  });
  return { path, text };
}
