import { GateError } from "../../domain/errors.ts";
import type { RunUsage } from "../../domain/gate-result.ts";
import type { Clock } from "../../domain/ports.ts";

interface Limits {
  /** US dollars; null = no limit. */
  readonly usd: number | null;
  readonly minutes: number | null;
}

/** Throws `BUDGET_REACHED` once the money or the time is gone. Asked before every call, so that no call exceeds it by more than those under way. */
export function budgetGuard(limits: Limits, usage: () => RunUsage, clock: Clock): () => void {
  const start = clock.now();
  const hint = "raise the budget and run the same command again: answers that were paid for are kept";
  return () => {
    const { costUsd } = usage();
    if (limits.usd !== null && costUsd !== null && costUsd >= limits.usd) {
      throw new GateError("BUDGET_REACHED", `no verdict: the budget of $${limits.usd} is used up`, { hint });
    }
    if (limits.minutes !== null && clock.now() - start >= limits.minutes * 60_000) {
      throw new GateError(
        "BUDGET_REACHED",
        `no verdict: the budget of ${limits.minutes} minutes is used up`,
        { hint },
      );
    }
  };
}
