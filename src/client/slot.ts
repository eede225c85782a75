import type { Clock } from "../domain/ports.ts";
import type { ServedPrompt } from "./served.ts";
import type { Snapshot } from "./snapshot.ts";

/** A snapshot and when the registry said so, maybe to another process; milliseconds since 1970. */
export interface Loaded {
  readonly snapshot: Snapshot;
  readonly at: number;
}

/** What a slot knows. A new one after every look at the registry. */
interface SlotState {
  /** The last good one; never forgotten. */
  readonly loaded: Loaded | null;
  /** What went wrong at the last look. */
  readonly problem: Error | null;
  /** What was made of it so far, by circumstances: made once, however many units get it. */
  readonly served: Map<string, ServedPrompt>;
}

/** One cached snapshot: read once however many ask, and served while it is renewed. */
export interface Slot {
  /** What is known, at once; renewed behind the scenes when it is time. */
  look(): SlotState;
  /** Waits while nothing is known, but not again right after a failure. Never rejects. */
  settle(): Promise<void>;
}

export interface SlotOptions {
  /** Milliseconds. */
  readonly ttl: number;
  readonly clock: Clock;
  readonly load: (previous: Loaded | null) => Promise<Loaded>;
  readonly onProblem: (problem: Error) => void;
}

const FIRST_RETRY_MS = 1000;

/** A clock that was set back makes everything old: better one read too many. */
export function isWithin(from: number, span: number, now: number): boolean {
  return now >= from && now < from + span;
}

/** An empty slot; `load` rejects when there is nothing to serve. */
export function slot({ ttl, clock, load, onProblem }: SlotOptions): Slot {
  let state: SlotState = { loaded: null, problem: null, served: new Map() };
  let loading: Promise<void> | null = null;
  let pause = 0;
  let pausedAt = 0;

  async function reload(): Promise<void> {
    let { loaded } = state;
    let problem: Error | null;
    try {
      loaded = await load(loaded);
      ({ problem } = loaded.snapshot);
      pausedAt = loaded.at;
    } catch (error) {
      problem = error as Error;
    }
    state = { loaded, problem, served: new Map() };
    loading = null;
    if (problem) {
      // A source that is down is asked less and less often, at last once per TTL.
      pause = Math.min(ttl, pause * 2 || FIRST_RETRY_MS);
      pausedAt = clock.now();
      onProblem(problem);
    } else pause = 0;
  }

  function refresh(): Promise<void> | null {
    const known = pause || state.loaded;
    return known && isWithin(pausedAt, pause || ttl, clock.now()) ? null : (loading ??= reload());
  }

  return {
    look() {
      void refresh();
      return state;
    },
    async settle() {
      if (!state.loaded) await refresh();
    },
  };
}
