import { GateError } from "../../domain/errors.ts";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { higherTier, type Tier } from "../../domain/tier.ts";
import type { SignOffState } from "../../github/approvals.ts";
import type { GitHubClient } from "../../github/client.ts";
import type { GitHubEvent } from "../../github/event.ts";
import { readSignOff } from "../../github/read-approvals.ts";
import { changedPrompts } from "../base/compare-projects.ts";
import { comparisonNotes } from "../base/comparison-notes.ts";
import { lacksDefaultKey, missingVariables, withPlaceholders } from "../base/missing-variables.ts";
import { gateScopes, type GateOptions } from "../commands/gate.ts";
import type { CommandContext } from "../context.ts";
import { gateResult, verdictWithoutCalls } from "../gate/gate-prompt.ts";
import { prepareGate, type GateScope } from "../gate/prepare.ts";
import { evidenceKey } from "../promotion/signing-key.ts";
import { openRegistryOf } from "../wire.ts";
import { outcomeOf, type ActionReport, type Unevaluated } from "./action-report.ts";
import { findBase } from "./base-commit.ts";
import type { Checkout } from "./fetch-commit.ts";
import type { ActionInputs } from "./inputs.ts";
import { digestAt, openChange, type OpenedChange } from "./open-change.ts";
import { signOffNeed, type SignOffNeed } from "./sign-off-reasons.ts";

/** What a gate on GitHub works with. */
export interface GateJob {
  readonly context: CommandContext;
  readonly inputs: ActionInputs;
  readonly event: GitHubEvent;
  readonly client: GitHubClient;
  readonly checkout: Checkout;
  /** `owner/name`. */
  readonly repository: string;
  /** The commit that the workflow runs on. */
  readonly commit: string | undefined;
  /** Absolute path of the folder where runs and cache are kept, outside the checkout. */
  readonly state: string;
}

/** The report and what later steps want to know. */
export interface GateJobResult {
  readonly report: ActionReport;
  readonly head: OpenedChange["head"];
  readonly changed: readonly string[];
  readonly digest: string;
  readonly bump: "none" | Tier;
}

type Secrets = Pick<Unevaluated, "missing">;

/** Runs without secrets are those of other people's branches; anywhere else a missing one is a mistake of the workflow. */
function isOutsider({ event, context }: GateJob): boolean {
  const fork = event.kind === "pull_request" && event.pullRequest.fork;
  return fork || context.environment["GITHUB_ACTOR"] === "dependabot[bot]";
}

function refuseMissing(missing: readonly string[]): GateError {
  return new GateError("AUTHENTICATION", `the workflow hands in no ${missing.join(", ")}`, {
    hint: "set the secret in the repository and hand it to this step: openai-api-key, or env for any other",
  });
}

function scopesOf(job: GateJob, { opened }: OpenedChange, changed: readonly string[]): GateScope[] {
  const { project } = opened;
  const registry = openRegistryOf(project, job.context);
  const selection = {
    baseline: "production",
    tier: "auto",
    filterTag: [],
    filterId: [],
    outputs: [],
    storedSamples: true,
  } as const;
  return project.prompts
    .filter(({ name }) => changed.includes(name))
    .map((prompt) => ({ context: job.context, project, prompt, registry, selection }));
}

interface Evaluated {
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
async function evaluateWithoutModels(scopes: readonly GateScope[]): Promise<Evaluated> {
  const results: PromptGateResult[] = [];
  const unevaluated: string[] = [];
  for (const scope of scopes) {
    const early = await withoutModels(scope);
    if (early === null) unevaluated.push(scope.prompt.name);
    else results.push(early);
  }
  return { results, unevaluated };
}

async function evaluate(job: GateJob, scopes: readonly GateScope[]): Promise<Evaluated> {
  const { inputs, context } = job;
  const signer = await evidenceKey(context, undefined);
  const options: GateOptions = {
    baseline: "production",
    tier: "auto",
    filterTag: [],
    filterId: [],
    outputs: [],
    prompts: [],
    output: [],
    json: true,
    verbose: false,
    dryRun: false,
    cache: true,
    concurrency: inputs["max-concurrency"],
    maxCost: inputs["max-cost-usd"],
  };
  return { results: await gateScopes(context, scopes, options, signer), unevaluated: [] };
}

/** Reviews of a pull request; anywhere else there is nothing that somebody could have approved. */
async function signOffOf(job: GateJob, change: OpenedChange, need: SignOffNeed): Promise<SignOffState> {
  const { inputs, event, client, repository, context, checkout, state } = job;
  const { required } = need;
  if (required === 0 || inputs["sign-off"] === "none") return { kind: "not-needed" };
  if (event.kind !== "pull_request") {
    const missing = ["there is no pull request here that could be approved"];
    return { kind: "waiting", required, by: [], missing };
  }
  const known = new Map<string, Promise<string | null>>();
  const digestOf = (commit: string): Promise<string | null> => {
    const digest = known.get(commit) ?? digestAt({ context, head: change.head, checkout }, state, commit);
    known.set(commit, digest);
    return digest;
  };
  const { pullRequest } = event;
  const digest = (await digestOf(pullRequest.headCommit)) ?? change.opened.digest;
  return readSignOff({ client, repository, pullRequest, required, digest, digestAt: digestOf });
}

function bumpOf(results: readonly PromptGateResult[], removed: boolean): "none" | Tier {
  const tiers = results.map(({ tier }) => tier.applied);
  const [first, ...rest] = removed ? [...tiers, "major" as const] : tiers;
  return first === undefined ? "none" : rest.reduce(higherTier, first);
}

async function judgeChange(job: GateJob, change: OpenedChange, secrets: Secrets): Promise<GateJobResult> {
  const { inputs, context } = job;
  const { head, opened, workspace } = change;
  const { comparison } = opened;
  const changed = inputs.force ? head.prompts.map(({ name }) => name) : changedPrompts(comparison);
  const lacksKey = changed.length > 0 && lacksDefaultKey(opened.project, context.environment);
  const needed = [...secrets.missing, ...opened.missing, ...(lacksKey ? ["OPENAI_API_KEY"] : [])];
  const missing = [...new Set(needed)];
  const outsider = isOutsider(job);
  if (changed.length > 0 && missing.length > 0 && !outsider) throw refuseMissing(missing);
  const scopes = scopesOf(job, change, changed);
  const { results, unevaluated } =
    missing.length > 0 ? await evaluateWithoutModels(scopes) : await evaluate(job, scopes);
  const result = gateResult(results.map((each) => workspace.present(each, head.root)));
  const need = signOffNeed(opened, result.prompts);
  const signOff = await signOffOf(job, change, need);
  const outcome = outcomeOf({
    result,
    signOff,
    changed: changed.length > 0,
    unevaluated: { prompts: unevaluated, missing, policy: inputs["on-missing-secrets"] },
  });
  const removed = comparison.prompts.some(({ kind }) => kind === "removed");
  return {
    report: { ...outcome, notes: comparisonNotes(opened), result, need, signOff },
    head,
    changed,
    digest: opened.digest,
    bump: bumpOf(result.prompts, removed),
  };
}

/** Finds out what a change does, holds it to the rules of its base, and gates every prompt that it changes. */
export async function runGateJob(job: GateJob): Promise<GateJobResult> {
  const { inputs, event, checkout, commit, state } = job;
  const base = await findBase({ checkout, event, reference: inputs["base-ref"], commit });
  const missing = await missingVariables(job.context.cwd, inputs.config, job.context.environment);
  const environment = withPlaceholders(job.context.environment, missing);
  const context = { ...job.context, environment };
  const change = await openChange({ context, config: inputs.config, base, state });
  try {
    return await judgeChange({ ...job, context }, change, { missing });
  } finally {
    await change.workspace.close();
  }
}
