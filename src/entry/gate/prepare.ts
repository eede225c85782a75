import type { Assertion } from "../../domain/case.ts";
import { openDataset } from "../../config/dataset.ts";
import { openOutputs, type OutputsFile } from "../../config/outputs.ts";
import { jsonDigest, type Digest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { CaseEntry, Dataset, ModelSettings, Project, PromptProject } from "../../domain/project.ts";
import type { Registry } from "../../domain/registry.ts";
import type { Rubric } from "../../domain/rubric.ts";
import type { MetricRule } from "../../domain/scores.ts";
import type { Tier, TierPolicy } from "../../domain/tier.ts";
import { caseAssertionSchema, classOf } from "../../evals/checks/index.ts";
import type { SideName } from "../../evals/sides.ts";
import { planGate, type GatePlan } from "../../gate/plan.ts";
import { findChanges } from "../../gate/changes.ts";
import { decideTier, type TierDecision, type TierInput } from "../../gate/required-tier.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { CommandContext } from "../context.ts";
import { metricRules } from "./metric-rules.ts";
import {
  modelSettingsOf,
  resolveBaseline,
  resolveCandidate,
  type ResolvedVersion,
} from "./resolve-versions.ts";
import { planRun, type RunDirectory } from "./run-directory.ts";
import { selectCases, type CaseFilter } from "./select-cases.ts";
import { staticOutcome } from "./static-checks.ts";

/** What the user chose on the command line, for `plan` and `gate` alike. */
export interface GateSelection extends CaseFilter {
  readonly candidate?: string | undefined;
  readonly baseline: string;
  readonly tier: "auto" | Tier;
  /** `FILE` for the candidate, `baseline=FILE` for the baseline. */
  readonly outputs: readonly string[];
  readonly seed?: number | undefined;
  /** Recorded answers are another question than live ones. */
  readonly replay?: string | undefined;
}

export interface GateScope {
  readonly context: CommandContext;
  readonly project: Project;
  readonly prompt: PromptProject;
  readonly registry: Registry;
  readonly selection: GateSelection;
}

/** Everything that is known before the first call. */
export interface Preparation {
  readonly candidate: ResolvedVersion;
  readonly baseline: ResolvedVersion | null;
  readonly tier: TierDecision;
  readonly policy: TierPolicy;
  readonly models: { readonly candidate: ModelSettings; readonly baseline: ModelSettings | null };
  readonly rules: readonly MetricRule[];
  readonly rubrics: readonly Rubric[];
  /** Deterministic assertions on every case. */
  readonly assertions: readonly Assertion[];
  readonly dataset: Dataset;
  readonly entries: readonly CaseEntry[];
  readonly outputs: Readonly<Partial<Record<SideName, OutputsFile>>>;
  readonly plan: GatePlan;
  readonly run: RunDirectory;
  readonly digests: {
    readonly prompt: Digest;
    readonly dataset: Digest;
    readonly judges: Digest;
    readonly policy: Digest;
  };
  /** Sentences of static checks that fail: enough to fail the gate without a call. */
  readonly staticFailures: readonly string[];
  readonly warnings: readonly string[];
  close(): Promise<void>;
}

async function openStoredOutputs(scope: GateScope): Promise<Preparation["outputs"]> {
  const outputs: Partial<Record<SideName, OutputsFile>> = {};
  for (const argument of scope.selection.outputs) {
    const [, named, file = ""] = /^(?:(baseline|candidate)=)?(.*)$/s.exec(argument) ?? [];
    const side: SideName = named === "baseline" ? "baseline" : "candidate";
    if (outputs[side] !== undefined) throw new GateError("USAGE", `--outputs names the ${side} twice`);
    outputs[side] = await openOutputs(scope.context.cwd, file);
  }
  if (outputs.baseline !== undefined && outputs.candidate === undefined) {
    throw new GateError("USAGE", "--outputs baseline=… goes with --outputs FILE for the candidate");
  }
  return outputs;
}

/** Model, address and price-free settings that shape a model's answers. */
function modelIdentity({ provider, model, baseUrl }: ModelSettings): Record<string, unknown> {
  return { provider, model, baseUrl };
}

function judgesDigest(project: Project, rubrics: readonly Rubric[]): Digest {
  return jsonDigest(
    rubrics.map((rubric) => ({
      rubric: rubric.digest,
      model: modelIdentity(modelSettingsOf(project, rubric)),
    })),
  );
}

/** 48 bits of the digests: the same question is asked in the same order. */
function derivedSeed(...digests: readonly (Digest | null)[]): number {
  return Number.parseInt(jsonDigest(digests).slice("sha256:".length, "sha256:".length + 12), 16);
}

function tierOf(
  scope: GateScope,
  candidate: ResolvedVersion,
  baseline: ResolvedVersion | null,
): TierDecision {
  const { project, selection } = scope;
  const identity = ({ source, digest }: ResolvedVersion): TierInput["candidate"] => ({
    version: source.version,
    digest,
  });
  return decideTier({
    baseline: baseline && identity(baseline),
    candidate: identity(candidate),
    findings:
      baseline === null
        ? []
        : findChanges(baseline.source, candidate.source, {
            baselineModel: modelSettingsOf(project, baseline.source.template),
            candidateModel: modelSettingsOf(project, candidate.source.template),
          }),
    override: selection.tier === "auto" ? null : selection.tier,
  });
}

function samplesOf(policy: TierPolicy, outputs: Preparation["outputs"]): unknown {
  return {
    repeat: policy.repeat,
    outputs: { candidate: outputs.candidate?.digest, baseline: outputs.baseline?.digest },
  };
}

function selectionWarnings(entries: readonly CaseEntry[], dataset: Dataset): string[] {
  const all = dataset.entries.length;
  return entries.length === all
    ? []
    : [
        `filtered: ${entries.length} of ${all} cases were chosen, so this is no verdict about the whole dataset`,
      ];
}

function outputWarnings(outputs: Preparation["outputs"], { entries }: Dataset): string[] {
  const known = new Set(entries.map(({ id }) => id));
  return Object.values(outputs).flatMap((file) => {
    const foreign = Array.from(file.ids()).filter((id) => !known.has(id));
    const [first = ""] = foreign;
    return foreign.length === 0
      ? []
      : [
          `${visibleLine(file.file)}: ${foreign.length} outputs belong to no case of the dataset, the first is ${visibleLine(first, 60)}`,
        ];
  });
}

/** Reads what the gate needs, decides the tier and plans the run. Calls no model. */
export async function prepareGate(scope: GateScope): Promise<Preparation> {
  const { project, prompt, selection } = scope;
  const where = { cwd: scope.context.cwd, project, prompt, registry: scope.registry };
  const candidate = await resolveCandidate(where, selection.candidate);
  const baseline = await resolveBaseline(where, selection.baseline);
  const tier = tierOf(scope, candidate, baseline);
  const policy = project.policies[tier.applied];
  const dataset = await openDataset(project.root, prompt.dataset, caseAssertionSchema);
  const outputs = await openStoredOutputs(scope);
  const entries = selectCases(dataset.entries, selection);
  const rubrics = policy.require.includes("judge") ? prompt.judges : [];
  const rules = metricRules(prompt, dataset.assertionMetrics, policy.require);
  const models = {
    candidate: modelSettingsOf(project, candidate.source.template),
    baseline: baseline === null ? null : modelSettingsOf(project, baseline.source.template),
  };
  const digests = {
    prompt: candidate.digest,
    dataset: dataset.digest,
    judges: judgesDigest(project, rubrics),
    policy: jsonDigest({ rules, policy, assert: prompt.assert }),
  };
  const setting = jsonDigest({
    models: {
      candidate: modelIdentity(models.candidate),
      baseline: models.baseline && modelIdentity(models.baseline),
    },
    samples: samplesOf(policy, outputs),
    replayed: selection.replay !== undefined,
    cases: entries.length === dataset.entries.length ? "all" : entries.map(({ id }) => id),
  });
  const run = await planRun(
    project.root,
    {
      prompt: prompt.name,
      candidate: candidate.digest,
      baseline: baseline?.digest ?? null,
      dataset: digests.dataset,
      judges: digests.judges,
      policy: digests.policy,
      setting,
    },
    selection.seed ?? derivedSeed(digests.dataset, candidate.digest, baseline?.digest ?? null),
  );
  const plan = planGate({ entries, rules, sigma: run.header.sigma, seed: run.header.seed, sequential: true });
  const statics = await staticOutcome({ prompt, dataset, entries, candidate, baseline });
  return {
    candidate,
    baseline,
    tier,
    policy,
    models,
    rules,
    rubrics,
    assertions: prompt.assert.filter(({ type }) => classOf(type) === "deterministic"),
    dataset,
    entries,
    outputs,
    plan,
    run,
    digests,
    staticFailures: statics.failures,
    warnings: [
      ...selectionWarnings(entries, dataset),
      ...outputWarnings(outputs, dataset),
      ...statics.warnings,
    ],
    close: async () => {
      await dataset.close();
      await Promise.all(Object.values(outputs).map((file) => file.close()));
    },
  };
}
