import type { CachedRead, ReleaseSource, SharedCache } from "./source.ts";
import { isWithin, type Loaded } from "./slot.ts";
import { within } from "./within.ts";

/** Texts by key, shared by processes. Faults of it cost a look at the registry and nothing else. */
export interface TextStore {
  /** Null for what is not there. */
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
}

/** The store is there to be quick: slower than this it is as good as absent. */
const STORE_DEADLINE_MS = 250;
/** Beyond every TTL: a process that starts while the registry is down has the last known good of the others. */
const KEEP_MS = 86_400_000;

/** A stored snapshot is a source in itself: its documents are checked like any other's. */
function parseEntry(text: string): { readonly at: number; readonly source: ReleaseSource } {
  const { at, release, versions } = JSON.parse(text);
  return {
    at,
    source: {
      readRelease: async () => release,
      readVersion: async (_, reference) =>
        reference.kind === "version"
          ? (versions.find(({ version }: { version: unknown }) => version === reference.version) ?? null)
          : versions[0],
    },
  };
}

function renderEntry({ snapshot, at }: Loaded): string {
  const { release, versions } = snapshot;
  return JSON.stringify({ at, release, versions: [...versions.values()] });
}

async function readStore(
  store: TextStore,
  key: string,
  { read, onProblem }: CachedRead,
): Promise<Loaded | null> {
  try {
    const text = await within(STORE_DEADLINE_MS, async () => store.get(key));
    if (text === null) return null;
    const { at, source } = parseEntry(text);
    const snapshot = await read(source);
    return snapshot.problem === null && Number.isFinite(at) ? { snapshot, at } : null;
  } catch (error) {
    onProblem(error as Error);
    return null;
  }
}

/**
 * Lets processes share what one of them read: younger than the TTL it spares the others a look at the registry, older it
 * is the last known good of a process that starts while the registry is down. `prefix` keeps registries apart.
 */
export function sharedCache(store: TextStore, prefix = "promptgate:"): SharedCache {
  return async function readThrough(request) {
    const { now, ttl, previous, read, source, onProblem } = request;
    const key = `${prefix}1:${request.key}`;
    const shared = await readStore(store, key, request);
    const isNewer = shared !== null && shared.at > (previous?.at ?? 0);
    if (isNewer && isWithin(shared.at, ttl, now)) return shared;
    try {
      const loaded = { snapshot: await read(source), at: now };
      if (loaded.snapshot.problem === null) {
        within(STORE_DEADLINE_MS, async () => store.set(key, renderEntry(loaded), KEEP_MS)).catch(onProblem);
      }
      return loaded;
    } catch (error) {
      if (previous !== null || shared === null) throw error;
      const problem = error as Error;
      return { snapshot: { ...shared.snapshot, problem }, at: shared.at };
    }
  };
}
