import { GateError } from "../../domain/errors.ts";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { higherTier, type Tier } from "../../domain/tier.ts";
import { comparisonNotes } from "../base/comparison-notes.ts";
import { gateScopes } from "../commands/gate.ts";
import { gateResult, verdictWithoutCalls } from "../gate/gate-prompt.ts";
import { prepareGate, type GateScope } from "../gate/prepare.ts";
import { evidenceKey } from "../promotion/signing-key.ts";
import { outcomeOf, type ActionReport } from "./action-report.ts";
import { collectEvidence, type CollectedEvidence } from "./collect-evidence.ts";
import { gateOptions } from "./gate-options.ts";
import { signOffOf } from "./gate-sign-off.ts";
import type { OpenedChange } from "./open-change.ts";
import { isOutsider, refuseMissing, withOpenedJob, type GateJob, type OpenedJob } from "./open-job.ts";
import { signOffNeed } from "./sign-off-reasons.ts";

/** The report and what later steps want to know. */
export interface GateJobResult {
  readonly report: ActionReport;
  readonly head: OpenedChange["head"];
  readonly changed: readonly string[];
  readonly digest: string;
  readonly bump: "none" | Tier;
  /** Null where nothing was evaluated. */
  readonly evidence: CollectedEvidence | null;
}

/** What was evaluated, and the prompts that would have needed a model that cannot be asked. */
export interface Evaluated {
  readonly results: readonly PromptGateResult[];
  readonly unevaluated: readonly string[];
}

/** Null where a model would be needed, or a registry that asks for a secret itself. */
async function withoutModels(scope: GateScope): Promise<PromptGateResult | null> {
  try {
    const preparation = await prepareGate(scope);
    try {
      return verdictWithoutCalls(scope, preparation);
    } finally {
      await preparation.close();
    }
  } catch (error) {
    if (error instanceof GateError && ["AUTHENTICATION", "NETWORK"].includes(error.code)) return null;
    throw error;
  }
}

/** What needs no model: violated policies, failed static checks, versions that are in production already. */
export async function evaluateWithoutModels(scopes: readonly GateScope[]): Promise<Evaluated> {
  const results: PromptGateResult[] = [];
  const unevaluated: string[] = [];
  for (const scope of scopes) {
    const early = await withoutModels(scope);
    if (early === null) unevaluated.push(scope.prompt.name);
    else results.push(early);
  }
  return { results, unevaluated };
}

/** How the prompts of a change are evaluated. */
export type Evaluation = (opened: OpenedJob) => Promise<Evaluated>;

/** Asks the models here and now; without secrets only what needs none. */
async function evaluateHere({ job, scopes, missing }: OpenedJob): Promise<Evaluated> {
  if (missing.length > 0) {
    if (!isOutsider(job)) throw refuseMissing(missing);
    return evaluateWithoutModels(scopes);
  }
  const { inputs, context } = job;
  const signer = await evidenceKey(context, undefined);
  const { results } = await gateScopes(context, scopes, gateOptions(inputs), signer);
  return { results, unevaluated: [] };
}

function bumpOf(results: readonly PromptGateResult[], removed: boolean): "none" | Tier {
  const tiers = results.map(({ tier }) => tier.applied);
  const [first, ...rest] = removed ? [...tiers, "major" as const] : tiers;
  return first === undefined ? "none" : rest.reduce(higherTier, first);
}

async function judgeChange(opened: OpenedJob, evaluate: Evaluation): Promise<GateJobResult> {
  const { job, change, changed, missing } = opened;
  const { inputs } = job;
  const { head, workspace } = change;
  const { comparison } = change.opened;
  const { results, unevaluated } = await evaluate(opened);
  const evidence = await collectEvidence(job, workspace.root, results);
  const result = gateResult(results.map((each) => workspace.present(each, head.root)));
  const need = signOffNeed(change.opened, result.prompts);
  const signOff = await signOffOf(job, change, need);
  const outcome = outcomeOf({
    result,
    signOff,
    changed: changed.length > 0,
    unevaluated: { prompts: unevaluated, missing, policy: inputs["on-missing-secrets"] },
  });
  const removed = comparison.prompts.some(({ kind }) => kind === "removed");
  return {
    report: { ...outcome, notes: comparisonNotes(change.opened), result, need, signOff },
    head,
    changed,
    digest: change.opened.digest,
    bump: bumpOf(result.prompts, removed),
    evidence,
  };
}

/** Gates every prompt that a change touches, by the rules of its base. */
export async function runGateJob(job: GateJob, evaluate: Evaluation = evaluateHere): Promise<GateJobResult> {
  return withOpenedJob(job, (opened) => judgeChange(opened, evaluate));
}
