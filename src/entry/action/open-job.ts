import { GateError } from "../../domain/errors.ts";
import type { GitHubClient } from "../../github/client.ts";
import type { GitHubEvent } from "../../github/event.ts";
import { presentedLog } from "../base/workspace.ts";
import { changedPrompts } from "../base/compare-projects.ts";
import { lacksDefaultKey, missingVariables, withPlaceholders } from "../base/missing-variables.ts";
import type { CommandContext } from "../context.ts";
import type { GateScope } from "../gate/prepare.ts";
import { openRegistryOf } from "../wire.ts";
import { findBase } from "./base-commit.ts";
import type { Checkout } from "./fetch-commit.ts";
import { gitCredentials } from "./git-credentials.ts";
import type { ActionInputs } from "./inputs.ts";
import { openChange, type OpenedChange } from "./open-change.ts";

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

/** A change that was looked at, before anything of it is evaluated. */
export interface OpenedJob {
  /** Its environment has something in the place of secrets that are missing. */
  readonly job: GateJob;
  readonly change: OpenedChange;
  /** Names of the prompts to gate. */
  readonly changed: readonly string[];
  readonly scopes: readonly GateScope[];
  /** Environment variables that are needed and not set. */
  readonly missing: readonly string[];
}

/** Runs without secrets are those of other people's branches; anywhere else a missing one is a mistake of the workflow. */
export function isOutsider({ event, context }: Pick<GateJob, "event" | "context">): boolean {
  const fork = event.kind === "pull_request" && event.pullRequest.fork;
  return fork || context.environment["GITHUB_ACTOR"] === "dependabot[bot]";
}

export function refuseMissing(missing: readonly string[]): GateError {
  return new GateError("AUTHENTICATION", `the workflow hands in no ${missing.join(", ")}`, {
    hint: "set the secret in the repository and hand it to this step: openai-api-key, or env for any other",
  });
}

/** What a gate compares on GitHub: the prompt files as they are with what production has. */
export const SELECTION = {
  baseline: "production",
  tier: "auto",
  filterTag: [],
  filterId: [],
  outputs: [],
} as const;

async function scopesOf(
  { context, checkout }: GateJob,
  { opened }: OpenedChange,
  changed: readonly string[],
): Promise<GateScope[]> {
  // Only git is to see the token; what the files of a change refer to was read without it.
  const environment = { ...context.environment, ...(await gitCredentials(checkout)) };
  const { project } = opened;
  const registry = openRegistryOf(opened.registry, { ...context, environment });
  const selection = { ...SELECTION, storedSamples: true };
  const own = { ...context, log: presentedLog(context.log) };
  return project.prompts
    .filter(({ name }) => changed.includes(name))
    .map((prompt) => ({ context: own, project, prompt, registry, selection }));
}

async function lookAt(job: GateJob, change: OpenedChange, absent: readonly string[]): Promise<OpenedJob> {
  const { head, opened } = change;
  const changed = job.inputs.force ? head.prompts.map(({ name }) => name) : changedPrompts(opened.comparison);
  const lacksKey = changed.length > 0 && lacksDefaultKey(opened.project, job.context.environment);
  const needed = [...absent, ...opened.missing, ...(lacksKey ? ["OPENAI_API_KEY"] : [])];
  const scopes = await scopesOf(job, change, changed);
  return { job, change, changed, scopes, missing: changed.length > 0 ? [...new Set(needed)] : [] };
}

/** Finds out what a change does, puts it under the rules of its base, and hands it on. */
export async function withOpenedJob<Result>(
  given: GateJob,
  work: (opened: OpenedJob) => Promise<Result>,
): Promise<Result> {
  const { inputs, event, checkout, commit, state } = given;
  const base = await findBase({ checkout, event, reference: inputs["base-ref"], commit });
  const absent = await missingVariables(given.context.cwd, inputs.config, given.context.environment);
  const environment = withPlaceholders(given.context.environment, absent);
  const job = { ...given, context: { ...given.context, environment } };
  const change = await openChange({ context: job.context, config: inputs.config, base, state });
  try {
    return await work(await lookAt(job, change, absent));
  } finally {
    await change.workspace.close();
  }
}
