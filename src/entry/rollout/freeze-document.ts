import * as z from "zod";
import { GateError } from "../../domain/errors.ts";
import type { RolloutFreeze } from "../../domain/rollout-decision.ts";
import type { Store } from "../../domain/store.ts";

const FREEZE_KEY = "freeze";
const SCHEMA = "promptgate/freeze@1";

const text = z.string().min(1).max(4000);
const time = z.iso.datetime();

const freezeDocument = z.strictObject({
  schema: z.literal(SCHEMA),
  freeze: z.strictObject({ by: text, reason: text, since: time, until: time.nullable() }).nullable(),
});

/** The freeze that somebody ordered for the whole project, as it stands in the store. */
type ReadFreeze =
  | { readonly kind: "read"; readonly freeze: RolloutFreeze | null; readonly revision: string | null }
  | { readonly kind: "corrupt"; readonly reason: string };

function parse(stored: string): RolloutFreeze | null | string {
  try {
    const parsed = freezeDocument.safeParse(JSON.parse(stored));
    return parsed.success ? parsed.data.freeze : "it is not the document of a freeze";
  } catch {
    return "it is not JSON";
  }
}

async function readFreeze(store: Store): Promise<ReadFreeze> {
  const stored = await store.read(FREEZE_KEY);
  if (stored === null) return { kind: "read", freeze: null, revision: null };
  const freeze = parse(stored.text);
  return typeof freeze === "string"
    ? { kind: "corrupt", reason: freeze }
    : { kind: "read", freeze, revision: stored.revision };
}

/** The freeze as a decision sees it: one that cannot be read is on, since nobody can say that it is off. */
export async function freezeInForce(store: Store, now: number): Promise<RolloutFreeze | null> {
  const found = await readFreeze(store);
  if (found.kind === "read") return found.freeze;
  const reason = `the document \`${FREEZE_KEY}\` of the store cannot be read (${found.reason})`;
  return { by: "promptgate", reason, since: new Date(now).toISOString(), until: null };
}

/** Orders a freeze, or ends it with null. Throws `STORE_CORRUPT` and, after a lost race, `REGISTRY_CONFLICT`. */
export async function writeFreeze(store: Store, freeze: RolloutFreeze | null): Promise<void> {
  const before = await readFreeze(store);
  if (before.kind === "corrupt") {
    throw new GateError("STORE_CORRUPT", `the document \`${FREEZE_KEY}\` of the store: ${before.reason}`, {
      hint: "restore it or move it away; until then nothing is raised, and nothing was overwritten",
    });
  }
  const document = { schema: SCHEMA, freeze };
  const written = await store.write(FREEZE_KEY, `${JSON.stringify(document, null, 2)}\n`, before.revision);
  if (written.kind === "written") return;
  throw new GateError("REGISTRY_CONFLICT", "somebody else changed the freeze at this moment", {
    hint: "look at promptgate rollout list and decide again",
  });
}
