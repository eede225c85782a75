import { suggestion } from "../../config/known-keys.ts";
import { GateError } from "../../domain/errors.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { tellEvents } from "../events/tell-events.ts";
import type { ExitCode } from "../exit-codes.ts";
import { advancePrompt, type PromptTick } from "../rollout/advance-prompt.ts";
import { rolloutPrompts } from "../rollout/read-scene.ts";
import { tickDocument, tickLines, warnOfFault } from "../rollout/render-tick.ts";
import { openRollouts, type RolloutScope } from "../rollout/scope.ts";

export interface RolloutAdvanceOptions extends CommonOptions {
  /** Empty for all that have a rollout. */
  readonly prompts: readonly string[];
  readonly dryRun: boolean;
}

async function promptsOf(scope: RolloutScope, named: readonly string[]): Promise<readonly string[]> {
  const present = await rolloutPrompts(scope.open().store);
  if (named.length === 0) return present;
  const known = [...new Set([...scope.settings.strategies.keys(), ...present])];
  const unknown = named.find((name) => !known.includes(name));
  if (unknown === undefined) return [...new Set(named)];
  const near = visibleLine(suggestion(unknown, known));
  throw new GateError("USAGE", `there is no prompt "${visibleLine(unknown)}"${near}`, {
    hint: "promptgate rollout list shows what there is",
  });
}

/** The worst of all prompts: what failed closed, then what was rolled back. */
function worstExit(ticks: readonly PromptTick[]): ExitCode {
  const codes = ticks.map(({ exitCode }) => exitCode);
  return codes.includes(4) ? 4 : codes.includes(1) ? 1 : 0;
}

/** `rollout advance`: one look at every rollout, and at most one step for each. */
export async function runRolloutAdvance(
  context: CommandContext,
  options: RolloutAdvanceOptions,
): Promise<ExitCode> {
  const scope = await openRollouts(context, options);
  const ticks: PromptTick[] = [];
  for (const prompt of await promptsOf(scope, options.prompts)) {
    const tick = await advancePrompt(scope, prompt, { by: "scheduler", dryRun: options.dryRun });
    ticks.push(tick);
    if (options.json) warnOfFault(context, tick);
  }
  if (!options.dryRun) await tellEvents(scope);
  const exitCode = worstExit(ticks);
  if (options.json) {
    const decisions = ticks.map((tick) => tickDocument(tick));
    context.print(JSON.stringify({ schema: "promptgate/advance@1", decisions, exitCode }, null, 2));
  } else {
    const lines = ticks.flatMap((tick) => tickLines(tick));
    context.print(visible(lines.length === 0 ? "no rollout is under way" : lines.join("\n")));
  }
  return exitCode;
}
