import * as z from "zod";
import type { GitHubClient } from "./client.ts";

/** Who let this run into an environment, or why nobody counts. */
export type EnvironmentSignOff =
  | { readonly kind: "given"; readonly by: readonly string[] }
  /** One line each. */
  | { readonly kind: "missing"; readonly reasons: readonly string[] };

export interface EnvironmentQuestion {
  /** `owner/name`. */
  readonly repository: string;
  readonly runId: string;
  readonly environment: string;
  /** Logins that may not sign off: who started the run. */
  readonly excluded: readonly string[];
}

const environmentSchema = z.object({
  protection_rules: z.array(z.object({ type: z.string() })).optional(),
});
const approvalSchema = z.object({
  state: z.string(),
  user: z.object({ login: z.string(), type: z.string().optional() }).nullish(),
  environments: z.array(z.object({ name: z.string() })),
});

function missing(...reasons: string[]): EnvironmentSignOff {
  return { kind: "missing", reasons };
}

/**
 * The reviewers who approved this very run for the environment. An environment without required reviewers lets everybody
 * in, so that nobody has signed off anything.
 */
export async function readEnvironmentSignOff(
  client: GitHubClient,
  { repository, runId, environment, excluded }: EnvironmentQuestion,
): Promise<EnvironmentSignOff> {
  const place = await client.get(
    `/repos/${repository}/environments/${encodeURIComponent(environment)}`,
    environmentSchema,
  );
  if (place.kind === "refused") {
    return missing(
      `the environment ${environment} cannot be read (${place.status}): the job needs \`permissions: actions: read\``,
    );
  }
  const isGuarded = (place.value.protection_rules ?? []).some(({ type }) => type === "required_reviewers");
  if (!isGuarded) return missing(`the environment ${environment} has no required reviewers`);
  const path = `/repos/${repository}/actions/runs/${encodeURIComponent(runId)}/approvals`;
  const approvals = await client.get(path, z.array(approvalSchema));
  if (approvals.kind === "refused") {
    return missing(
      `the approvals of this run cannot be read (${approvals.status}): the job needs \`permissions: actions: read\``,
    );
  }
  const own = new Set(excluded.map((login) => login.toLowerCase()));
  const about = approvals.value.filter(({ environments }) =>
    environments.some(({ name }) => name === environment),
  );
  if (about.some(({ state }) => state === "rejected")) return missing("somebody rejected this run");
  const by = about.flatMap(({ state, user }) => {
    const counts = state === "approved" && user !== null && user !== undefined && user.type !== "Bot";
    return counts && !own.has(user.login.toLowerCase()) ? [user.login] : [];
  });
  return by.length > 0
    ? { kind: "given", by: [...new Set(by)] }
    : missing(`nobody but who started it has approved this run for the environment ${environment}`);
}
