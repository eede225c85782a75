import type { ServeEvent } from "./options.ts";

/** Who was served what: an event of `onServe`, or the prompt that `getPrompt` gave and its unit. */
export type ServedUnit = Pick<ServeEvent, "prompt" | "version" | "unit">;

/** What became of one served prompt. */
export interface Outcome {
  readonly at: Date;
  /** By metric; null = not scored. */
  readonly scores?: Readonly<Record<string, number | null>>;
  /** True when the request failed. */
  readonly error?: boolean;
  readonly latencyMs?: number;
  readonly costUsd?: number;
}

/**
 * One line, with its newline, of the `jsonl` metrics source: which version a unit was served and what became of it. Keys
 * without a value are left out: no measurement is not 0. Throws `RangeError` on an invalid time or number.
 */
export function metricsLine({ prompt, version, unit }: ServedUnit, outcome: Outcome): string {
  const { at, scores, error, latencyMs, costUsd } = outcome;
  for (const number of [...Object.values(scores ?? {}), latencyMs, costUsd]) {
    if (typeof number === "number" && !Number.isFinite(number))
      throw new RangeError("a metric is not a number");
  }
  const known = unit === null ? {} : { unit };
  return `${JSON.stringify({ at: at.toISOString(), prompt, version, ...known, scores, error, latencyMs, costUsd })}\n`;
}
