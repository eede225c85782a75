import type { Clock } from "../domain/ports.ts";
import { asError, type Snapshot } from "./snapshot.ts";

/** What a slot knows: the last good snapshot, when it was read, and what went wrong since. */
export interface SlotState {
  readonly snapshot: Snapshot | null;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly problem: Error | null;
}

/** A snapshot and when the registry said so, which is earlier than now when another process asked. */
export interface Loaded {
  readonly snapshot: Snapshot;
  readonly at: number;
  readonly problem: Error | null;
}

export interface SlotOptions {
  readonly ttl: number;
  readonly clock: Clock;
  readonly load: (previous: Snapshot | null) => Promise<Loaded>;
  readonly onProblem: (error: Error) => void;
}

/** One cached snapshot: read once however many ask, served while it is renewed, never forgotten. */
export interface Slot {
  /** A new object after every load, so that what was derived from it can be kept by it. */
  readonly state: SlotState;
  /** Whether what is there was read less than a TTL ago. */
  isFresh(now: number): boolean;
  /** Whether it is time to read again. */
  isDue(now: number): boolean;
  /** Loads, or joins the load under way. Never rejects: what went wrong is in `state`. */
  refresh(): Promise<void>;
}

const FIRST_RETRY_MS = 1000;

export function slot({ ttl, clock, load, onProblem }: SlotOptions): Slot {
  let state: SlotState = { snapshot: null, at: 0, problem: null };
  let underWay: Promise<void> | null = null;
  let failures = 0;
  let failedAt = 0;

  /** A source that is down is asked less and less often, at last once per TTL. */
  function mustWait(now: number): boolean {
    const pause = Math.min(ttl, FIRST_RETRY_MS * 2 ** (failures - 1));
    return now >= failedAt && now < failedAt + pause;
  }

  function failed(error: Error): void {
    failures += 1;
    failedAt = clock.now();
    onProblem(error);
  }

  async function reload(): Promise<void> {
    try {
      state = await load(state.snapshot);
      if (state.problem === null) failures = 0;
      else failed(state.problem);
    } catch (error) {
      state = { ...state, problem: asError(error) };
      failed(asError(error));
    } finally {
      underWay = null;
    }
  }

  // A clock that was set back makes everything old: better one read too many.
  const isFresh = (now: number): boolean =>
    state.snapshot !== null && now >= state.at && now < state.at + ttl;
  return {
    get state() {
      return state;
    },
    isFresh,
    isDue: (now) => (failures === 0 ? !isFresh(now) : !mustWait(now)),
    async refresh() {
      underWay ??= reload();
      await underWay;
    },
  };
}
