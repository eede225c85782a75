import * as z from "zod";
import type { Finding } from "../../domain/finding.ts";
import { visible } from "../../domain/visible.ts";
import { gitHubClient, type GitHubClient } from "../../github/client.ts";
import type { CommandContext } from "../context.ts";

const SUBJECT = "github";

const repositoryFields = z.object({
  permissions: z.object({ push: z.boolean().optional() }).optional(),
});

/** What the workflows ask for beside the repository itself, and the permission of a workflow that grants it. */
const PARTS = [
  ["pulls", "pull-requests: write"],
  ["issues", "issues: write"],
  ["deployments", "deployments: write"],
] as const;

async function partFinding(
  client: GitHubClient,
  repository: string,
  [part, permission]: (typeof PARTS)[number],
): Promise<Finding> {
  const answer = await client.get(`/repos/${repository}/${part}?per_page=1`, z.unknown());
  if (answer.kind === "ok") return { kind: "ok", subject: SUBJECT, message: `the token reads ${part}` };
  const message = `the token may not read ${part} (${answer.status})`;
  return { kind: "warning", subject: SUBJECT, message, remedy: `give the job permissions: ${permission}` };
}

/** What the token in the environment may do; skipped where there is none. */
export async function lookAtGitHub({
  environment,
  clock,
  signal,
}: Pick<CommandContext, "environment" | "clock" | "signal">): Promise<Finding[]> {
  const { GITHUB_TOKEN: token, GITHUB_REPOSITORY: repository, GITHUB_API_URL: apiUrl } = environment;
  if (token === undefined || token === "") {
    return [{ kind: "skipped", subject: SUBJECT, message: "GITHUB_TOKEN is not set" }];
  }
  if (repository === undefined || !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    return [{ kind: "skipped", subject: SUBJECT, message: "GITHUB_REPOSITORY names no repository" }];
  }
  const client = gitHubClient({
    apiUrl: apiUrl ?? "https://api.github.com",
    token,
    sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    now: clock.now,
    signal,
  });
  const answer = await client.get(`/repos/${repository}`, repositoryFields);
  if (answer.kind === "refused") {
    const message = `the token cannot see ${visible(repository)} (${answer.status}): ${answer.message}`;
    const remedy = "use the job's own token, or one that was given access to the repository";
    return [{ kind: "problem", subject: SUBJECT, message, remedy }];
  }
  const pushes =
    answer.value.permissions?.push === true ? "and may push" : "and may not push, or does not say";
  const findings: Finding[] = [
    { kind: "ok", subject: SUBJECT, message: `the token sees ${visible(repository)} ${pushes}` },
  ];
  for (const part of PARTS) findings.push(await partFinding(client, repository, part));
  return findings;
}
