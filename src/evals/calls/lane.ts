/** Calls of one purpose to one model: how many may be under way adapts to what the server bears. */
export interface Lane {
  /** Runs `work` once there is a place and no pause; a retry goes before calls that were never sent. */
  readonly run: <Result>(work: () => Promise<Result>, retry: boolean) => Promise<Result>;
  /** The present epoch; an attempt notes it at its start. */
  readonly epoch: () => number;
  readonly accepted: (epoch: number) => void;
  /** Refused for its rate, or not answered in time. */
  readonly congested: (epoch: number) => void;
  /**
   * The server asks to wait. Where it accepted others meanwhile, only the call itself waits; where it refuses one call after
   * the other, each takes its place with it for so long, and longer the more of them there are.
   */
  readonly refused: (milliseconds: number) => void;
  /** From now on calls start at least so many milliseconds after each other. */
  readonly pace: (milliseconds: number) => void;
  /** Places there are now. */
  readonly size: () => number;
  /** Ends every wait with the error, now and from now on. */
  readonly close: (error: Error) => void;
}

export interface LaneOptions {
  /** Most calls under way, and the number to begin with. */
  readonly ceiling: number;
  readonly monotonic: () => number;
  /** Rejects when the lane's owner gives up. */
  readonly sleep: (milliseconds: number) => Promise<void>;
}

/** Longest time that a place stays empty after refusals, unless the server asks for more. */
const LONGEST_HOLD_MS = 30_000;

interface Window {
  readonly epoch: () => number;
  readonly count: (epoch: number, isCongested: boolean) => void;
}

/**
 * Additive increase, multiplicative decrease by the share of attempts that met congestion, as in DCTCP (RFC 8257 section
 * 3.3, with the share of one round): all of them = half as many at a time, none = one more, a tenth = about as many. A
 * round is as many attempts as there are places; those that began before the last decrease met the same congestion and do
 * not count again.
 */
function createWindow(ceiling: number, resize: (size: number) => void): Window {
  let window = ceiling;
  let epoch = 0;
  let round = { attempts: 0, congested: 0 };
  return {
    epoch: () => epoch,
    count: (seen, isCongested) => {
      if (seen !== epoch) return;
      round.attempts += 1;
      if (isCongested) round.congested += 1;
      if (round.attempts < Math.floor(window)) return;
      if (round.congested > 0) epoch += 1;
      const share = round.congested / round.attempts;
      window = Math.min(ceiling, Math.max(1, window * (1 - share / 2) + (1 - share)));
      round = { attempts: 0, congested: 0 };
      resize(Math.floor(window));
    },
  };
}

/** Calls under limits that adapt to what the server accepts. */
export function createLane({ ceiling, monotonic, sleep }: LaneOptions): Lane {
  const places = createPlaces(ceiling);
  const window = createWindow(ceiling, places.resize);
  let refusals = 0;
  let interval = 0;
  let lastStart = Number.NEGATIVE_INFINITY;

  /** Resolves when the pace allows a start, which is then taken. */
  async function turn(): Promise<void> {
    const left = (): number => lastStart + interval - monotonic();
    for (let wait = left(); wait > 0; wait = left()) await sleep(wait);
    lastStart = monotonic();
  }

  return {
    run: async (work, retry) => {
      await places.enter(retry);
      try {
        if (interval > 0) await turn();
        else lastStart = monotonic();
        return await work();
      } finally {
        places.leave();
      }
    },
    epoch: window.epoch,
    accepted: (epoch) => {
      refusals = 0;
      window.count(epoch, false);
    },
    congested: (epoch) => window.count(epoch, true),
    refused: (milliseconds) => {
      refusals += 1;
      if (refusals === 1) return;
      const patience = Math.min(LONGEST_HOLD_MS, milliseconds * 2 ** Math.floor(refusals / ceiling));
      const release = places.hold();
      void sleep(Math.max(milliseconds, patience)).then(release, release);
    },
    pace: (milliseconds) => {
      interval = milliseconds;
    },
    size: places.size,
    close: places.close,
  };
}

interface Waiter {
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

interface Places {
  readonly enter: (first: boolean) => Promise<void>;
  readonly leave: () => void;
  /** Keeps one more place empty until released. */
  readonly hold: () => () => void;
  readonly size: () => number;
  readonly resize: (size: number) => void;
  readonly close: (error: Error) => void;
}

function takeFirst(waiters: Set<Waiter>): Waiter | undefined {
  for (const waiter of waiters) {
    waiters.delete(waiter);
    return waiter;
  }
  return undefined;
}

/** A semaphore whose size changes, with two queues: those who go first, and the others, each in order of arrival. */
function createPlaces(initial: number): Places {
  const queues = { first: new Set<Waiter>(), other: new Set<Waiter>() };
  let size = initial;
  let taken = 0;
  let closed: Error | undefined;

  function admitWaiting(): void {
    while (taken < size) {
      const waiter = takeFirst(queues.first) ?? takeFirst(queues.other);
      if (waiter === undefined) return;
      taken += 1;
      waiter.admit();
    }
  }

  return {
    enter: async (first) => {
      if (closed !== undefined) throw closed;
      await new Promise<void>((admit, refuse) => {
        queues[first ? "first" : "other"].add({ admit, refuse });
        admitWaiting();
      });
    },
    leave: () => {
      taken -= 1;
      admitWaiting();
    },
    hold: () => {
      taken += 1;
      return () => {
        taken -= 1;
        admitWaiting();
      };
    },
    size: () => size,
    resize: (wanted) => {
      size = wanted;
      admitWaiting();
    },
    close: (error) => {
      closed ??= error;
      for (const waiter of [...queues.first, ...queues.other]) waiter.refuse(closed);
      queues.first.clear();
      queues.other.clear();
    },
  };
}
