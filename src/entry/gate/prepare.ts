import type { Assertion } from "../../domain/case.ts";
import { jsonDigest, type Digest } from "../../domain/digest.ts";
import type { CaseEntry, Dataset, ModelSettings, Project, PromptProject } from "../../domain/project.ts";
import type { Registry } from "../../domain/registry.ts";
import { judgesOf, type Rubric } from "../../domain/rubric.ts";
import type { MetricRule } from "../../domain/scores.ts";
import type { Tier, TierPolicy } from "../../domain/tier.ts";
import { classOf } from "../../evals/checks/index.ts";
import { planGate, type GatePlan } from "../../gate/plan.ts";
import { judgeFingerprint } from "../../evals/judge/judge-request.ts";
import { findChanges } from "../../gate/changes.ts";
import { decideTier, type TierDecision, type TierInput } from "../../gate/required-tier.ts";
import { judgedRules } from "../calibration/judged-rules.ts";
import type { CommandContext } from "../context.ts";
import { openCases } from "../datasets/open-cases.ts";
import { waiveRules } from "../../gate/waivers.ts";
import type { BaselineSamples } from "./baseline-samples.ts";
import { needsFreshAnswers } from "./choose-samples.ts";
import { metricRules } from "./metric-rules.ts";
import { foreignOutputWarnings, openStoredOutputs, type OpenedOutputs } from "./open-outputs.ts";
import {
  modelSettingsOf,
  resolveBaseline,
  resolveCandidate,
  type ResolvedVersion,
} from "./resolve-versions.ts";
import { planSampled } from "./plan-question.ts";
import type { RunDirectory, RunIdentity } from "./run-directory.ts";
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
  /** True where answers of the version in production may be shared with other gates. */
  readonly storedSamples?: boolean;
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
  /** Of the applied tier; `repeat` is raised where more answers of the candidate pay. */
  readonly policy: TierPolicy;
  /** Answers of the baseline that gates share; null = it answers as often as the candidate. */
  readonly baselineSamples: BaselineSamples | null;
  /** True when both sides must answer in this run, because a limit on latency needs answers that are timed now. */
  readonly freshAnswers: boolean;
  readonly models: { readonly candidate: ModelSettings; readonly baseline: ModelSettings | null };
  readonly rules: readonly MetricRule[];
  readonly rubrics: readonly Rubric[];
  /** Deterministic assertions on every case. */
  readonly assertions: readonly Assertion[];
  readonly dataset: Dataset;
  readonly entries: readonly CaseEntry[];
  readonly outputs: OpenedOutputs;
  readonly plan: GatePlan;
  readonly run: RunDirectory;
  /** What names the run: equal identities are the same question. */
  readonly identity: RunIdentity;
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

function judgesDigest(project: Project, rubrics: readonly Rubric[]): Digest {
  return jsonDigest(
    rubrics.flatMap((rubric) =>
      judgesOf(rubric).map((judge) => {
        const { provider, model, baseUrl } = modelSettingsOf(project, { model: judge });
        return judgeFingerprint(rubric, { provider, model, baseUrl });
      }),
    ),
  );
}

function versionIdentity({ source, digest }: ResolvedVersion): TierInput["candidate"] {
  return { version: source.version, digest };
}

function tierOf(
  scope: GateScope,
  candidate: ResolvedVersion,
  baseline: ResolvedVersion | null,
): TierDecision {
  const { project, selection } = scope;
  return decideTier({
    baseline: baseline && versionIdentity(baseline),
    candidate: versionIdentity(candidate),
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

function selectionWarnings(entries: readonly CaseEntry[], dataset: Dataset): string[] {
  const all = dataset.entries.length;
  return entries.length === all
    ? []
    : [
        `filtered: ${entries.length} of ${all} cases were chosen, so this is no verdict about the whole dataset`,
      ];
}

export type Versions = Pick<Preparation, "candidate" | "baseline" | "tier" | "policy" | "models">;
export type Measurement = Pick<
  Preparation,
  "dataset" | "entries" | "outputs" | "rules" | "rubrics" | "assertions"
> & {
  /** What the calibration of the judges asks to be said. */
  readonly judgeWarnings: readonly string[];
};

async function readVersions(scope: GateScope): Promise<Versions> {
  const { project, prompt, selection } = scope;
  const where = { cwd: scope.context.cwd, project, prompt, registry: scope.registry };
  const candidate = await resolveCandidate(where, selection.candidate);
  const baseline = await resolveBaseline(where, selection.baseline);
  const tier = tierOf(scope, candidate, baseline);
  return {
    candidate,
    baseline,
    tier,
    policy: project.policies[tier.applied],
    models: {
      candidate: modelSettingsOf(project, candidate.source.template),
      baseline: baseline === null ? null : modelSettingsOf(project, baseline.source.template),
    },
  };
}

async function openMeasurement(scope: GateScope, policy: TierPolicy): Promise<Measurement> {
  const { project, prompt, selection, context } = scope;
  const rubrics = policy.require.includes("judge") ? prompt.judges : [];
  const dataset = await openCases(project.root, prompt);
  const measured = metricRules(prompt, dataset.assertionMetrics, policy.require);
  const judged = await judgedRules(scope, { rules: measured, rubrics }, policy);
  return {
    dataset,
    entries: selectCases(dataset.entries, selection),
    outputs: await openStoredOutputs(context.cwd, selection.outputs),
    rubrics,
    rules: waiveRules(judged.rules, prompt.waivers),
    judgeWarnings: judged.warnings,
    assertions: prompt.assert.filter(({ type }) => classOf(type) === "deterministic"),
  };
}

function digestsOf(
  { project, prompt }: GateScope,
  { candidate, policy }: Versions,
  { dataset, rubrics, rules }: Measurement,
): Preparation["digests"] {
  return {
    prompt: candidate.digest,
    dataset: dataset.digest,
    judges: judgesDigest(project, rubrics),
    policy: jsonDigest({ rules, policy, assert: prompt.assert, waivers: prompt.waivers }),
  };
}

/**
 * Reads what the gate needs, decides the tier and plans the run. Calls no model and writes nothing. `plannedSigma` is the
 * noise that other machines planned the same run with; without it, what earlier runs measured here.
 */
export async function prepareGate(
  scope: GateScope,
  plannedSigma?: Readonly<Record<string, number>>,
): Promise<Preparation> {
  const { prompt } = scope;
  const versions = await readVersions(scope);
  const measurement = await openMeasurement(scope, versions.policy);
  const { candidate, baseline } = versions;
  const { dataset, entries, outputs } = measurement;
  const digests = digestsOf(scope, versions, measurement);
  const planned = await planSampled(scope, { versions, measurement, digests }, plannedSigma);
  const statics = await staticOutcome({ prompt, dataset, entries, candidate, baseline });
  return {
    ...versions,
    ...measurement,
    policy: { ...versions.policy, repeat: planned.repeat },
    baselineSamples: planned.baselineSamples,
    freshAnswers: needsFreshAnswers(measurement.rules),
    plan: planGate(planned.input),
    run: planned.run,
    identity: planned.identity,
    digests,
    staticFailures: statics.failures,
    warnings: [
      ...selectionWarnings(entries, dataset),
      ...foreignOutputWarnings(outputs, dataset),
      ...statics.warnings,
      ...measurement.judgeWarnings,
    ],
    close: async () => {
      await dataset.close();
      await Promise.all(Object.values(outputs).map((file) => file.close()));
    },
  };
}
