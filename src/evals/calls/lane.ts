/** Calls of one purpose to one model: how many may be under way adapts to what the server bears. */
export interface Lane {
  /** Runs `work` once there is a place and no pause; a retry goes before calls that were never sent. */
  readonly run: <Result>(work: () => Promise<Result>, retry: boolean) => Promise<Result>;
  /** The present epoch; an attempt notes it at its start for `congested`. */
  readonly epoch: () => number;
  /** One more call at a time after as many successes as there are places. */
  readonly accepted: () => void;
  /** Half as many at a time; once for all attempts of one epoch, for they met the same congestion. */
  readonly congested: (epoch: number) => void;
  /** Nothing starts for so many milliseconds from now. */
  readonly pause: (milliseconds: number) => void;
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

/** Additive increase, multiplicative decrease, as in TCP congestion avoidance (RFC 5681 section 3.1). */
export function createLane({ ceiling, monotonic, sleep }: LaneOptions): Lane {
  const places = createPlaces(ceiling);
  let window = ceiling;
  let epoch = 0;
  let pausedUntil = Number.NEGATIVE_INFINITY;

  async function pauseOver(): Promise<void> {
    for (let left = pausedUntil - monotonic(); left > 0; left = pausedUntil - monotonic()) await sleep(left);
  }

  return {
    run: async (work, retry) => {
      await places.enter(retry);
      try {
        await pauseOver();
        return await work();
      } finally {
        places.leave();
      }
    },
    epoch: () => epoch,
    accepted: () => {
      window = Math.min(ceiling, window + 1 / window);
      places.resize(Math.floor(window));
    },
    congested: (seen) => {
      if (seen !== epoch) return;
      epoch += 1;
      window = Math.max(1, window / 2);
      places.resize(Math.floor(window));
    },
    pause: (milliseconds) => {
      pausedUntil = Math.max(pausedUntil, monotonic() + milliseconds);
    },
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
