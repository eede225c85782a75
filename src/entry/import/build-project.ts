import { stringify } from "yaml";
import type { NewFile } from "../commands/init-files.ts";
import { draftCases, type DraftCase, type ImportedTest } from "./cases.ts";
import type { Criterion } from "./criteria.ts";
import type { Fields, ImportSource, Located } from "./located.ts";
import type { ImportedPrompt } from "./prompts.ts";
import type { ImportedProvider } from "./providers.ts";
import { freeName, slug } from "./templates.ts";

/** What was read of a promptfoo config. */
export interface ReadConfig {
  readonly description: string | null;
  readonly config: Located;
  readonly prompts: readonly ImportedPrompt[];
  readonly providers: readonly ImportedProvider[];
  readonly tests: readonly ImportedTest[];
}

/** The files of the new project, and what they hold. */
export interface BuiltProject {
  readonly files: readonly NewFile[];
  readonly prompts: readonly string[];
  readonly cases: number;
  readonly judges: number;
  readonly checks: number;
}

/** The grader that promptfoo's documentation names for an OpenAI key. */
const DEFAULT_GRADER = "gpt-5";
const STAND_IN: Fields = { provider: "embedded", model: "embedded-1" };

function yaml(value: unknown, comment = ""): string {
  return `${comment}${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`;
}

function matches(pattern: string, { id, label }: ImportedProvider): boolean {
  const names = label === null ? [id] : [id, label];
  if (pattern.endsWith("*")) return names.some((name) => name.startsWith(pattern.slice(0, -1)));
  return names.some((name) => name === pattern || name.startsWith(`${pattern}:`));
}

function isFor({ labels, name }: ImportedPrompt, wanted: readonly string[]): boolean {
  return [...labels, name].some((label) =>
    wanted.some((each) => label === each || label.startsWith(`${each}:`)),
  );
}

/** The first provider that the prompt may be asked of; the others are noted once. */
function providerOf(
  source: ImportSource,
  prompt: ImportedPrompt,
  providers: readonly ImportedProvider[],
): ImportedProvider | null {
  const [first, ...others] = providers.filter(({ prompts }) => prompts === null || isFor(prompt, prompts));
  for (const other of others) {
    source.notes.lost(
      other.place,
      `a prompt has one model here: ${prompt.name} keeps ${first?.model ?? ""}; this one stands under models, for a comparison`,
    );
  }
  return first ?? null;
}

/** The tests that promptfoo runs with this prompt and this provider. */
function testsOf(
  source: ImportSource,
  prompt: ImportedPrompt,
  provider: ImportedProvider | null,
  tests: readonly ImportedTest[],
): ImportedTest[] {
  return tests.filter(({ test: { fields, place } }) => {
    const { prompts, providers } = fields;
    if (Array.isArray(prompts) && !isFor(prompt, prompts.map(String))) return false;
    if (fields["provider"] !== undefined) {
      source.notes.lost(place, "the test is not carried: it has a provider of its own");
      return false;
    }
    const fits =
      !Array.isArray(providers) ||
      (provider !== null && providers.some((each) => matches(String(each), provider)));
    if (!fits)
      source.notes.lost(place, `the test is not carried for ${prompt.name}: it is for another provider`);
    return fits;
  });
}

/** Assertions that every case has: they stand once, with the prompt. */
function commonChecks(cases: readonly DraftCase[]): Fields[] {
  const [first, ...others] = cases;
  const sets = others.map(({ assert }) => new Set(assert.map((each) => JSON.stringify(each))));
  return (first?.assert ?? []).filter((assertion) => sets.every((set) => set.has(JSON.stringify(assertion))));
}

function caseLine({ id, vars, assert, expected, notes }: DraftCase, common: readonly Fields[]): string {
  const shared = new Set(common.map((each) => JSON.stringify(each)));
  const own = assert.filter((each) => !shared.has(JSON.stringify(each)));
  const line = {
    id,
    vars,
    ...(expected === undefined ? {} : { expected }),
    ...(own.length === 0 ? {} : { assert: own }),
    ...notes,
  };
  return `${JSON.stringify(line)}\n`;
}

interface Rubrics {
  /** Key of a criterion -> its file and name. */
  readonly files: ReadonlyMap<
    string,
    { readonly path: string; readonly name: string; readonly criterion: Criterion }
  >;
  readonly places: ReadonlyMap<string, Located>;
}

function rubricName({ metric, type, questions }: Criterion): string {
  return (
    metric ??
    (type.endsWith("factuality")
      ? "factuality"
      : slug(questions[0] ?? "", 40).replace(/-[^-]*$/, (end) => (end.length > 12 ? "" : end)) || type)
  );
}

/** One rubric for each distinct criterion, under a name that no check and no measured quantity has. */
function collectRubrics(tests: readonly ImportedTest[]): Rubrics {
  const metrics = tests.flatMap(({ translated }) =>
    translated.checks.map(({ assertion }) => String(assertion["metric"] ?? assertion["type"])),
  );
  const taken = new Set([...metrics, "latency", "cost", "tokens"]);
  const paths = new Set<string>();
  const files = new Map<string, { path: string; name: string; criterion: Criterion }>();
  const places = new Map<string, Located>();
  for (const { place, criterion } of tests.flatMap(({ translated }) => translated.criteria)) {
    if (files.has(criterion.key)) continue;
    const name = freeName(rubricName(criterion).slice(0, 90), taken);
    const file = freeName(slug(name, 60) || "rubric", paths);
    files.set(criterion.key, { path: `rubrics/${file}.yml`, name, criterion });
    places.set(criterion.key, place);
  }
  return { files, places };
}

function rubricFile(name: string, criterion: Criterion, model: string, isOwn: boolean): string {
  const { questions, scale, threshold } = criterion;
  return yaml({
    name,
    model,
    scale,
    criteria: questions.map((question, index) => ({
      id: questions.length === 1 ? "criterion" : `criterion-${index + 1}`,
      question,
    })),
    threshold,
    ...(isOwn ? { allowSelfGrading: true } : {}),
  });
}

function modelKey(models: Map<string, Fields>, model: Fields): string {
  const found = [...models].find(([, other]) => JSON.stringify(other) === JSON.stringify(model));
  if (found !== undefined) return found[0];
  const key = freeName(String(model["model"]), new Set(models.keys()));
  models.set(key, model);
  return key;
}

function modelOf({ model, baseUrl }: Pick<ImportedProvider, "model" | "baseUrl">): Fields {
  return { provider: "openai", model, ...(baseUrl === null ? {} : { baseUrl }) };
}

interface BuiltPrompt {
  readonly entry: Fields;
  readonly files: readonly NewFile[];
  readonly cases: readonly DraftCase[];
  readonly judges: ReadonlySet<string>;
  readonly common: readonly Fields[];
}

interface Building {
  readonly source: ImportSource;
  readonly read: ReadConfig;
  readonly rubrics: Rubrics;
  readonly models: Map<string, Fields>;
  /** Text of a dataset -> its path: prompts with the same cases share one. */
  readonly datasets: Map<string, string>;
}

function buildPrompt(
  { source, read, rubrics, models, datasets }: Building,
  prompt: ImportedPrompt,
): BuiltPrompt | null {
  const provider = providerOf(source, prompt, read.providers);
  const cases = draftCases(source, prompt, testsOf(source, prompt, provider, read.tests));
  if (cases.length === 0) {
    source.notes.lost(prompt.place, `${prompt.name} is not carried: no test of it could be`);
    return null;
  }
  const common = commonChecks(cases);
  const judges = new Set(
    [...rubrics.files.keys()].filter((key) => cases.every(({ criteria }) => criteria.has(key))),
  );
  const model = modelKey(models, provider === null ? STAND_IN : modelOf(provider));
  const { modelParameters, ...settings } = { ...provider?.settings, ...prompt.settings };
  const path = `prompts/${prompt.name}.prompt.yml`;
  const text = yaml({
    name: prompt.name,
    version: "1.0.0",
    changeReason: "Imported from promptfoo",
    ...(read.description === null ? {} : { description: read.description }),
    model,
    ...(modelParameters === undefined ? {} : { modelParameters }),
    ...settings,
    messages: prompt.messages,
  });
  const lines = cases.map((each) => caseLine(each, common)).join("");
  const shared = datasets.get(lines);
  const dataset = shared ?? `golden-datasets/${prompt.name}.jsonl`;
  datasets.set(lines, dataset);
  const judgeFiles = [...judges].map((key) => rubrics.files.get(key)?.path ?? "");
  return {
    entry: {
      file: path,
      dataset,
      ...(common.length === 0 ? {} : { assert: common }),
      ...(judgeFiles.length === 0 ? {} : { judges: judgeFiles }),
    },
    files: [{ path, text }, ...(shared === undefined ? [{ path: dataset, text: lines }] : [])],
    cases,
    judges,
    common,
  };
}

/** Says which criteria no prompt's judges ask: a judge here judges every case. */
function noteUnlisted({ source, rubrics }: Building, built: readonly BuiltPrompt[]): void {
  for (const [key, { path }] of rubrics.files) {
    if (built.some(({ judges }) => judges.has(key))) continue;
    const counts = built.map(({ cases }) => ({
      asked: cases.filter(({ criteria }) => criteria.has(key)).length,
      all: cases.length,
    }));
    const { asked, all } = counts.toSorted((left, right) => right.asked - left.asked)[0] ?? {
      asked: 0,
      all: 0,
    };
    const place = rubrics.places.get(key);
    if (place === undefined) continue;
    source.notes.lost(
      place,
      `${path} is written and not listed under judges: ${asked} of ${all} cases ask for it, and a judge here judges every case`,
    );
  }
}

function rubricFiles({ source, read, rubrics, models }: Building): NewFile[] {
  const asked = new Set(read.providers.map(({ model }) => model));
  return [...rubrics.files].map(([key, { path, name, criterion }]) => {
    const grader = criterion.grader ?? DEFAULT_GRADER;
    const place = rubrics.places.get(key) as Located;
    if (criterion.grader === null) {
      source.notes.changed(
        place,
        `no grader is named: the judge is ${DEFAULT_GRADER}, promptfoo's default with an OpenAI key; name the one you use in ${path}`,
      );
    }
    const isOwn = asked.has(grader);
    if (isOwn)
      source.notes.changed(
        place,
        `${grader} judges its own answers in ${path} (allowSelfGrading): models prefer what they wrote`,
      );
    const model = modelKey(models, modelOf({ model: grader, baseUrl: null }));
    return { path, text: rubricFile(name, criterion, model, isOwn) };
  });
}

const CONFIG_COMMENT =
  "# yaml-language-server: $schema=./node_modules/promptgate/schema/promptgate.schema.json\n# Imported from promptfoo; IMPORT-NOTES.md lists what could not be carried.\n";

/** The files of a project that gates what the promptfoo config evaluated. No files when no prompt could be carried. */
export function buildProject(source: ImportSource, read: ReadConfig): BuiltProject {
  const building: Building = {
    source,
    read,
    rubrics: collectRubrics(read.tests),
    models: new Map(),
    datasets: new Map(),
  };
  for (const provider of read.providers) modelKey(building.models, modelOf(provider));
  const built = read.prompts.flatMap((prompt) => {
    const part = buildPrompt(building, prompt);
    return part === null ? [] : [{ name: prompt.name, ...part }];
  });
  if (built.length === 0) return { files: [], prompts: [], cases: 0, judges: 0, checks: 0 };
  noteUnlisted(building, built);
  const rubrics = rubricFiles(building);
  for (const { name, common, cases, judges } of built) {
    if (judges.size === 0 && common.length === 0 && cases.every(({ assert }) => assert.length === 0)) {
      source.notes.lost(
        read.config,
        `nothing checks ${name}: no assertion of it could be carried, so a gate decides nothing until it has one`,
      );
    }
  }
  const config = {
    version: 1,
    registry: { kind: "file", path: ".promptgate/registry" },
    models: Object.fromEntries(building.models),
    prompts: Object.fromEntries(built.map(({ name, entry }) => [name, entry])),
  };
  // Prompts that share a dataset share its cases.
  const datasets = new Map(built.map((part) => [part.entry["dataset"], part.cases]));
  const cases = [...datasets.values()].flat();
  return {
    files: [
      { path: "promptgate.yaml", text: yaml(config, CONFIG_COMMENT) },
      ...built.flatMap(({ files }) => files),
      ...rubrics,
    ],
    prompts: built.map(({ name }) => name),
    cases: cases.length,
    judges: new Set(built.flatMap(({ judges }) => [...judges])).size,
    checks: cases.reduce((sum, { assert }) => sum + assert.length, 0),
  };
}
