import { GateError } from "../../domain/errors.ts";
import { exposureOf, labelVersion, recordedExposure } from "../../rollout/exposure.ts";
import { renderRolloutScreen, type ScreenInput } from "../../report/rollout-screen.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { corruptState } from "../rollout/order-rollout.ts";
import { readView, type RolloutView } from "../rollout/read-view.ts";
import { openRollouts } from "../rollout/scope.ts";

export interface RolloutGetOptions extends CommonOptions {
  readonly prompt: string;
  readonly watch: boolean;
  readonly color: boolean;
}

function screenInput(view: RolloutView, now: number): ScreenInput {
  const { prompt, rollout, registry, freeze, history } = view;
  if (rollout.kind === "corrupt") throw corruptState(prompt, rollout.reason);
  if (rollout.kind === "none") {
    throw new GateError("USAGE", `${prompt} has no rollout`, {
      hint: `begin one with promptgate rollout start ${prompt}@VERSION`,
    });
  }
  const { state } = rollout;
  const production = labelVersion(registry, "production");
  const actual = exposureOf(registry.release, state.candidate.version, production);
  const weight = { actual, set: recordedExposure(state) };
  return { state, history, release: registry.release, freeze, weight, now };
}

/** `rollout get`: one screen about one rollout. */
export async function runRolloutGet(context: CommandContext, options: RolloutGetOptions): Promise<ExitCode> {
  const scope = await openRollouts(context, options);
  const view = await readView(scope, options.prompt);
  const input = screenInput(view, context.clock.now());
  if (options.json) {
    const { state, weight, freeze, release, history } = input;
    const document = {
      schema: "promptgate/rollout@1",
      prompt: options.prompt,
      phase: state.phase,
      step: state.strategy.steps[state.step]?.name ?? null,
      weight: weight.set,
      actualWeight: weight.actual,
      hold: state.hold,
      decision: history.find(({ rolloutId }) => rolloutId === state.rolloutId) ?? null,
      state,
      release,
      freeze,
    };
    context.print(JSON.stringify(document, null, 2));
    return 0;
  }
  const { width, color } = context.terminal;
  context.print(renderRolloutScreen(input, { width, color: color && options.color }));
  return 0;
}
