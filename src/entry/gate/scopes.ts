import { setFlagsFromString } from "node:v8";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { Project, PromptProject } from "../../domain/project.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { promptOf } from "../registry/known-prompts.ts";
import { loadProjectFrom, openRegistryOf } from "../wire.ts";
import type { GateScope, GateSelection } from "./prepare.ts";

/** The prompts that the user named, or all. */
export function choosePrompts(project: Project, names: readonly string[]): readonly PromptProject[] {
  return names.length === 0 ? project.prompts : names.map((name) => promptOf(project, name));
}

function checkSelection(prompts: readonly PromptProject[], options: GateSelection): void {
  const single = options.candidate !== undefined || options.outputs.length > 0;
  if (single && prompts.length > 1) {
    throw new GateError("USAGE", "--candidate and --outputs belong to one prompt, several were chosen", {
      hint: `name it: promptgate gate ${prompts[0]?.name ?? "PROMPT"} …`,
    });
  }
}

/** From here on a run's rows count, and the collector's habit of leaving room for a lot more. */
const MANY_CASES = 20_000;

/** Trades processor time for memory where a run holds many rows: they would take twice the room otherwise. */
function sparesMemory(): void {
  setFlagsFromString("--optimize-for-size");
}

/** The scopes of all chosen prompts, after what can be refused was refused. */
export async function openScopes(
  context: CommandContext,
  options: CommonOptions & GateSelection & { readonly prompts: readonly string[] },
): Promise<GateScope[]> {
  // With outputs from files the disk sets the pace, and there may be a great many of them.
  if (options.outputs.length > 0) sparesMemory();
  const project = await loadProjectFrom(context, options);
  for (const warning of project.warnings)
    context.log.warn(visibleLine(`${warning.file}: ${warning.message}`, 400));
  const prompts = choosePrompts(project, options.prompts);
  checkSelection(prompts, options);
  if (prompts.some(({ cases }) => (cases ?? 0) >= MANY_CASES)) sparesMemory();
  const registry = openRegistryOf(project, context);
  return prompts.map((prompt) => ({ context, project, prompt, registry, selection: options }));
}
