import * as z from "zod";
import { GateError } from "../../domain/errors.ts";
import type { Store } from "../../domain/store.ts";

const EVENTS_KEY = "events";
const SCHEMA = "promptgate/events@1";

const time = z.iso.datetime();
const sentDocument = z.strictObject({
  schema: z.literal(SCHEMA),
  /** What happened before is not told. */
  since: time,
  sent: z.array(z.strictObject({ id: z.string(), at: time })),
});

/** An event that arrived, and when it had happened. */
export interface SentEvent {
  readonly id: string;
  readonly at: string;
}

export interface SentEvents {
  readonly since: string;
  readonly sent: readonly SentEvent[];
}

function parse(text: string): SentEvents {
  try {
    return sentDocument.parse(JSON.parse(text));
  } catch (error) {
    throw new GateError("STORE_CORRUPT", `the document \`${EVENTS_KEY}\` of the store cannot be read`, {
      hint: "move it away: events of the last day are sent once more, and receivers know them by their id",
      cause: error,
    });
  }
}

/** What was sent before; null when nothing ever was. Throws `STORE_CORRUPT`. */
export async function readSentEvents(store: Store): Promise<SentEvents | null> {
  const stored = await store.read(EVENTS_KEY);
  return stored === null ? null : parse(stored.text);
}

const ATTEMPTS = 5;

/** Remembers what was sent; two that send at once keep what both sent. Throws `STORAGE_FAILED` when others go on winning. */
export async function rememberSent(
  store: Store,
  { since, sent }: SentEvents,
  /** Events before that need not be remembered: they are never sent again. */
  oldest: string,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const before = await store.read(EVENTS_KEY);
    const known = before === null ? { since, sent: [] } : parse(before.text);
    const all = new Map([...known.sent, ...sent].map((event) => [event.id, event]));
    const kept = [...all.values()].filter(({ at }) => at >= oldest);
    const document = { schema: SCHEMA, since: known.since, sent: kept };
    const text = `${JSON.stringify(document, null, 2)}\n`;
    const written = await store.write(EVENTS_KEY, text, before?.revision ?? null);
    if (written.kind === "written") return;
  }
  throw new GateError(
    "STORAGE_FAILED",
    `the document \`${EVENTS_KEY}\` was being written by others all the time`,
  );
}
