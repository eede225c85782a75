import * as z from "zod";
import type { Answer, GitHubClient } from "./client.ts";
import { isWrittenBy, ownLogin } from "./own-login.ts";

/** What people are to hear of one rollout. */
export interface RolloutIssue {
  /** `owner/name`. */
  readonly repository: string;
  /** Names one attempt of one prompt: letters, digits, `.`, `_`, `-`. */
  readonly rolloutId: string;
  readonly title: string;
  /** Markdown in which nothing of others works as markup. */
  readonly body: string;
}

export type IssueOutcome =
  | { readonly kind: "written"; readonly url: string }
  | { readonly kind: "unchanged"; readonly url: string | null }
  /** `reason` is one line. */
  | { readonly kind: "failed"; readonly reason: string };

const issueSchema = z.object({
  number: z.number(),
  title: z.string(),
  body: z.string().nullish(),
  state: z.string(),
  html_url: z.string(),
  user: z.object({ login: z.string(), type: z.string().optional() }).nullish(),
  /** GitHub lists pull requests among the issues. */
  pull_request: z.unknown().optional(),
});
type Issue = z.infer<typeof issueSchema>;

const LABEL = "promptgate";

function markerOf(rolloutId: string): string {
  return `<!-- promptgate:rollout ${rolloutId} -->`;
}

function refusedText({ status, message }: Extract<Answer<unknown>, { kind: "refused" }>): string {
  if (status === 410) return "issues are switched off in this repository";
  return status === 403 || status === 404
    ? `GitHub refuses the issue (${status}): the job needs \`permissions: issues: write\``
    : `GitHub refuses the issue (${status}${message === "" ? "" : `: ${message}`})`;
}

type Found =
  | { readonly kind: "found"; readonly issue: Issue | null }
  | { readonly kind: "failed"; readonly reason: string };

/** Only an issue of our own: anybody can write the marker. */
async function findIssue(client: GitHubClient, repository: string, marker: string): Promise<Found> {
  const listed = await client.list(`/repos/${repository}/issues?state=all&labels=${LABEL}`, issueSchema);
  if (listed.kind === "refused") return { kind: "failed", reason: refusedText(listed) };
  const marked = listed.value.filter(
    ({ body, pull_request }) => pull_request === undefined && body?.startsWith(marker) === true,
  );
  if (marked.length === 0) return { kind: "found", issue: null };
  const own = await ownLogin(client);
  return { kind: "found", issue: marked.find(({ user }) => isWrittenBy(user, own)) ?? null };
}

function outcomeOf(answer: Answer<Issue>): IssueOutcome {
  return answer.kind === "ok"
    ? { kind: "written", url: answer.value.html_url }
    : { kind: "failed", reason: refusedText(answer) };
}

/** Opens the one issue of a rollout, or changes it in place: repeated, it does nothing. Opens it again when it says more. */
export async function writeIssue(client: GitHubClient, wanted: RolloutIssue): Promise<IssueOutcome> {
  const { repository, rolloutId, title } = wanted;
  const marker = markerOf(rolloutId);
  const body = `${marker}\n${wanted.body}`;
  const found = await findIssue(client, repository, marker);
  if (found.kind === "failed") return found;
  const { issue } = found;
  const path = `/repos/${repository}/issues`;
  if (issue === null) {
    return outcomeOf(await client.send("POST", path, { title, body, labels: [LABEL] }, issueSchema));
  }
  if (issue.title === title && issue.body === body) return { kind: "unchanged", url: issue.html_url };
  // People closed what it said before; a new title is news.
  const state = issue.title === title ? {} : { state: "open" };
  return outcomeOf(
    await client.send("PATCH", `${path}/${issue.number}`, { title, body, ...state }, issueSchema),
  );
}

/** Closes the issue of a rollout that goes on again, if there is one. */
export async function closeIssue(
  client: GitHubClient,
  { repository, rolloutId }: Pick<RolloutIssue, "repository" | "rolloutId">,
): Promise<IssueOutcome> {
  const found = await findIssue(client, repository, markerOf(rolloutId));
  if (found.kind === "failed") return found;
  const { issue } = found;
  if (issue === null || issue.state !== "open") return { kind: "unchanged", url: issue?.html_url ?? null };
  const body = { state: "closed", state_reason: "completed" };
  return outcomeOf(
    await client.send("PATCH", `/repos/${repository}/issues/${issue.number}`, body, issueSchema),
  );
}
