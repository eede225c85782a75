import { readPromptFile } from "../../config/prompt-file.ts";
import type { Case } from "../../domain/case.ts";
import { jsonDigest, type Digest } from "../../domain/digest.ts";
import type { ModelSettings, Project, PromptProject } from "../../domain/project.ts";
import { promptDigest } from "../../domain/prompt.ts";
import { judgesOf } from "../../domain/rubric.ts";
import { openCases } from "../datasets/open-cases.ts";
import { modelSettingsOf } from "../gate/resolve-versions.ts";

/** The parts of a prompt's bundle; a change of any of them is a change of the prompt. */
export const BUNDLE_PARTS = ["prompt", "model", "dataset", "checks", "judges", "gates", "waivers"] as const;
export type BundlePart = (typeof BUNDLE_PARTS)[number];

/** What a case asks of an answer, and all of it. */
interface CaseDigest {
  readonly digest: Digest;
  readonly critical: boolean;
  /** Without tags and group, which ask nothing. */
  readonly demand: Digest;
}

/** Everything that decides about one prompt, as digests. Secrets are no part of it. */
export interface PromptSnapshot {
  readonly name: string;
  readonly parts: Readonly<Record<BundlePart, Digest>>;
  /** Metrics and their rules, for saying which one changed. */
  readonly gates: Readonly<Record<string, Digest>>;
  readonly rubrics: Readonly<Record<string, Digest>>;
  readonly version: string;
  /** By id. */
  readonly cases: ReadonlyMap<string, CaseDigest>;
}

export interface ProjectSnapshot {
  readonly prompts: readonly PromptSnapshot[];
  /** What holds for all prompts: `policies.major`, `models.judge`, `registry`, … */
  readonly shared: Readonly<Record<string, Digest>>;
  /** Of all prompts and everything shared: what a sign-off is bound to. */
  readonly digest: Digest;
}

/** A model without key, headers and query, which may hold secrets. */
function modelDigest({ provider, model, baseUrl, price }: ModelSettings): Digest {
  return jsonDigest({ provider, model, baseUrl, price });
}

function caseDigest(testCase: Case): CaseDigest {
  const { vars, expected, assert, split, critical } = testCase;
  return {
    digest: jsonDigest(testCase),
    critical,
    demand: jsonDigest({ vars, expected, assert, split }),
  };
}

function digests(values: Readonly<Record<string, unknown>>): Record<string, Digest> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, jsonDigest(value)]));
}

async function readCases(
  project: Project,
  prompt: PromptProject,
): Promise<{ readonly digest: Digest; readonly cases: Map<string, CaseDigest> }> {
  // Those of a base that no longer are what it pins: they equal no others.
  if (prompt.dataset === null) return { digest: jsonDigest(prompt.pulledFrom), cases: new Map() };
  const dataset = await openCases(project.root, prompt);
  try {
    const cases = new Map<string, CaseDigest>();
    for (const { id } of dataset.entries) cases.set(id, caseDigest(await dataset.read(id)));
    return { digest: dataset.digest, cases };
  } finally {
    await dataset.close();
  }
}

async function promptSnapshot(project: Project, prompt: PromptProject): Promise<PromptSnapshot> {
  const { source } = await readPromptFile(project.root, prompt.file);
  const { digest, cases } = await readCases(project, prompt);
  const rubrics = Object.fromEntries(prompt.judges.map((rubric) => [rubric.name, rubric]));
  const judges = prompt.judges.map((rubric) => ({
    rubric: rubric.digest,
    // These two are settings of the gate and no part of what the judge is asked.
    allowSelfGrading: rubric.allowSelfGrading,
    calibration: rubric.calibration,
    models: judgesOf(rubric).map((model) => modelDigest(modelSettingsOf(project, { model }))),
  }));
  return {
    name: prompt.name,
    version: source.version,
    gates: digests(prompt.gates),
    rubrics: digests(rubrics),
    cases,
    parts: {
      prompt: promptDigest(source.template),
      model: modelDigest(modelSettingsOf(project, source.template)),
      dataset: digest,
      checks: jsonDigest(prompt.assert),
      judges: jsonDigest(judges),
      gates: jsonDigest(prompt.gates),
      waivers: jsonDigest(prompt.waivers),
    },
  };
}

function sharedDigests(project: Project): Record<string, Digest> {
  const { policies, budget, models, registry, evidence, approvers, baseline } = project;
  const { kind, ...options } = registry;
  return {
    ...Object.fromEntries(
      Object.entries(models).map(([key, model]) => [`models.${key}`, modelDigest(model)]),
    ),
    ...digests({
      "policies.patch": policies.patch,
      "policies.minor": policies.minor,
      "policies.major": policies.major,
      budget,
      // Options may hold secrets that came from the environment: the names are enough.
      registry: { kind, options: Object.keys(options).sort(), path: options["path"] },
      evidence,
      approvers,
      baseline,
    }),
  };
}

/** Reads prompts and datasets again and digests all that decides. */
export async function snapshotOf(project: Project): Promise<ProjectSnapshot> {
  const prompts: PromptSnapshot[] = [];
  for (const prompt of project.prompts) prompts.push(await promptSnapshot(project, prompt));
  const shared = sharedDigests(project);
  const parts = Object.fromEntries(prompts.map((prompt) => [prompt.name, prompt.parts]));
  return { prompts, shared, digest: jsonDigest({ prompts: parts, shared }) };
}
