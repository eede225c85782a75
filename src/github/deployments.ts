import * as z from "zod";
import type { Answer, GitHubClient } from "./client.ts";

/** One change of what people get, as GitHub's list of deployments shows it. */
export interface DeploymentRecord {
  /** `owner/name`. */
  readonly repository: string;
  /** The commit that the workflow ran on. */
  readonly ref: string;
  readonly environment: string;
  /** Own words and names that the registry checked. */
  readonly description: string;
  /** False for what was taken back. */
  readonly ok: boolean;
  /** What a script wants to know; holds no secrets. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly runUrl: string;
}

const created = z.object({ id: z.number() });
const anything = z.unknown();
/** GitHub takes no longer one. */
const LONGEST = 140;

function refusedText({ status, message }: Extract<Answer<unknown>, { kind: "refused" }>): string {
  return status === 403 || status === 404
    ? `GitHub refuses the deployment (${status}): the job needs \`permissions: deployments: write\``
    : `GitHub refuses the deployment (${status}${message === "" ? "" : `: ${message}`})`;
}

/** Records it as a deployment and its status. Null when it is there, else one line about why it is not. */
export async function recordDeployment(
  client: GitHubClient,
  record: DeploymentRecord,
): Promise<string | null> {
  const { repository, ref, environment, ok, payload, runUrl } = record;
  const description = record.description.slice(0, LONGEST);
  const path = `/repos/${repository}/deployments`;
  const deployment = await client.send(
    "POST",
    path,
    {
      ref,
      environment,
      description,
      payload,
      task: "promptgate",
      auto_merge: false,
      // The gate has decided already; checks of the commit say nothing about the prompt.
      required_contexts: [],
    },
    created,
  );
  if (deployment.kind === "refused") return refusedText(deployment);
  const status = await client.send(
    "POST",
    `${path}/${deployment.value.id}/statuses`,
    { state: ok ? "success" : "failure", description, log_url: runUrl, auto_inactive: ok },
    anything,
  );
  return status.kind === "refused" ? refusedText(status) : null;
}
