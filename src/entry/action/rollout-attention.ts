import { FULL_WEIGHT } from "../../domain/release.ts";
import { isActive, type RolloutState } from "../../domain/rollout-state.ts";
import { code, prose } from "../../report/markdown-text.ts";
import { minute } from "../registry/lines.ts";

/** What people have to look at in one rollout; null where nobody has to. */
export interface Attention {
  readonly title: string;
  /** Markdown; the same for the same state, so that a repeated run changes nothing. */
  readonly body: string;
}

const HOUR_MS = 3_600_000;
/** A rollback is told for so long, in case the run that made it could not. */
const TOLD_FOR_MS = 7 * 24 * HOUR_MS;

/** `5` of a weight in 1/100,000. */
export function percentOf(weight: number): string {
  return String(Number(((100 * weight) / FULL_WEIGHT).toFixed(3)));
}

function stepName({ strategy, step }: RolloutState): string {
  return strategy.steps[step]?.name ?? String(step);
}

function rolledBack(state: RolloutState): Attention {
  const { prompt, candidate, stable, outcome, endedAt } = state;
  const lines = [
    `${code(`${prompt}@${candidate.version}`)} was rolled back at the step ${code(stepName(state))}. Everybody has ${code(stable.version)}.`,
    "",
    `- when: ${minute(endedAt ?? state.updatedAt)}`,
    `- reason: ${code(outcome?.reason ?? "not recorded")}`,
    ...(outcome === null ? [] : [`- ${prose(outcome.message, 600)}`]),
    "",
    `${code(`promptgate rollout get ${prompt}`)} shows what was measured, ${code(`promptgate history ${prompt}`)} what was done.`,
  ];
  return { title: `${prompt}@${candidate.version} was rolled back`, body: lines.join("\n") };
}

function holding(state: RolloutState, since: number): Attention {
  const { prompt, candidate, hold, stepEnteredAt } = state;
  const lines = [
    `${code(`${prompt}@${candidate.version}`)} does not leave the step ${code(stepName(state))}.`,
    "",
    `- in this step since: ${minute(stepEnteredAt)}`,
    `- could have left it since: ${minute(new Date(since).toISOString())}`,
    `- reason: ${code(hold?.reason ?? "not recorded")}`,
    "",
    `${code(`promptgate rollout get ${prompt}`)} shows what is missing. Nothing is raised until it is there; ${code(`promptgate rollback ${prompt} --reason TEXT`)} ends it.`,
  ];
  return { title: `${prompt}@${candidate.version} is held`, body: lines.join("\n") };
}

/**
 * Since when only the hold keeps it where it is: before the step's soak is over, and before an end that is known, it is a
 * plan. Not since the hold's reason, which may change with every look. Null where nothing holds it, or not for too long.
 */
function heldTooLong(state: RolloutState, now: number, longestMs: number): number | null {
  const { phase, hold, strategy, step, stepEnteredAt } = state;
  if (hold === null || !isActive(phase) || phase === "queued") return null;
  const soaked = Date.parse(stepEnteredAt) + (strategy.steps[step]?.minSoakMs ?? 0);
  const since = hold.until === null ? soaked : Math.max(soaked, Date.parse(hold.until));
  return now - since > longestMs ? since : null;
}

/** Decides by the state and not by what one run did: a run that was late, lost or repeated changes nothing. */
export function attentionOf(state: RolloutState, now: number, longestHoldMs: number): Attention | null {
  const { phase, endedAt } = state;
  if (phase === "rolled-back") {
    return endedAt !== null && now - Date.parse(endedAt) < TOLD_FOR_MS ? rolledBack(state) : null;
  }
  const since = heldTooLong(state, now, longestHoldMs);
  return since === null ? null : holding(state, since);
}
