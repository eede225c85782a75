import type { Project } from "../../domain/project.ts";
import type { CommandContext } from "../context.ts";
import { openComparison, type OpenedComparison } from "../base/open-comparison.ts";
import { gitRevision, type Revision } from "../base/revision.ts";
import { snapshotOf } from "../base/snapshot.ts";
import { materialise } from "../base/materialise.ts";
import { openWorkspace, type Workspace } from "../base/workspace.ts";
import { GateError } from "../../domain/errors.ts";
import { pullFrom } from "../datasets/pull.ts";
import { loadProjectFrom } from "../wire.ts";
import type { BaseCommit } from "./base-commit.ts";
import { fetchCommit, type Checkout } from "./fetch-commit.ts";

/** A change and the folder in which it is judged. */
export interface OpenedChange {
  readonly head: Project;
  readonly opened: OpenedComparison;
  readonly workspace: Workspace;
}

interface ChangeInput {
  readonly context: CommandContext;
  readonly config: string;
  readonly base: BaseCommit;
  /** Absolute path of the folder where runs and cache are kept. */
  readonly state: string;
}

/** Reads the project of the checkout and puts it under the rules of the base. The workspace is to be closed. */
export async function openChange({ context, config, base, state }: ChangeInput): Promise<OpenedChange> {
  const head = await loadProjectFrom(context, { config }, "error", null);
  const revision: Revision | Extract<BaseCommit, { kind: "unknown" }> =
    base.kind === "unknown" ? base : await gitRevision(head.root, base.commit, context.signal);
  const workspace = await openWorkspace(state);
  try {
    const opened = await openComparison({ context, head, revision, folder: workspace.root });
    return { head: opened.head, opened, workspace };
  } catch (error) {
    await workspace.close();
    throw error;
  }
}

/** The digest of what decides in a commit; null when the commit or its project cannot be read. */
export async function digestAt(
  {
    context,
    change: { head, opened },
    checkout,
  }: {
    readonly context: CommandContext;
    readonly change: Pick<OpenedChange, "head" | "opened">;
    readonly checkout: Checkout;
  },
  state: string,
  commit: string,
): Promise<string | null> {
  if (!(await fetchCommit(checkout, commit))) return null;
  const workspace = await openWorkspace(state);
  try {
    const revision = await gitRevision(head.root, commit, context.signal);
    if (!(await materialise(revision, head.configFile, workspace.root))) return null;
    const place = { ...context, cwd: workspace.root };
    // By the addresses that count, as for the head: a commit of a change may name any.
    const pull = pullFrom(context, opened.project);
    const project = await loadProjectFrom(place, { config: head.configFile }, "warning", pull);
    return (await snapshotOf(project)).digest;
  } catch (error) {
    if (error instanceof GateError && error.code !== "INTERRUPTED") return null;
    throw error;
  } finally {
    await workspace.close();
  }
}
