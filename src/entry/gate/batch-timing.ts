import { setTimeout } from "node:timers/promises";
import { GateError } from "../../domain/errors.ts";
import { afterFailure, nextDelay, NO_TROUBLE, type RetryPolicy } from "../../evals/calls/backoff.ts";

/** How a batch is waited for. */
export interface BatchTiming {
  /** Rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** First pause between two looks at a batch; each further one is longer by half, up to a minute. */
  readonly pollMs: number;
  /** How long a batch may take to be created, for a minute at most, and to appear in the provider's list. */
  readonly settleMs: number;
}

export const BATCH_TIMING: BatchTiming = {
  sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
  pollMs: 1_000,
  settleMs: 90_000,
};

const LONGEST_PAUSE = 60_000;

/** The pause after `pause`. */
export function longerPause(pause: number): number {
  return Math.min(LONGEST_PAUSE, pause * 1.5);
}

/** A batch takes hours: a server that is away for some minutes ends nothing. */
const POLICY: RetryPolicy = {
  retries: 12,
  baseDelayMs: 1_000,
  maxDelayMs: LONGEST_PAUSE,
  maxWaitMs: 3_600_000,
  deadAfter: 1,
};

/** What waits for a batch, and what ends the waiting. */
export interface Waiting {
  readonly timing: BatchTiming;
  readonly signal: AbortSignal;
  readonly now: () => number;
}

/** Sleeps; throws the signal's reason when it aborts. */
export async function pauseFor({ timing, signal }: Waiting, milliseconds: number): Promise<void> {
  try {
    await timing.sleep(milliseconds, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** Repeats what can be repeated until it succeeds, fails for good, or has failed for too long. */
export async function patiently<Value>(waiting: Waiting, attempt: () => Promise<Value>): Promise<Value> {
  let trouble = NO_TROUBLE;
  for (;;) {
    try {
      waiting.signal.throwIfAborted();
      return await attempt();
    } catch (error) {
      waiting.signal.throwIfAborted();
      if (!(error instanceof GateError)) throw error;
      const now = waiting.now();
      trouble = afterFailure(trouble, error, now);
      const delay = nextDelay(error, { ...trouble, now }, POLICY, Math.random);
      if (delay === null) throw error;
      await pauseFor(waiting, delay);
    }
  }
}
