import type { Completion } from "../domain/model.ts";

/** An answer as the engine sees it, wherever it came from. */
export interface Answer {
  readonly completion: Completion;
  /** True when no call was made for it in this run: its latency is not a fresh measurement. */
  readonly cached: boolean;
  /** US dollars; null = unknown price or usage. */
  readonly costUsd: number | null;
}
