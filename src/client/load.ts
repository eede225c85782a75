import type { Clock } from "../domain/ports.ts";
import { asError, readSnapshot, type Snapshot } from "./snapshot.ts";
import type { Loaded } from "./slot.ts";
import type { ReleaseSource } from "./source.ts";
import { KEEP_MS, parseEntry, renderEntry, type SharedCache, type SharedEntry } from "./shared-cache.ts";
import { within } from "./within.ts";

export interface LoaderOptions {
  readonly source: ReleaseSource;
  readonly cache: SharedCache | null;
  readonly clock: Clock;
  readonly ttl: number;
  /** Milliseconds for everything that the registry is asked at a time. */
  readonly deadline: number;
  readonly onProblem: (prompt: string, error: Error) => void;
}

type Load = (prompt: string, label: string | null, previous: Snapshot | null) => Promise<Loaded>;

/** The cache is there to be quick: slower than this it is as good as absent. */
const CACHE_DEADLINE_MS = 250;

/** Reads a snapshot from the shared cache while it is young enough, else from the registry. */
export function loader({ source, cache, clock, ttl, deadline, onProblem }: LoaderOptions): Load {
  async function readShared(prompt: string, key: string): Promise<SharedEntry | null> {
    if (cache === null) return null;
    try {
      return parseEntry(await within(CACHE_DEADLINE_MS, () => cache.get(key)));
    } catch (error) {
      onProblem(prompt, asError(error));
      return null;
    }
  }

  function writeShared(prompt: string, key: string, text: string): void {
    if (cache === null) return;
    within(CACHE_DEADLINE_MS, async () => cache.set(key, text, KEEP_MS)).catch((error: unknown) => {
      onProblem(prompt, asError(error));
    });
  }

  return async function load(prompt, label, previous) {
    const key = label === null ? prompt : `${prompt}@${label}`;
    const at = clock.now();
    const entry = await readShared(prompt, key);
    const fromEntry = async ({ source }: SharedEntry): Promise<Snapshot> =>
      within(deadline, (signal) => readSnapshot({ prompt, label, source, previous, signal }));
    if (entry !== null && entry.at <= at && entry.at + ttl > at) {
      const snapshot = await fromEntry(entry).catch(() => null);
      if (snapshot?.problem === null) return { snapshot, at: entry.at, problem: null };
    }
    try {
      const snapshot = await within(deadline, (signal) =>
        readSnapshot({ prompt, label, source, previous, signal }),
      );
      if (snapshot.problem === null) writeShared(prompt, key, renderEntry(snapshot, at));
      return { snapshot, at, problem: snapshot.problem };
    } catch (error) {
      const snapshot = previous === null && entry !== null ? await fromEntry(entry).catch(() => null) : null;
      if (snapshot === null || entry === null) throw error;
      return { snapshot, at: entry.at, problem: asError(error) };
    }
  };
}
