import type { GateError } from "../../domain/errors.ts";

/** How patient a caller is. */
export interface RetryPolicy {
  /** Further attempts after a retryable failure other than a rate limit. */
  readonly retries: number;
  /** First delay in milliseconds; each further one doubles, up to `maxDelayMs`. */
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** Longest time that one call waits out rate limits, and longest `Retry-After` that is waited for. */
  readonly maxWaitMs: number;
  /** Calls in a row that fail after all retries before the server counts as dead. */
  readonly deadAfter: number;
}

export const DEFAULT_RETRY_POLICY: RetryPolicy = {
  retries: 3,
  baseDelayMs: 1_000,
  maxDelayMs: 30_000,
  maxWaitMs: 120_000,
  deadAfter: 5,
};

/** The failures of one call so far. */
export interface CallHistory {
  readonly failures: number;
  readonly rateLimits: number;
  /** Milliseconds since the first rate limit of this call. */
  readonly limitedForMs: number;
}

/**
 * Milliseconds to wait before the next attempt, or null to give up. Half of the exponential delay is random, so that
 * calls that failed together do not come back together; what the server asked for is the least.
 */
export function nextDelay(
  failure: GateError,
  { failures, rateLimits, limitedForMs }: CallHistory,
  policy: RetryPolicy,
  random: () => number,
): number | null {
  if (!failure.retryable || failure.fatal) return null;
  const limited = failure.code === "RATE_LIMITED";
  if (!limited && failures > policy.retries) return null;
  const doublings = Math.min(30, (limited ? rateLimits : failures) - 1);
  const full = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** doublings);
  const delay = Math.max(failure.retryAfterMs ?? 0, full * (0.5 + 0.5 * random()));
  return (limited ? limitedForMs : 0) + delay > policy.maxWaitMs ? null : delay;
}
