import type { IncomingHttpHeaders } from "node:http";
import type { Allowance, RateLimits } from "../domain/model.ts";

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of `120ms`, `6m0s`, `2m59.56s` or plain seconds; null for anything else. */
function durationMs(text: string): number | null {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000;
  if (!/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) return null;
  const parts = text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g);
  return Array.from(parts).reduce(
    (sum, [, amount, unit]) => sum + Number(amount) * (UNITS[unit ?? ""] ?? 0),
    0,
  );
}

function count(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value.trim() : undefined;
}

function allowance(headers: IncomingHttpHeaders, what: "requests" | "tokens"): Allowance | null {
  const remaining = count(header(headers, `x-ratelimit-remaining-${what}`));
  const resetMs = durationMs(header(headers, `x-ratelimit-reset-${what}`) ?? "");
  if (remaining === null || resetMs === null) return null;
  return { remaining, resetMs, limit: count(header(headers, `x-ratelimit-limit-${what}`)) };
}

/** What OpenAI's `x-ratelimit-*` headers say is left; null = nothing that can be read. */
export function readRateLimits(headers: IncomingHttpHeaders): RateLimits | null {
  const requests = allowance(headers, "requests");
  const tokens = allowance(headers, "tokens");
  return requests === null && tokens === null ? null : { requests, tokens };
}
