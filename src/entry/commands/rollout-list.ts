import type { RolloutState } from "../../domain/rollout-state.ts";
import { visible, visibleLine } from "../../domain/visible.ts";
import { spanText, weightText } from "../../report/rollout-words.ts";
import { currentStep, recordedExposure } from "../../rollout/exposure.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { readRollout, type ReadRollout } from "../promotion/read-rollout.ts";
import { alignedLines } from "../registry/lines.ts";
import { freezeInForce } from "../rollout/freeze-document.ts";
import { rolloutPrompts } from "../rollout/read-scene.ts";
import { loadSettingsFrom, openStoreOf } from "../wire.ts";

interface Listed {
  readonly prompt: string;
  readonly rollout: ReadRollout;
}

/** One rollout as `list` and `status` print it with `--json`. */
export function stateDocument(state: RolloutState): Readonly<Record<string, unknown>> {
  const { rolloutId, phase, stable, candidate, hold, queued, lastTickAt } = state;
  return {
    rolloutId,
    phase,
    step: currentStep(state).name,
    weight: recordedExposure(state),
    stable: stable.version,
    candidate: candidate.version,
    queued: queued?.version ?? null,
    hold,
    lastTickAt,
  };
}

function documentOf({ prompt, rollout }: Listed): Readonly<Record<string, unknown>> {
  if (rollout.kind === "corrupt") return { prompt, error: rollout.reason };
  return rollout.kind === "none" ? { prompt } : { prompt, ...stateDocument(rollout.state) };
}

/** One rollout in one line, as cells. */
export function rolloutRow(state: RolloutState, now: number): string[] {
  const { phase, stable, candidate, hold, queued, lastTickAt } = state;
  return [
    phase,
    `${stable.version} -> ${candidate.version}`,
    `${currentStep(state).name} ${weightText(recordedExposure(state))}`,
    hold === null ? "" : `held: ${visibleLine(hold.reason)}`,
    queued === null ? "" : `next: ${queued.version}`,
    `looked ${spanText(now - Date.parse(lastTickAt))} ago`,
  ];
}

function rowOf({ prompt, rollout }: Listed, now: number): string[] {
  if (rollout.kind === "corrupt") return [prompt, "UNREADABLE", rollout.reason];
  return rollout.kind === "none" ? [prompt, "none"] : [prompt, ...rolloutRow(rollout.state, now)];
}

/** `rollout list`: every rollout in one line, those that cannot be read among them; exit code 4 when there is one. */
export async function runRolloutList(context: CommandContext, options: CommonOptions): Promise<ExitCode> {
  const store = openStoreOf(await loadSettingsFrom(context, options), context);
  const now = context.clock.now();
  const listed: Listed[] = [];
  for (const prompt of await rolloutPrompts(store)) {
    listed.push({ prompt, rollout: await readRollout(store, prompt) });
  }
  const freeze = await freezeInForce(store, now);
  const exitCode: ExitCode = listed.some(({ rollout }) => rollout.kind === "corrupt") ? 4 : 0;
  if (options.json) {
    const rollouts = listed.map(documentOf);
    context.print(JSON.stringify({ schema: "promptgate/rollouts@1", rollouts, freeze, exitCode }, null, 2));
    return exitCode;
  }
  const isFrozen = freeze !== null && (freeze.until === null || Date.parse(freeze.until) > now);
  const lines = [
    ...(isFrozen ? [`FROZEN by ${freeze.by}: ${visibleLine(freeze.reason, 400)}`] : []),
    ...alignedLines(listed.map((each) => rowOf(each, now))),
  ];
  context.print(visible(lines.length === 0 ? "no rollout yet" : lines.join("\n")));
  return exitCode;
}
