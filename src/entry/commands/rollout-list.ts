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

/** One rollout as `list` and `status` print it with `--json`; null = there is none. */
export function rolloutDocument(rollout: ReadRollout): Readonly<Record<string, unknown>> | null {
  if (rollout.kind === "none") return null;
  if (rollout.kind === "corrupt") return { error: rollout.reason };
  const { state } = rollout;
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

/** One rollout in one line, as cells. */
export function rolloutRow(rollout: ReadRollout, now: number): string[] {
  if (rollout.kind === "none") return ["none"];
  if (rollout.kind === "corrupt") return ["UNREADABLE", visibleLine(rollout.reason, 400)];
  const { state } = rollout;
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
    const rollouts = listed.map(({ prompt, rollout }) => ({ prompt, ...rolloutDocument(rollout) }));
    context.print(JSON.stringify({ schema: "promptgate/rollouts@1", rollouts, freeze, exitCode }, null, 2));
    return exitCode;
  }
  const isFrozen = freeze !== null && (freeze.until === null || Date.parse(freeze.until) > now);
  const lines = [
    ...(isFrozen ? [`FROZEN by ${freeze.by}: ${visibleLine(freeze.reason, 400)}`] : []),
    ...alignedLines(listed.map(({ prompt, rollout }) => [prompt, ...rolloutRow(rollout, now)])),
  ];
  context.print(visible(lines.length === 0 ? "no rollout yet" : lines.join("\n")));
  return exitCode;
}
