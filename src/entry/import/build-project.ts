import type { NewFile } from "../commands/init-files.ts";
import { draftCases, type DraftCase, type ImportedTest } from "./cases.ts";
import type { Fields, ImportSource, Located } from "./located.ts";
import { modelKey, modelOf, type Models } from "./models.ts";
import type { ImportedPrompt } from "./prompts.ts";
import type { ImportedProvider } from "./providers.ts";
import { collectRubrics, noteUnlisted, rubricFile, type ImportedRubric } from "./rubrics.ts";
import { yamlText } from "./yaml-text.ts";

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

const STAND_IN: Fields = { provider: "embedded", model: "embedded-1" };

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

interface BuiltPrompt {
  readonly name: string;
  readonly entry: Fields;
  readonly files: readonly NewFile[];
  readonly cases: readonly DraftCase[];
}

interface Building {
  readonly source: ImportSource;
  readonly read: ReadConfig;
  readonly rubrics: readonly ImportedRubric[];
  readonly models: Models;
  /** Text of a dataset -> its path: prompts with the same cases share one. */
  readonly datasets: Map<string, string>;
}

function promptText(
  { read, models }: Building,
  prompt: ImportedPrompt,
  provider: ImportedProvider | null,
): string {
  const layers = [provider?.settings ?? {}, prompt.settings];
  const modelParameters = Object.assign({}, ...layers.map((layer) => layer["modelParameters"])) as Fields;
  const { modelParameters: _merged, ...settings } = Object.assign({}, ...layers) as Fields;
  return yamlText({
    name: prompt.name,
    version: "1.0.0",
    changeReason: "Imported from promptfoo",
    ...(read.description === null ? {} : { description: read.description }),
    model: modelKey(models, provider === null ? STAND_IN : modelOf(provider)),
    ...(Object.keys(modelParameters).length === 0 ? {} : { modelParameters }),
    ...settings,
    messages: prompt.messages,
  });
}

function buildPrompt(building: Building, prompt: ImportedPrompt): BuiltPrompt | null {
  const { source, read, rubrics, datasets } = building;
  const provider = providerOf(source, prompt, read.providers);
  const cases = draftCases(source, prompt, testsOf(source, prompt, provider, read.tests));
  if (cases.length === 0) {
    source.notes.lost(prompt.place, `${prompt.name} is not carried: no test of it could be`);
    return null;
  }
  const common = commonChecks(cases);
  const judges = rubrics.filter(({ criterion }) =>
    cases.every(({ criteria }) => criteria.has(criterion.key)),
  );
  if (judges.length === 0 && cases.every(({ assert }) => assert.length === 0)) {
    source.notes.lost(
      prompt.place,
      `nothing checks ${prompt.name}: no assertion of it could be carried, so a gate decides nothing until it has one`,
    );
  }
  const path = `prompts/${prompt.name}.prompt.yml`;
  const lines = cases.map((each) => caseLine(each, common)).join("");
  const shared = datasets.get(lines);
  const dataset = shared ?? `golden-datasets/${prompt.name}.jsonl`;
  datasets.set(lines, dataset);
  return {
    name: prompt.name,
    entry: {
      file: path,
      dataset,
      ...(common.length === 0 ? {} : { assert: common }),
      ...(judges.length === 0 ? {} : { judges: judges.map((rubric) => rubric.path) }),
    },
    files: [
      { path, text: promptText(building, prompt, provider) },
      ...(shared === undefined ? [{ path: dataset, text: lines }] : []),
    ],
    cases,
  };
}

const CONFIG_COMMENT =
  "# yaml-language-server: $schema=./node_modules/promptgate/schema/promptgate.schema.json\n" +
  "# Imported from promptfoo; IMPORT-NOTES.md lists what could not be carried.\n";

function configText({ models }: Building, built: readonly BuiltPrompt[]): string {
  const config = {
    version: 1,
    registry: { kind: "file", path: ".promptgate/registry" },
    models: Object.fromEntries(models),
    prompts: Object.fromEntries(built.map(({ name, entry }) => [name, entry])),
  };
  return CONFIG_COMMENT + yamlText(config);
}

/** The files of a project that gates what the promptfoo config evaluated; none when no prompt could be carried. */
export function buildProject(source: ImportSource, read: ReadConfig): BuiltProject {
  const rubrics = collectRubrics(source, read.tests);
  const building: Building = { source, read, rubrics, models: new Map(), datasets: new Map() };
  for (const provider of read.providers) modelKey(building.models, modelOf(provider));
  const built = read.prompts.flatMap((prompt) => buildPrompt(building, prompt) ?? []);
  if (built.length === 0) return { files: [], prompts: [], cases: 0, judges: 0, checks: 0 };
  for (const rubric of rubrics)
    noteUnlisted(
      source,
      rubric,
      built.map(({ cases }) => cases),
    );
  const asked = new Set(read.providers.map(({ model }) => model));
  const rubricFiles = rubrics.map((rubric) => rubricFile(source, rubric, building.models, asked));
  // Prompts that share a dataset share its cases.
  const cases = [...new Map(built.map((part) => [part.entry["dataset"], part.cases])).values()].flat();
  return {
    files: [
      { path: "promptgate.yaml", text: configText(building, built) },
      ...built.flatMap(({ files }) => files),
      ...rubricFiles,
    ],
    prompts: built.map(({ name }) => name),
    cases: cases.length,
    judges: new Set(built.flatMap(({ entry }) => entry["judges"] ?? [])).size,
    checks: cases.reduce((sum, { assert }) => sum + assert.length, 0),
  };
}
