import type { SignOffState } from "../../github/approvals.ts";
import { readEnvironmentSignOff } from "../../github/environment-approvals.ts";
import { readAuthors, readSignOff } from "../../github/read-approvals.ts";
import { requiredInput } from "./required-inputs.ts";
import { digestAt, type OpenedChange } from "./open-change.ts";
import type { GateJob } from "./open-job.ts";
import type { SignOffNeed } from "./sign-off-reasons.ts";

type DigestOf = (commit: string) => Promise<string | null>;

function digests({ context, checkout, state }: GateJob, change: OpenedChange): DigestOf {
  const known = new Map<string, Promise<string | null>>();
  return (commit) => {
    const digest = known.get(commit) ?? digestAt({ context, change, checkout }, state, commit);
    known.set(commit, digest);
    return digest;
  };
}

/** Approving reviews of the pull request, each bound to what its commit has. */
async function byReviews(job: GateJob, change: OpenedChange, required: number): Promise<SignOffState> {
  const { event, client, repository } = job;
  if (event.kind !== "pull_request") {
    const missing = ["there is no pull request here that could be approved"];
    return { kind: "waiting", required, by: [], missing };
  }
  const { pullRequest } = event;
  const digestOf = digests(job, change);
  const digest = (await digestOf(pullRequest.headCommit)) ?? change.opened.digest;
  return readSignOff({ client, repository, pullRequest, required, digest, digestAt: digestOf });
}

/** Logins that may not sign off, or why they are not known. */
async function excludedOf({
  event,
  client,
  repository,
  context,
}: GateJob): Promise<readonly string[] | string> {
  const { GITHUB_ACTOR: actor, GITHUB_TRIGGERING_ACTOR: trigger } = context.environment;
  const actors = [actor, trigger].filter((login) => login !== undefined && login !== "");
  if (event.kind !== "pull_request") return actors as string[];
  const authors = await readAuthors(client, repository, event.pullRequest);
  return authors.kind === "unknown" ? authors.reason : [...(actors as string[]), ...authors.logins];
}

/**
 * Reviewers of the environment of this run. They approve the run, whose commit cannot change: what is gated has to be
 * what that commit has.
 */
async function byEnvironment(job: GateJob, change: OpenedChange, required: number): Promise<SignOffState> {
  const { inputs, client, repository, context, commit } = job;
  const waiting = (by: readonly string[], ...missing: string[]): SignOffState => ({
    kind: "waiting",
    required,
    by,
    missing,
  });
  const environment = requiredInput("target", inputs.target);
  const runId = context.environment["GITHUB_RUN_ID"] ?? "";
  const approved = commit === undefined ? null : await digests(job, change)(commit);
  if (approved !== change.opened.digest) {
    return waiting([], "the run was approved for its own commit, and other content is checked out");
  }
  const excluded = await excludedOf(job);
  if (typeof excluded === "string") return waiting([], excluded);
  const read = await readEnvironmentSignOff(client, { repository, runId, environment, excluded });
  if (read.kind === "missing") return waiting([], ...read.reasons);
  if (read.by.length >= required) return { kind: "given", by: read.by };
  const missing = `${required} approvals are asked for, and one reviewer opens an environment: use \`sign-off: review\``;
  return waiting(read.by, missing);
}

/** Whether people approved what needs it: `auto` reads the reviews of a pull request, elsewhere the environment. */
export async function signOffOf(
  job: GateJob,
  change: OpenedChange,
  need: SignOffNeed,
): Promise<SignOffState> {
  const { inputs, event } = job;
  const { required } = need;
  if (required === 0) return { kind: "not-needed" };
  switch (inputs["sign-off"]) {
    case "none":
      return { kind: "not-needed" };
    case "review":
      return byReviews(job, change, required);
    case "environment":
      return byEnvironment(job, change, required);
    case "auto":
      return event.kind === "pull_request" || inputs.target === undefined
        ? byReviews(job, change, required)
        : byEnvironment(job, change, required);
  }
}
