import type { ErrorCode } from "../domain/errors.ts";
import { ProblemsError, renderProblem, type Problem } from "../domain/problem.ts";
import type { GateSettings, ModelSettings, Project, PromptProject } from "../domain/project.ts";
import { configSchema, type ProjectSchemas, type WrittenConfig, type WrittenGate } from "./config-schema.ts";
import { checkDocument, readSource } from "./document-file.ts";
import { expandEnvironment } from "./environment-references.ts";
import { evidenceSettings, readTrustedRoot } from "./evidence-schema.ts";
import { findConfig } from "./find-config.ts";
import { metricsSettings } from "./metrics-schema.ts";
import { mergePolicies } from "./policies.ts";
import { withoutUndefined } from "./plain-value.ts";
import type { PullCases } from "./pulled-cases.ts";
import { readParts, type PromptPart } from "./project-parts.ts";
import { isRead, projectProblems } from "./project-rules.ts";
import { rolloutStrategy } from "./rollout-strategy.ts";
import { waiversOf, type WaiverDates } from "./waiver-rules.ts";
import type { SourceDocument } from "./source-document.ts";

export interface LoadOptions {
  /** Absolute path of the folder where the search for the config begins. */
  readonly directory: string;
  /** As the user typed it. */
  readonly configPath?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly waivers: WaiverDates;
  readonly schemas: ProjectSchemas;
  /** Fetches cases from platforms; without it those stay unread, and so do their problems. */
  readonly pull?: PullCases | undefined;
}

const DEFAULT_TIMEOUT_MS = 120_000;
const JUDGE_RESERVE = 0.3;

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

function modelSettings({ timeout, ...rest }: WrittenConfig["models"][string]): ModelSettings {
  return { ...withoutUndefined(rest), timeoutMs: timeout ?? DEFAULT_TIMEOUT_MS };
}

function gateSettings(gate: WrittenGate): GateSettings {
  return withoutUndefined(gate);
}

function promptProject(part: PromptPart, config: WrittenConfig): PromptProject[] {
  const { name, rubrics, cases } = part;
  // A dataset with errors was reported as such.
  if (!isRead(part) || (cases === null && part.pulledFrom === null)) return [];
  const { file, assert, gates } = part.written;
  const judges = rubrics.flatMap(({ checked }) => (checked.value === null ? [] : [checked.value]));
  return [
    {
      name,
      file,
      dataset: part.datasetFile,
      pulledFrom: part.pulledFrom,
      cases: cases?.entries.length ?? null,
      assert,
      judges,
      gates: mapValues(gates, gateSettings),
      waivers: waiversOf(part, config),
      rollout: rolloutStrategy(config.rollout, part.written.rollout),
    },
  ];
}

/** Errors first by file: what stands in the config explains what follows from it. */
function codeOf(problems: readonly Problem[], configFile: string, parts: readonly PromptPart[]): ErrorCode {
  const files = new Set(problems.filter(({ severity }) => severity === "error").map(({ file }) => file));
  if (files.has(configFile)) return "CONFIG_INVALID";
  const isPrompt = parts.some(({ prompt }) => prompt?.document && files.has(prompt.document.file));
  const isRubric = parts.some(({ rubrics }) =>
    rubrics.some(({ checked: { document } }) => document !== null && files.has(document.file)),
  );
  return isRubric ? "CONFIG_INVALID" : isPrompt ? "PROMPT_INVALID" : "DATASET_INVALID";
}

/** In the order of the files and of the lines in them; two prompts that share a file share its problems. */
function inFileOrder(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  const rank = new Map(files.map((file, index) => [file, index]));
  return distinct(problems).toSorted(
    (left, right) =>
      (rank.get(left.file) ?? 0) - (rank.get(right.file) ?? 0) ||
      left.line - right.line ||
      left.column - right.column,
  );
}

function distinct(problems: readonly Problem[]): Problem[] {
  return [
    ...new Map(
      problems.map((problem) => [`${problem.severity} ${renderProblem(problem)}`, problem]),
    ).values(),
  ];
}

/** The config as its rules see it: a model with a published price has one. */
function withPublishedPrices(config: WrittenConfig, { schemas }: LoadOptions): WrittenConfig {
  const { publishedPrice } = schemas;
  if (publishedPrice === undefined) return config;
  const priced = (model: WrittenConfig["models"][string]): typeof model => ({
    ...model,
    price: model.price ?? publishedPrice(model) ?? undefined,
  });
  return { ...config, models: mapValues(config.models, priced) };
}

interface ReadConfig {
  readonly config: WrittenConfig | null;
  readonly problems: readonly Problem[];
}

function readConfig(document: SourceDocument, { schemas, environment }: LoadOptions): ReadConfig {
  const expanded = expandEnvironment(document, environment);
  const checked = checkDocument(document, configSchema(schemas), expanded.value);
  const problems = [...expanded.problems, ...checked.problems];
  return { config: problems.length > 0 ? null : checked.value, problems };
}

/**
 * Reads and checks the config and every file that it names. Throws `ProblemsError` with all problems of all files, and
 * `CONFIG_INVALID` when there is no config.
 */
export async function loadProject(options: LoadOptions): Promise<Project> {
  const { root, file } = await findConfig(options.directory, options.configPath);
  const source = await readSource(root, file);
  if (source.kind === "invalid") throw new ProblemsError("CONFIG_INVALID", source.problems);
  const { document } = source;
  const { config, problems: configProblems } = readConfig(document, options);
  const parts = await readParts({ root, document, config, schemas: options.schemas, pull: options.pull });
  const trusted = config === null ? null : await readTrustedRoot(document, root, config);
  const problems = inFileOrder([
    ...configProblems,
    ...(trusted?.problems ?? []),
    ...parts.flatMap((part) => part.problems),
    ...(config === null
      ? []
      : projectProblems(document, withPublishedPrices(config, options), parts, options.waivers)),
  ]);
  if (config === null || problems.some(({ severity }) => severity === "error")) {
    throw new ProblemsError(codeOf(problems, file, parts), problems);
  }
  return {
    root,
    configFile: file,
    registry: config.registry,
    store: config.store,
    metrics: metricsSettings(config.metrics),
    platforms: mapValues(config.platforms, (settings) => settings ?? {}),
    models: mapValues(config.models, modelSettings),
    prompts: parts.flatMap((part) => promptProject(part, config)),
    policies: mergePolicies(config),
    evidence: evidenceSettings(config, trusted?.text ?? null),
    approvers: config.approvers,
    budget: {
      usd: config.budget.usd ?? null,
      minutes: config.budget.minutes ?? null,
      judgeReserve: config.budget.judgeReserve ?? JUDGE_RESERVE,
    },
    baseline: { samples: config.baseline.samples ?? null },
    cache: { maxBytes: config.cache.maxSize ?? null },
    warnings: problems,
  };
}
