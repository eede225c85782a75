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

/** So many times a call comes back as early as the server says. */
const PROMPT_RETURNS = 3;

/** What one call went through so far. */
export interface Trouble {
  readonly failures: number;
  readonly rateLimits: number;
  /** When it first failed, and when it first met a rate limit, in milliseconds of a monotonic clock; Infinity = never. */
  readonly since: number;
  readonly limitedSince: number;
}

export const NO_TROUBLE: Trouble = { failures: 0, rateLimits: 0, since: Infinity, limitedSince: Infinity };

/** The trouble of a call after one more failure. */
export function afterFailure(trouble: Trouble, failure: GateError, now: number): Trouble {
  const since = Math.min(trouble.since, now);
  if (failure.code !== "RATE_LIMITED") return { ...trouble, since, failures: trouble.failures + 1 };
  const limitedSince = Math.min(trouble.limitedSince, now);
  return { ...trouble, since, limitedSince, rateLimits: trouble.rateLimits + 1 };
}

/**
 * Milliseconds to wait before the next attempt, or null to give up. Half of the exponential delay is random, so that
 * calls that failed together do not come back together; what the server asked for is the least. A rate limit is waited
 * out for as long as the server asks and up to a quarter more; from the fourth one of a call on, twice as long each time.
 */
export function nextDelay(
  failure: GateError,
  trouble: Trouble & { readonly now: number },
  policy: RetryPolicy,
  random: () => number,
): number | null {
  if (!failure.retryable || failure.fatal) return null;
  const limited = failure.code === "RATE_LIMITED";
  const asked = failure.retryAfterMs ?? 0;
  if (!limited && trouble.failures > policy.retries) return null;
  const waited = limited ? trouble.now - trouble.limitedSince : 0;
  if (limited && asked > 0) {
    const doublings = Math.min(30, Math.max(0, trouble.rateLimits - PROMPT_RETURNS));
    const wait = Math.max(asked, Math.min(policy.maxDelayMs, asked * 2 ** doublings));
    return waited + wait > policy.maxWaitMs ? null : wait * (1 + 0.25 * random());
  }
  const doublings = Math.min(30, (limited ? trouble.rateLimits : trouble.failures) - 1);
  const full = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** doublings);
  const delay = Math.max(asked, full * (0.5 + 0.5 * random()));
  return waited + delay > policy.maxWaitMs ? null : delay;
}
