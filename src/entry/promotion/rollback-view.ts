import { GateError } from "../../domain/errors.ts";
import type { Registry } from "../../domain/registry.ts";
import type { Store } from "../../domain/store.ts";
import { readRollout, type ReadRollout } from "./read-rollout.ts";
import { faultOf } from "./rollback-steps.ts";
import type { RollbackView } from "./rollback-target.ts";

/** Traffic must not wait for a store that does not answer. */
const PATIENCE_MS = 10_000;

/** Entries and moves that are looked through, newest first. */
const LIMIT = 1000;

/** What could be read. */
export interface RollbackSight {
  readonly view: RollbackView;
  /** `what: why`, of what could not be read and therefore decides nothing. */
  readonly notes: readonly string[];
  /** Why labels or their history could not be read; null when they were. */
  readonly historyFault: GateError | null;
}

interface Places {
  readonly registry: Registry;
  readonly store: Store | null;
  readonly storeFault: string | null;
  readonly prompt: string;
}

interface Read<Value> {
  readonly value: Value;
  readonly note: string | null;
  readonly fault: GateError | null;
}

async function inTime<Value>(work: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new GateError("NETWORK", `no answer within ${PATIENCE_MS / 1000} s`);
    timer = setTimeout(() => reject(error), PATIENCE_MS);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** What is there, or `otherwise` and why it could not be read. */
async function tryRead<Value>(
  what: string,
  read: () => Promise<Value>,
  otherwise: Value,
): Promise<Read<Value>> {
  try {
    return { value: await inTime(read()), note: null, fault: null };
  } catch (error) {
    const fault =
      error instanceof GateError ? error : new GateError("INTERNAL", faultOf(error), { cause: error });
    return { value: otherwise, note: `${what}: ${faultOf(error)}`, fault };
  }
}

function notesOf(reads: readonly Read<unknown>[]): string[] {
  return reads.flatMap(({ note }) => (note === null ? [] : [note]));
}

type StoreView = Pick<RollbackView, "state" | "takenBack">;

async function readStore({ store, prompt }: Places): Promise<{ known: StoreView; notes: readonly string[] }> {
  if (store === null) return { known: { state: null, takenBack: [] }, notes: [] };
  const [rollout, ledger] = await Promise.all([
    tryRead<ReadRollout>("rollout state", () => readRollout(store, prompt), { kind: "none" }),
    tryRead("ledger", async () => (await store.ledger(prompt, { limit: LIMIT })).items, []),
  ]);
  const takenBack = ledger.value.flatMap(({ kind, version, at }) =>
    kind === "rolled-back" && version !== null ? [{ version, at }] : [],
  );
  const state = rollout.value.kind === "state" ? rollout.value.state : null;
  return { known: { state, takenBack }, notes: notesOf([rollout, ledger]) };
}

/** Reads what a rollback goes by and throws for none of it. With a named version the store is not asked. */
export async function readRollbackView(places: Places, isNamed: boolean): Promise<RollbackSight> {
  const { registry, storeFault, prompt } = places;
  const [release, labels, history] = await Promise.all([
    tryRead("release document", () => registry.readRelease(prompt), null),
    tryRead("labels", () => registry.listLabels(prompt), []),
    tryRead("history of labels", async () => (await registry.history(prompt, { limit: LIMIT })).items, []),
  ]);
  // Beside a live canary the stable version is the answer, whatever the store would say.
  const isLive = (release.value?.candidate?.weight ?? 0) > 0;
  const asked =
    isLive || isNamed ? { known: { state: null, takenBack: [] }, notes: [] } : await readStore(places);
  const moves = history.value.filter(({ label }) => label === "production");
  return {
    view: { release: release.value, labels: labels.value, moves, ...asked.known },
    notes: [
      ...(storeFault === null ? [] : [`store: ${storeFault}`]),
      ...notesOf([release, labels, history]),
      ...asked.notes,
    ],
    historyFault: labels.fault ?? history.fault,
  };
}
