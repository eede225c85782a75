import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";

/** A pull request as an event describes it. Texts are somebody's: escape before printing. */
export interface PullRequest {
  readonly number: number;
  readonly author: string;
  readonly headCommit: string;
  /** The branch that it is to be merged into. */
  readonly baseBranch: string;
  /** True when the head is in another repository, or in one that is gone: there are no secrets then. */
  readonly fork: boolean;
  readonly closed: boolean;
}

/** What started the workflow, as far as a gate is concerned. */
export type GitHubEvent =
  | { readonly kind: "pull_request"; readonly pullRequest: PullRequest }
  | { readonly kind: "merge_group"; readonly baseCommit: string }
  /** `before` is null for a new branch. */
  | { readonly kind: "push"; readonly before: string | null; readonly defaultBranch: string | null }
  | { readonly kind: "manual" }
  | { readonly kind: "schedule" };

const commit = z.string().regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/, "expected a commit id");

const pullRequestPayload = z.object({
  action: z.string().optional(),
  repository: z.object({ full_name: z.string() }),
  pull_request: z.object({
    number: z.int().min(1),
    state: z.string().optional(),
    user: z.object({ login: z.string() }).nullish(),
    head: z.object({ sha: commit, repo: z.object({ full_name: z.string() }).nullish() }),
    base: z.object({ ref: z.string().min(1) }),
  }),
});
const mergeGroupPayload = z.object({ merge_group: z.object({ base_sha: commit }) });
const pushPayload = z.object({
  before: commit,
  repository: z.object({ default_branch: z.string().min(1).optional() }).optional(),
});

const SUPPORTED = "pull_request, pull_request_review, merge_group, push, workflow_dispatch and schedule";

function parsePayload<Schema extends z.ZodType>(
  name: string,
  schema: Schema,
  payload: unknown,
): z.infer<Schema> {
  const result = schema.safeParse(payload);
  if (result.success) return result.data;
  const path = result.error.issues[0]?.path.join(".") ?? "";
  throw new GateError("USAGE", `the event ${name} has no usable ${visibleLine(path, 80) || "payload"}`, {
    hint: "GITHUB_EVENT_PATH must name the payload that GitHub wrote for this run",
  });
}

function pullRequestEvent(name: string, payload: unknown): GitHubEvent {
  const { action, repository, pull_request: pull } = parsePayload(name, pullRequestPayload, payload);
  return {
    kind: "pull_request",
    pullRequest: {
      number: pull.number,
      author: pull.user?.login ?? "",
      headCommit: pull.head.sha,
      baseBranch: pull.base.ref,
      fork: pull.head.repo?.full_name !== repository.full_name,
      closed: action === "closed" || pull.state === "closed",
    },
  };
}

/** Reads the event that GitHub describes in a file. Throws `USAGE` for one that a gate has no answer to. */
export function parseEvent(name: string, payload: unknown): GitHubEvent {
  switch (name) {
    case "pull_request":
    case "pull_request_review":
      return pullRequestEvent(name, payload);
    case "merge_group":
      return {
        kind: "merge_group",
        baseCommit: parsePayload(name, mergeGroupPayload, payload).merge_group.base_sha,
      };
    case "push": {
      const { before, repository } = parsePayload(name, pushPayload, payload);
      return {
        kind: "push",
        before: /^0+$/.test(before) ? null : before,
        defaultBranch: repository?.default_branch ?? null,
      };
    }
    case "workflow_dispatch":
      return { kind: "manual" };
    case "schedule":
      return { kind: "schedule" };
    case "pull_request_target":
      throw new GateError(
        "USAGE",
        "pull_request_target is refused: it would gate the base, with all secrets",
        {
          hint: "use `on: pull_request`; a change from a fork then gets its static checks, and a maintainer's run the rest",
        },
      );
    default:
      throw new GateError("USAGE", `a gate has no answer to the event ${visibleLine(name, 60) || "(none)"}`, {
        hint: `start it by ${SUPPORTED}`,
      });
  }
}
