import type { Allowance, RateLimits } from "../../domain/model.ts";

/** A server that says nothing sensible must not stop everything: its refusals say how long to wait. */
const LONGEST_MS = 30_000;

/**
 * Milliseconds between two calls, each of which uses `cost`, so that the allowance is not used up; 0 while it covers
 * `places` calls. With a known limit, what was used comes back evenly until the reset, as in a token bucket.
 */
function intervalOf({ remaining, limit, resetMs }: Allowance, cost: number, places: number): number {
  const calls = remaining / cost;
  if (calls >= places) return 0;
  const used = limit === null ? 0 : limit - remaining;
  return used > 0 ? (resetMs / used) * cost : resetMs / (calls + 1);
}

/** Milliseconds between the starts of two calls that stay below what the server allows; 0 = no need to hold back. */
export function paceOf(
  { requests, tokens }: RateLimits,
  { tokensPerCall, places }: { readonly tokensPerCall: number | null; readonly places: number },
): number {
  const byRequests = requests === null ? 0 : intervalOf(requests, 1, places);
  const known = tokens !== null && tokensPerCall !== null && tokensPerCall > 0;
  const byTokens = known ? intervalOf(tokens, tokensPerCall, places) : 0;
  return Math.min(LONGEST_MS, Math.max(byRequests, byTokens));
}
