import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { GitHubEvent, PullRequest } from "../../github/event.ts";
import { gitText } from "../base/git.ts";
import { fetchBranch, fetchCommit, type Checkout } from "./fetch-commit.ts";

/** The revision that a change is compared with. */
export type BaseCommit =
  | { readonly kind: "commit"; readonly commit: string }
  /** There is none: everything is gated, by the rules that are there. */
  | { readonly kind: "unknown"; readonly reason: string };

export interface BaseQuestion {
  readonly checkout: Checkout;
  readonly event: GitHubEvent;
  /** What the user asked for instead. */
  readonly reference: string | undefined;
  /** The commit that the workflow runs on, as the runner says. */
  readonly commit: string | undefined;
}

/** Parents as the commit itself names them: a shallow clone hides them from everything else. */
async function parentsOf(folder: string, commit: string): Promise<string[]> {
  const text = (await gitText(folder, ["cat-file", "commit", commit])) ?? "";
  const header = text.slice(0, Math.max(0, text.indexOf("\n\n")));
  return Array.from(header.matchAll(/^parent ([0-9a-f]+)$/gm), ([, parent = ""]) => parent);
}

function unreachable(what: string): GateError {
  return new GateError("NETWORK", `cannot get ${what}, which holds the rules that this change is judged by`, {
    hint: "check out with fetch-depth: 2, and give the job contents: read",
  });
}

/**
 * GitHub's own merge of the pull request has the base as its first parent. Any other commit could be the author's own
 * merge, so that its parents say nothing: the base branch as it is now counts then.
 */
async function pullRequestBase(
  { checkout, commit }: BaseQuestion,
  { baseBranch }: PullRequest,
): Promise<BaseCommit> {
  const head = await gitText(checkout.folder, ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]);
  if (head === null) {
    throw new GateError("FILE_UNREADABLE", "there is no checkout here to gate", {
      hint: "run actions/checkout before this step, and see that git is installed",
    });
  }
  if (head === commit) {
    const [base, second] = await parentsOf(checkout.folder, head);
    if (base !== undefined && second !== undefined) {
      if (await fetchCommit(checkout, base)) return { kind: "commit", commit: base };
      throw unreachable(`the base revision ${base.slice(0, 12)}`);
    }
  }
  const tip = await fetchBranch(checkout, baseBranch);
  if (tip === null) throw unreachable(`the branch ${visibleLine(baseBranch, 100)}`);
  return { kind: "commit", commit: tip };
}

async function pushBase(
  { checkout }: BaseQuestion,
  { before, defaultBranch }: Extract<GitHubEvent, { kind: "push" }>,
): Promise<BaseCommit> {
  if (before !== null) {
    return (await fetchCommit(checkout, before))
      ? { kind: "commit", commit: before }
      : { kind: "unknown", reason: `the commit before the push, ${before.slice(0, 12)}, is gone` };
  }
  const tip = defaultBranch === null ? null : await fetchBranch(checkout, defaultBranch);
  return tip === null
    ? { kind: "unknown", reason: "the branch is new and the default branch cannot be read" }
    : { kind: "commit", commit: tip };
}

async function namedBase(checkout: Checkout, reference: string): Promise<BaseCommit> {
  const isCommit = /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(reference);
  if (isCommit && (await fetchCommit(checkout, reference))) return { kind: "commit", commit: reference };
  const verify = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${reference}^{commit}`];
  const local = isCommit ? null : await gitText(checkout.folder, verify);
  const found =
    local ?? (isCommit || reference.startsWith("-") ? null : await fetchBranch(checkout, reference));
  if (found !== null) return { kind: "commit", commit: found };
  throw new GateError("USAGE", `base-ref: there is no revision "${visibleLine(reference, 100)}"`, {
    hint: "name a commit or a branch of this repository",
  });
}

/**
 * The revision whose rules count. `NETWORK` where a pull request's or merge group's cannot be had: without it a change
 * would be judged by rules of its own.
 */
export async function findBase(question: BaseQuestion): Promise<BaseCommit> {
  const { checkout, event, reference } = question;
  if (reference !== undefined) return namedBase(checkout, reference);
  switch (event.kind) {
    case "pull_request":
      return pullRequestBase(question, event.pullRequest);
    case "merge_group":
      if (await fetchCommit(checkout, event.baseCommit)) return { kind: "commit", commit: event.baseCommit };
      throw unreachable(`the base revision ${event.baseCommit.slice(0, 12)}`);
    case "push":
      return pushBase(question, event);
    case "manual":
      return { kind: "unknown", reason: "a run by hand compares with production; base-ref names a revision" };
    case "schedule":
      return { kind: "unknown", reason: "a scheduled run compares with production" };
  }
}
