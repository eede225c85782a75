import * as z from "zod";
import { judgeSignOff, standingReviews, type Review, type SignOffState } from "./approvals.ts";
import type { Answer, GitHubClient } from "./client.ts";
import type { PullRequest } from "./event.ts";

const user = z.object({ login: z.string(), type: z.string().optional() });
const reviewSchema = z.object({ user: user.nullish(), state: z.string(), commit_id: z.string().nullish() });
const commitSchema = z.object({ author: user.nullish(), committer: user.nullish() });
const permissionSchema = z.object({ permission: z.string() });

/** GitHub lists 250 commits of a pull request and no more: who wrote the others is not known. */
const COMMITS_LISTED = 250;
/** Nobody has so many reviewers; each of them is a request. */
const MOST_APPROVERS = 20;

export interface SignOffInput {
  readonly client: GitHubClient;
  /** `owner/name`. */
  readonly repository: string;
  readonly pullRequest: PullRequest;
  readonly required: number;
  /** Of what would be approved. */
  readonly digest: string;
  /** Of what a commit has; null where it cannot be read. */
  digestAt(commit: string): Promise<string | null>;
}

function refused(what: string, { status }: { readonly status: number }): string {
  return `${what} cannot be read (${status}): the job needs \`permissions: pull-requests: read\``;
}

export type Authors =
  | { readonly kind: "known"; readonly logins: readonly string[] }
  /** `reason` is one line. */
  | { readonly kind: "unknown"; readonly reason: string };

/** Who opened the pull request or wrote one of its commits: none of them signs it off. */
export async function readAuthors(
  client: GitHubClient,
  repository: string,
  pullRequest: Pick<PullRequest, "number" | "author">,
): Promise<Authors> {
  const commits = await client.list(`/repos/${repository}/pulls/${pullRequest.number}/commits`, commitSchema);
  if (commits.kind === "refused") return { kind: "unknown", reason: refused("commits", commits) };
  if (commits.value.length >= COMMITS_LISTED) {
    const reason = `more than ${COMMITS_LISTED} commits: who wrote all of them cannot be read; squash them`;
    return { kind: "unknown", reason };
  }
  const authors = commits.value.flatMap(({ author, committer }) =>
    [author, committer].flatMap((each) => (each === null || each === undefined ? [] : [each.login])),
  );
  return { kind: "known", logins: [pullRequest.author, ...authors] };
}

function reviewOf({ user: by, state, commit_id }: z.infer<typeof reviewSchema>): Review {
  return {
    user: by === null || by === undefined ? null : { login: by.login, isBot: by.type === "Bot" },
    state,
    commit: commit_id ?? null,
  };
}

async function permissionOf(
  { client, repository }: SignOffInput,
  login: string,
): Promise<"admin" | "write" | "other"> {
  const path = `/repos/${repository}/collaborators/${encodeURIComponent(login)}/permission`;
  const answer: Answer<{ permission: string }> = await client.get(path, permissionSchema);
  const permission = answer.kind === "ok" ? answer.value.permission : "none";
  return permission === "admin" || permission === "write" ? permission : "other";
}

/** Reads who reviewed the pull request and judges whether the content is signed off. What cannot be read is missing. */
export async function readSignOff(input: SignOffInput): Promise<SignOffState> {
  const { client, repository, pullRequest, required, digest } = input;
  const waiting = (reason: string): SignOffState => ({
    kind: "waiting",
    required,
    by: [],
    missing: [reason],
  });
  const reviews = await client.list(`/repos/${repository}/pulls/${pullRequest.number}/reviews`, reviewSchema);
  if (reviews.kind === "refused") return waiting(refused("reviews", reviews));
  const authors = await readAuthors(client, repository, pullRequest);
  if (authors.kind === "unknown") return waiting(authors.reason);
  const stances = standingReviews(reviews.value.map(reviewOf), authors.logins);
  const permissions = new Map<string, "admin" | "write" | "other">();
  for (const { login } of stances.slice(0, MOST_APPROVERS)) {
    permissions.set(login.toLowerCase(), await permissionOf(input, login));
  }
  const digests = new Map<string, string | null>();
  for (const { commit } of stances) {
    if (commit !== null && !digests.has(commit)) digests.set(commit, await input.digestAt(commit));
  }
  return judgeSignOff(stances, { required, permissions, digest, digests });
}
