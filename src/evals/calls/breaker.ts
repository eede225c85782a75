import { GateError } from "../../domain/errors.ts";

/** Ends everything that waits when no further call can succeed. */
export interface Breaker {
  /** Aborts when the breaker trips: wakes whoever sleeps. */
  readonly signal: AbortSignal;
  /** Throws what tripped the breaker, if something did. */
  readonly check: () => void;
  /** The first error counts. */
  readonly trip: (error: GateError) => void;
}

/** A breaker that the run's signal trips with `INTERRUPTED`; `close` is told of the error once. */
export function createBreaker(run: AbortSignal, close: (error: GateError) => void): Breaker {
  const controller = new AbortController();
  let reason: GateError | undefined;
  const trip = (error: GateError): void => {
    if (reason !== undefined) return;
    reason = error;
    controller.abort();
    close(error);
  };
  const interrupt = (): void =>
    trip(new GateError("INTERRUPTED", "the run was interrupted", { fatal: true }));
  run.addEventListener("abort", interrupt, { once: true });
  if (run.aborted) interrupt();
  return {
    signal: controller.signal,
    check: () => {
      if (reason !== undefined) throw reason;
    },
    trip,
  };
}
