import { jsonDigest, type Digest } from "../../domain/digest.ts";
import { comparesOutputs, type Rubric } from "../../domain/rubric.ts";
import type { PlanInput } from "../../gate/plan.ts";
import { repeatsThatPay } from "../../gate/repeats.ts";
import type { BaselineSamples } from "./baseline-samples.ts";
import { chooseBaselineSamples, modelIdentity } from "./choose-samples.ts";
import type { GateScope, Measurement, Preparation, Versions } from "./prepare.ts";
import { planRun, type RunDirectory, type RunIdentity } from "./run-directory.ts";

/** 48 bits of the digests: the same question is asked in the same order. */
function derivedSeed(...digests: readonly (Digest | null)[]): number {
  return Number.parseInt(jsonDigest(digests).slice("sha256:".length, "sha256:".length + 12), 16);
}

/** How often either side answers each case. */
interface Sampling {
  readonly repeat: number;
  readonly baselineSamples: BaselineSamples | null;
}

/** What else shapes the records: models, stored or recorded answers, samples, and the choice of cases. */
function settingDigest(
  { selection }: GateScope,
  { models }: Versions,
  { outputs, entries, dataset }: Measurement,
  { repeat, baselineSamples }: Sampling,
): Digest {
  return jsonDigest({
    models: {
      candidate: modelIdentity(models.candidate),
      baseline: models.baseline && modelIdentity(models.baseline),
    },
    repeat,
    baselineSamples: baselineSamples?.samples,
    outputs: { candidate: outputs.candidate?.digest, baseline: outputs.baseline?.digest },
    replayed: selection.replay !== undefined,
    cases: entries.length === dataset.entries.length ? "all" : entries.map(({ id }) => id),
  });
}

/** Wins and losses of 1 spread wider than scores do: half of the pairs as ties give 0.7, most as ties 0.5. */
const PAIRWISE_SIGMA = 0.6;

/** Planned noise of comparisons before an earlier run has measured it. */
function pairwiseNoise(rubrics: readonly Rubric[]): Record<string, number> {
  return Object.fromEntries(rubrics.filter(comparesOutputs).map(({ name }) => [name, PAIRWISE_SIGMA]));
}

/** What is asked, before it is decided how often. */
export interface Question {
  readonly versions: Versions;
  readonly measurement: Measurement;
  readonly digests: Preparation["digests"];
}

export interface PlannedRun extends Sampling {
  readonly identity: RunIdentity;
  readonly input: PlanInput;
  readonly run: RunDirectory;
}

/** Stopping early saves calls; where there are none to save, all cases are looked at once, which decides best. */
function savesCalls({ baseline }: Versions, { outputs, rubrics }: Measurement): boolean {
  const stored = outputs.candidate !== undefined && (outputs.baseline !== undefined || baseline === null);
  return !stored || rubrics.length > 0;
}

/** The run that a question has or would get when the candidate answers each case `repeat` times. */
async function planRepeated(
  scope: GateScope,
  { versions, measurement, digests }: Question,
  sampling: Sampling,
  plannedSigma: Readonly<Record<string, number>> | undefined,
): Promise<PlannedRun> {
  const { candidate, baseline } = versions;
  const { entries, rules, rubrics, dataset } = measurement;
  const identity = {
    ...digests,
    prompt: scope.prompt.name,
    candidate: candidate.digest,
    baseline: baseline?.digest ?? null,
    setting: settingDigest(scope, versions, measurement, sampling),
  };
  const seed =
    scope.selection.seed ?? derivedSeed(dataset.digest, candidate.digest, baseline?.digest ?? null);
  const now = scope.context.clock.now();
  const { header, ...folder } = await planRun(scope.project.root, identity, { seed, now });
  const sigma = plannedSigma ?? header.sigma;
  const input = {
    entries,
    rules,
    sigma: { ...pairwiseNoise(rubrics), ...sigma },
    seed: header.seed,
    sequential: savesCalls(versions, measurement),
  };
  return { ...sampling, identity, input, run: { ...folder, header: { ...header, sigma } } };
}

/** Decides how often either side answers, and plans the run for that. */
export async function planSampled(
  scope: GateScope,
  question: Question,
  plannedSigma: Readonly<Record<string, number>> | undefined,
): Promise<PlannedRun> {
  const { versions, measurement } = question;
  const { rules, dataset, outputs } = measurement;
  const sampled = {
    baseline: versions.baseline,
    settings: versions.models.baseline,
    dataset: dataset.digest,
    stored: outputs.baseline !== undefined,
  };
  const baselineSamples = await chooseBaselineSamples(scope, sampled, rules);
  const { repeat } = versions.policy;
  const plain = await planRepeated(scope, question, { repeat, baselineSamples }, plannedSigma);
  if (baselineSamples === null) return plain;
  const repeats = repeatsThatPay({ plan: plain.input, repeat, within: baselineSamples.within });
  return repeats === repeat
    ? plain
    : planRepeated(scope, question, { repeat: repeats, baselineSamples }, plannedSigma);
}
