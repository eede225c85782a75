import { join, relative } from "node:path";
import { textDigest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { PromptGateResult } from "../../domain/gate-result.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { GateScope, GateSelection } from "../gate/prepare.ts";
import { choosePrompts, openScopes } from "../gate/scopes.ts";
import { loadProjectFrom, openRegistryOf } from "../wire.ts";
import { changedPrompts } from "./compare-projects.ts";
import { comparisonNotes } from "./comparison-notes.ts";
import { gitText } from "./git.ts";
import { openComparison } from "./open-comparison.ts";
import { gitRevision } from "./revision.ts";
import { openWorkspace, presentedLog } from "./workspace.ts";

/** What a command gates, and how it names files to its user. */
export interface OpenedScopes {
  readonly scopes: readonly GateScope[];
  present(result: PromptGateResult): PromptGateResult;
  close(): Promise<void>;
}

type Options = CommonOptions &
  GateSelection & {
    readonly prompts: readonly string[];
    /** A git revision whose rules count. */
    readonly base?: string | undefined;
  };

/** In git's own folder, where no commit can put anything. */
async function stateFolder(root: string): Promise<string> {
  const folder = await gitText(root, ["rev-parse", "--absolute-git-dir"]);
  const toplevel = await gitText(root, ["rev-parse", "--show-toplevel"]);
  if (folder === null || toplevel === null) {
    throw new GateError("FILE_UNREADABLE", "--base needs a git checkout, and this is none", {
      hint: "run it inside the repository, and see that git is installed",
    });
  }
  const place = textDigest(relative(toplevel, root)).slice("sha256:".length, "sha256:".length + 12);
  return join(folder, "promptgate", place);
}

function checkOptions({ candidate, outputs }: Options): void {
  if (candidate === undefined && outputs.length === 0) return;
  const option = candidate === undefined ? "--outputs" : "--candidate";
  throw new GateError("USAGE", `${option} and --base exclude each other`, {
    hint: "--base gates the prompt files as they are now, under the rules of that revision",
  });
}

async function openBase(context: CommandContext, options: Options, base: string): Promise<OpenedScopes> {
  checkOptions(options);
  const head = await loadProjectFrom(context, options, "error", null);
  const revision = await gitRevision(head.root, base, context.signal);
  const workspace = await openWorkspace(await stateFolder(head.root));
  try {
    const opened = await openComparison({ context, head, revision, folder: workspace.root });
    for (const { file, message } of opened.head.warnings) {
      context.log.warn(visibleLine(`${file}: ${message}`, 400));
    }
    if (opened.missing.length > 0) {
      throw new GateError("CONFIG_INVALID", `the models of ${base} need ${opened.missing.join(", ")}`, {
        hint: "set these environment variables: the config of the base revision refers to them",
      });
    }
    for (const { level, text } of comparisonNotes(opened)) context.log[level](visibleLine(text, 600));
    const changed = new Set(changedPrompts(opened.comparison));
    const { project } = opened;
    const registry = openRegistryOf(opened.registry, context);
    const prompts = choosePrompts(project, options.prompts).filter(({ name }) => changed.has(name));
    const own = { ...context, log: presentedLog(context.log) };
    return {
      scopes: prompts.map((prompt) => ({ context: own, project, prompt, registry, selection: options })),
      present: (result) => workspace.present(result, head.root),
      close: workspace.close,
    };
  } catch (error) {
    await workspace.close();
    throw error;
  }
}

/** The scopes of a command that may be held to a base revision. To be closed. */
export async function openBaseScopes(context: CommandContext, options: Options): Promise<OpenedScopes> {
  if (options.base !== undefined) return openBase(context, options, options.base);
  const scopes = await openScopes(context, options);
  return { scopes, present: (result) => result, close: async () => undefined };
}
