import { GateError } from "../../domain/errors.ts";
import { currentStep, exposureOf, labelVersion, recordedExposure } from "../../rollout/exposure.ts";
import { renderRolloutScreen, type ScreenInput } from "../../report/rollout-screen.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { corruptState } from "../rollout/order-rollout.ts";
import { readView, type RolloutView } from "../rollout/read-view.ts";
import { openRollouts } from "../rollout/scope.ts";
import { readingInterval, watchScreen } from "../rollout/watch-screen.ts";

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

function documentOf({ state, weight, freeze, release, history }: ScreenInput): object {
  return {
    schema: "promptgate/rollout@1",
    prompt: state.prompt,
    phase: state.phase,
    step: currentStep(state).name,
    weight: weight.set,
    actualWeight: weight.actual,
    hold: state.hold,
    decision: history.find(({ rolloutId }) => rolloutId === state.rolloutId) ?? null,
    state,
    release,
    freeze,
  };
}

/** `rollout get`: one screen about one rollout; with `--watch` until Ctrl-C. */
export async function runRolloutGet(context: CommandContext, options: RolloutGetOptions): Promise<ExitCode> {
  if (options.watch && options.json) {
    throw new GateError("USAGE", "--watch draws a screen and --json prints one document: choose one");
  }
  const scope = await openRollouts(context, options);
  const read = async (): Promise<ScreenInput> =>
    screenInput(await readView(scope, options.prompt), context.clock.now());
  if (options.json) {
    context.print(JSON.stringify(documentOf(await read()), null, 2));
    return 0;
  }
  const { width, color } = context.terminal;
  const draw = async (): Promise<string> =>
    renderRolloutScreen(await read(), { width, color: color && options.color });
  if (options.watch) {
    const { registry, store } = scope.settings;
    await watchScreen(context, { draw, every: readingInterval([registry.kind, store.kind]) });
  } else {
    context.print(await draw());
  }
  return 0;
}
