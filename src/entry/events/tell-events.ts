import type { LedgerEntry } from "../../domain/ledger.ts";
import type { NotifySettings } from "../../domain/project.ts";
import type { Store } from "../../domain/store.ts";
import { faultOf } from "../promotion/rollback-steps.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import { openRollouts, type RolloutScope } from "../rollout/scope.ts";
import { eventOf, isTold } from "./event.ts";
import { postEvent } from "./post-event.ts";
import { readSentEvents, rememberSent, type SentEvent, type SentEvents } from "./sent-events.ts";

const DAY_MS = 86_400_000;

/** An event that nobody took for so long is given up. */
const KEPT_MS = 7 * DAY_MS;

/** So many are sent in one go; the next look sends the rest. */
const LIMIT = 100;

const PAGE = 200;

/** Entries since a time, oldest first. */
async function entriesSince(store: Store, since: string): Promise<LedgerEntry[]> {
  const found: LedgerEntry[] = [];
  let page = await store.ledger(null, { limit: PAGE });
  for (;;) {
    found.push(...page.items);
    const last = page.items.at(-1);
    if (page.next === null || last === undefined || last.at < since) break;
    page = await store.ledger(null, { limit: PAGE, cursor: page.next });
  }
  return found.filter(({ at }) => at >= since).toReversed();
}

interface Sending {
  readonly scope: Pick<RolloutScope, "context">;
  readonly notify: NotifySettings;
}

/** Sends in the order of what happened, until nothing arrives any more. */
async function sendAll(
  { scope: { context }, notify }: Sending,
  entries: readonly LedgerEntry[],
): Promise<SentEvent[]> {
  const sent: SentEvent[] = [];
  for (const entry of entries.slice(0, LIMIT)) {
    const delivery = await postEvent(notify, eventOf(entry), {
      now: context.clock.now(),
      signal: context.signal,
    });
    if (delivery.kind === "delivered") sent.push({ id: entry.id, at: entry.at });
    else {
      const left = entries.length - sent.length;
      context.log.warn(`notify: ${entry.kind} of ${entry.prompt} did not arrive (${delivery.reason})`);
      if (delivery.kind === "unreachable") {
        context.log.warn(`notify: ${left} event${left === 1 ? "" : "s"} wait for the next look`);
        return sent;
      }
    }
  }
  return sent;
}

async function tell(sending: Sending, store: Store): Promise<void> {
  const now = sending.scope.context.clock.now();
  const known: SentEvents = (await readSentEvents(store)) ?? {
    since: new Date(now - DAY_MS).toISOString(),
    sent: [],
  };
  const oldest = new Date(now - KEPT_MS).toISOString();
  const since = known.since > oldest ? known.since : oldest;
  const done = new Set(known.sent.map(({ id }) => id));
  const entries = (await entriesSince(store, since)).filter((entry) => isTold(entry) && !done.has(entry.id));
  if (entries.length === 0) return;
  const sent = await sendAll(sending, entries);
  if (sent.length > 0) await rememberSent(store, { since: known.since, sent }, oldest);
}

/**
 * Tells the webhook of everything in the ledger that it has not heard of: at least once each, known by its id. What does
 * not arrive is tried by the next look. Never throws: nobody's rollout waits for a receiver.
 */
export async function tellEvents(scope: Pick<RolloutScope, "context" | "settings" | "open">): Promise<void> {
  const { notify } = scope.settings;
  if (notify === null) return;
  if (notify.kind === "unusable") {
    scope.context.log.warn(`notify: nothing is sent: ${notify.reason}`);
    return;
  }
  try {
    await tell({ scope, notify: notify.value }, scope.open().store);
  } catch (error) {
    scope.context.log.warn(`notify: ${faultOf(error)}`);
  }
}

/** The same after a command that needs nothing of the config of rollouts, which may be broken. Never throws. */
export async function tellEventsAfter(
  context: CommandContext,
  options: Pick<CommonOptions, "config">,
): Promise<void> {
  try {
    await tellEvents(await openRollouts(context, options));
  } catch (error) {
    context.log.warn(`notify: ${faultOf(error)}`);
  }
}
