import { createHmac } from "node:crypto";
import type { LedgerEntry } from "../../domain/ledger.ts";

/** What a webhook gets: one entry of the ledger, without its figures. */
export interface RolloutEventDocument {
  readonly schema: "promptgate/event@1";
  /** Of the entry: the same event has the same one however often it arrives. */
  readonly id: string;
  readonly type: string;
  readonly prompt: string;
  readonly version: string | null;
  /** ISO 8601, UTC: when it happened, not when it was sent. */
  readonly at: string;
  readonly by: string;
  readonly message: string;
  /** A machine word such as `harm(quality)`; null for what is no decision of a rollout. */
  readonly reason: string | null;
  readonly rolloutId: string | null;
  readonly from: unknown;
  readonly to: unknown;
}

/** Transitions are told, and holds that a person should hear of; an hourly "still waiting" is not. */
export function isTold({ kind, details }: LedgerEntry): boolean {
  return kind !== "held" || details["notify"] === true;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** An entry of the ledger as an event. */
export function eventOf(entry: LedgerEntry): RolloutEventDocument {
  const { id, kind, prompt, version, at, by, reason, details } = entry;
  return {
    schema: "promptgate/event@1",
    id,
    type: kind,
    prompt,
    version,
    at,
    by,
    message: reason,
    reason: text(details["word"]),
    rolloutId: text(details["rolloutId"]),
    from: details["from"] ?? null,
    to: details["to"] ?? null,
  };
}

/** `t=<seconds since 1970>,v1=<hex of HMAC-SHA256(secret, "<t>.<body>")>`; `now` in milliseconds. */
export function signature(secret: string, body: string, now: number): string {
  const seconds = Math.floor(now / 1000);
  const digest = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return `t=${seconds},v1=${digest}`;
}
