import type { DatasetReference } from "../domain/platform.ts";
import type { Problem } from "../domain/problem.ts";
import type { PromptSource } from "../domain/prompt.ts";
import type { Rubric } from "../domain/rubric.ts";
import { assertionVariables, caseRules } from "./case-rules.ts";
import type { ProjectSchemas, WrittenConfig, WrittenPrompt } from "./config-schema.ts";
import { checkDataset } from "./dataset.ts";
import { datasetTitle, itemProblems, pinProblems, type PullCases } from "./pulled-cases.ts";
import type { Checked } from "./document-file.ts";
import type { CaseEntry, Dataset, PulledFrom } from "../domain/project.ts";
import { valueAt, withoutUndefined } from "./plain-value.ts";
import { checkPromptFile } from "./prompt-file.ts";
import { checkRubric } from "./rubric-file.ts";
import { fileProblem, problemAt, type Path, type SourceDocument } from "./source-document.ts";
import { templateVariables } from "../domain/template.ts";
import { visibleLine } from "../domain/visible.ts";

/** A rubric and where the config names it. */
interface RubricPart {
  readonly index: number;
  readonly checked: Checked<Rubric>;
}

/** Everything that the files of one prompt say. */
export interface PromptPart {
  readonly name: string;
  /** Null where the config is wrong: the files are checked all the same. */
  readonly written: WrittenPrompt | null;
  readonly prompt: Checked<PromptSource> | null;
  readonly rubrics: readonly RubricPart[];
  /** What the pass over the dataset found; null = it has errors. The dataset is closed again. */
  readonly cases: Pick<Dataset, "entries" | "assertionMetrics" | "variableCounts"> | null;
  /** The file with the cases; null where they are on a platform and were not pulled. */
  readonly datasetFile: string | null;
  readonly pulledFrom: PulledFrom | null;
  readonly problems: readonly Problem[];
}

export interface PartsScope {
  readonly root: string;
  readonly document: SourceDocument;
  readonly config: WrittenConfig | null;
  readonly schemas: Pick<ProjectSchemas, "caseAssertion" | "verifyCase">;
  /** Absent where the command needs no cases of platforms. */
  readonly pull?: PullCases | undefined;
}

/** A problem with a whole file appears where the config names the file. */
function relocated(scope: PartsScope, path: Path, problems: readonly Problem[]): Problem[] {
  return problems.map((problem) =>
    problem.line > 0
      ? problem
      : problemAt(
          scope.document,
          { path, severity: problem.severity },
          `${problem.file}: ${problem.message}`,
        ),
  );
}

/** A file that the config names, whether or not the rest of the config is in order. */
function named(scope: PartsScope, path: Path): string | null {
  const value = valueAt(scope.document.value, path);
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

async function readRubrics(scope: PartsScope, name: string): Promise<RubricPart[]> {
  const written = valueAt(scope.document.value, ["prompts", name, "judges"]);
  const rubrics: RubricPart[] = [];
  for (const index of Array.isArray(written) ? written.keys() : []) {
    const file = named(scope, ["prompts", name, "judges", index]);
    if (file !== null) rubrics.push({ index, checked: await checkRubric(scope.root, file) });
  }
  return rubrics;
}

type DatasetPart = Pick<PromptPart, "cases" | "datasetFile" | "pulledFrom" | "problems">;
type Surroundings = Pick<PromptPart, "written" | "prompt" | "rubrics">;

interface ReadCases {
  readonly dataset: Dataset | null;
  readonly problems: readonly Problem[];
}

/** One warning for each variable that nothing reads; judges read all of them. */
function unusedVariables(
  file: string,
  dataset: { readonly variableCounts: ReadonlyMap<string, number>; readonly entries: readonly CaseEntry[] },
  used: ReadonlySet<string>,
): Problem[] {
  return [...dataset.variableCounts]
    .filter(([name]) => !used.has(name))
    .map(([name, count]) => ({
      ...fileProblem(
        file,
        `the variable "${visibleLine(name, 60)}" is in ${count} of ${dataset.entries.length} cases, but neither the prompt nor a check uses it`,
      ),
      severity: "warning",
    }));
}

async function readCases(
  scope: PartsScope,
  file: string,
  { written, prompt, rubrics }: Surroundings,
): Promise<ReadCases> {
  const source = prompt?.value ?? null;
  const judges = rubrics.map(({ checked }) => checked.value).filter((rubric) => rubric !== null);
  const { rule, checkedVariables } = caseRules({
    source,
    assert: written?.assert ?? null,
    rubrics: judges.length === rubrics.length ? judges : null,
    verifyCase: scope.schemas.verifyCase,
  });
  const { dataset, problems } = await checkDataset(scope.root, file, {
    assertion: scope.schemas.caseAssertion,
    rule,
  });
  if (dataset === null) return { dataset, problems };
  await dataset.close();
  if (source === null || written === null || rubrics.length > 0) return { dataset, problems };
  const used = new Set([
    ...templateVariables(source.template),
    ...assertionVariables(written.assert),
    ...checkedVariables,
  ]);
  return { dataset, problems: [...problems, ...unusedVariables(file, dataset, used)] };
}

/** A dataset on a platform, pulled by the commands that need its cases. */
async function readPulled(
  scope: PartsScope,
  config: WrittenConfig,
  reference: DatasetReference,
  surroundings: Surroundings,
): Promise<DatasetPart> {
  const { root, document, pull } = scope;
  const unread = { cases: null, datasetFile: null, pulledFrom: { ...reference, state: null }, problems: [] };
  if (pull === undefined) return unread;
  const { file, ids, state } = await pull(reference, { root, configFile: document.file, config });
  const title = datasetTitle(reference);
  const { dataset, problems } = await readCases(scope, file, surroundings);
  const found = itemProblems(title, ids, problems);
  if (dataset === null) return { ...unread, problems: found };
  const pins = pinProblems(reference, { state, digest: dataset.digest });
  return {
    cases: dataset,
    datasetFile: file,
    pulledFrom: { ...reference, state },
    problems: [...found, ...pins],
  };
}

async function readDataset(
  scope: PartsScope,
  name: string,
  surroundings: Surroundings,
): Promise<DatasetPart> {
  const nothing = { cases: null, datasetFile: null, pulledFrom: null, problems: [] };
  const { written } = surroundings;
  if (scope.config !== null && written !== null && typeof written.dataset !== "string") {
    return readPulled(scope, scope.config, withoutUndefined(written.dataset), surroundings);
  }
  const file = named(scope, ["prompts", name, "dataset"]);
  if (file === null) return nothing;
  const { dataset, problems } = await readCases(scope, file, surroundings);
  return { ...nothing, cases: dataset, datasetFile: file, problems };
}

async function readPart(scope: PartsScope, name: string): Promise<PromptPart> {
  const base = ["prompts", name];
  const written =
    scope.config !== null && Object.hasOwn(scope.config.prompts, name)
      ? (scope.config.prompts[name] ?? null)
      : null;
  const file = named(scope, [...base, "file"]);
  const prompt = file === null ? null : await checkPromptFile(scope.root, file);
  const rubrics = await readRubrics(scope, name);
  const dataset = await readDataset(scope, name, { written, prompt, rubrics });
  return {
    name,
    written,
    prompt,
    rubrics,
    cases: dataset.cases,
    datasetFile: dataset.datasetFile,
    pulledFrom: dataset.pulledFrom,
    problems: [
      ...relocated(scope, [...base, "file"], prompt?.problems ?? []),
      ...relocated(scope, [...base, "dataset"], dataset.problems),
      ...rubrics.flatMap(({ index, checked }) =>
        relocated(scope, [...base, "judges", index], checked.problems),
      ),
    ],
  };
}

/** Reads the files of every prompt that the config names, one after the other. */
export async function readParts(scope: PartsScope): Promise<PromptPart[]> {
  const prompts = valueAt(scope.document.value, ["prompts"]);
  const parts: PromptPart[] = [];
  if (typeof prompts !== "object" || prompts === null || Array.isArray(prompts)) return parts;
  for (const name of Object.keys(prompts)) parts.push(await readPart(scope, name));
  return parts;
}
