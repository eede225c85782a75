import type { NotifySettings } from "../../domain/project.ts";
import { visibleLine } from "../../domain/visible.ts";
import { signature, type RolloutEventDocument } from "./event.ts";

/** What a receiver made of an event. Reasons name neither address nor secret. */
export type Delivery =
  | { readonly kind: "delivered" }
  /** This event was not wanted; the next one may be. */
  | { readonly kind: "refused"; readonly reason: string }
  /** Nothing arrives at present. */
  | { readonly kind: "unreachable"; readonly reason: string };

const DEADLINE_MS = 10_000;

function faultOf(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError") {
    return `no answer within ${DEADLINE_MS / 1000} s`;
  }
  const cause = error instanceof Error ? error.cause : null;
  const code = typeof cause === "object" && cause !== null ? Reflect.get(cause, "code") : null;
  return typeof code === "string" ? visibleLine(code, 60) : "the connection failed";
}

function busy(status: number): boolean {
  return status >= 500 || status === 408 || status === 429;
}

/** Posts one event with its signature. Follows no redirect: the body is for the one address. Never throws. */
export async function postEvent(
  { url, secret }: NotifySettings,
  event: RolloutEventDocument,
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): Promise<Delivery> {
  const body = JSON.stringify(event);
  try {
    const answer = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: {
        "content-type": "application/json",
        "user-agent": "promptgate",
        "promptgate-event": event.id,
        "promptgate-signature": signature(secret, body, now),
      },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
    await answer.body?.cancel();
    if (answer.status >= 200 && answer.status < 300) return { kind: "delivered" };
    const reason = `HTTP ${answer.status}`;
    return busy(answer.status) ? { kind: "unreachable", reason } : { kind: "refused", reason };
  } catch (error) {
    return { kind: "unreachable", reason: faultOf(error) };
  }
}
