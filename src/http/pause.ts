import { setTimeout as sleep } from "node:timers/promises";
import { GateError } from "../domain/errors.ts";

interface Pause {
  /** Handed in by tests. */
  readonly wait: ((milliseconds: number) => Promise<unknown>) | undefined;
  readonly signal: AbortSignal;
}

/** Waits between two calls; throws `INTERRUPTED`. */
export async function pause(milliseconds: number, { wait, signal }: Pause): Promise<void> {
  try {
    await (wait?.(milliseconds) ?? sleep(milliseconds, undefined, { signal }));
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new GateError("INTERRUPTED", "waiting for the platform was interrupted");
  }
}
