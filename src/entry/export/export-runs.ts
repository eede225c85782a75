import { GateError } from "../../domain/errors.ts";
import type { Exported, ScoreExport } from "../../domain/platform.ts";
import type { Project, PromptProject } from "../../domain/project.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import { platforms } from "../../platforms/index.ts";
import type { CommandContext } from "../context.ts";
import { openPlatformOf } from "../platforms.ts";
import { experimentsOf, type DecidedRun } from "./experiments.ts";

/** Where the results of a command go. */
export interface ExportTarget {
  readonly platform: string;
  readonly scores: ScoreExport;
}

/** The platform that the command names, or the one that its prompts' cases or versions are on. */
function platformOf(
  named: string | true,
  project: Pick<Project, "registry">,
  prompts: readonly PromptProject[],
): string {
  if (named !== true) {
    if (Object.hasOwn(platforms, named)) return named;
    throw new GateError("USAGE", `--export: there is no platform "${visibleLine(named, 60)}"`, {
      hint: `known: ${Object.keys(platforms).join(", ")}; names of prompts stand before --export`,
    });
  }
  const sources = new Set(
    prompts.flatMap(({ pulledFrom }) => (pulledFrom === null ? [] : [pulledFrom.from])),
  );
  if (Object.hasOwn(platforms, project.registry.kind)) sources.add(project.registry.kind);
  const [only, ...others] = sources;
  if (only !== undefined && others.length === 0) return only;
  const why =
    only === undefined ? "neither cases nor versions are on a platform" : "there are several platforms";
  throw new GateError("USAGE", `--export: ${why}`, {
    hint: `name it, e.g. --export ${only ?? Object.keys(platforms)[0] ?? ""}`,
  });
}

/** Opens what takes the results, before anything is paid for. Throws `USAGE` or `CONFIG_INVALID`. */
export async function openExport(
  context: Pick<CommandContext, "environment" | "clock">,
  named: string | true,
  project: Project,
  prompts: readonly PromptProject[],
): Promise<ExportTarget> {
  const platform = platformOf(named, project, prompts);
  const { scores } = await openPlatformOf(project, platform, context);
  if (scores.kind === "scores") return { platform, scores };
  throw new GateError("USAGE", `--export: ${platform} has ${scores.reason}`, {
    hint: "gate without --export",
  });
}

function exportedLines({ platform }: ExportTarget, name: string, exported: readonly Exported[]): string[] {
  const answers = exported.reduce((sum, each) => sum + each.answers, 0);
  const scores = exported.reduce((sum, each) => sum + each.scores, 0);
  const urls = exported.flatMap(({ url }) => (url === null ? [] : [visibleLine(url, 400)]));
  return [`${name}: ${platform} has ${answers} answers and ${scores} scores of this run`, ...urls];
}

/**
 * Writes a decided run to the platform. The verdict stands whatever happens: false, and said, when it could not be
 * written; the same command again repeats the verdict and writes what is missing.
 */
export async function exportRun(target: ExportTarget, decided: DecidedRun): Promise<boolean> {
  const { scope, result } = decided;
  const { log, signal } = scope.context;
  const name = visible(scope.prompt.name);
  try {
    const exported: Exported[] = [];
    for (const experiment of await experimentsOf(decided, target.platform)) {
      const written = await target.scores.write(experiment, signal);
      for (const note of written.notes) log.warn(`${name}: ${visibleLine(note, 400)}`);
      exported.push(written);
    }
    const lines =
      exported.length === 0
        ? [`${name}: nothing to export, the verdict needed no answer`]
        : exportedLines(target, name, exported);
    for (const line of lines) log.info(line);
    return true;
  } catch (error) {
    if (!(error instanceof GateError) || error.code === "INTERRUPTED") throw error;
    const verdict = `the verdict of ${name} stands (${result.verdict})`;
    log.warn(
      `${verdict}, but not all of it is on ${target.platform}: ${error.code}: ${visible(error.message)}`,
    );
    log.warn("the same command again repeats the verdict without a call and exports what is missing");
    return false;
  }
}
