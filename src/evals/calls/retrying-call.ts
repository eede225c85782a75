import { setMaxListeners } from "node:events";
import type { LimitFunction } from "p-limit";
import { GateError } from "../../domain/errors.ts";
import type { Completion, Model, ModelRequest, RateLimits } from "../../domain/model.ts";
import {
  afterFailure,
  DEFAULT_RETRY_POLICY,
  nextDelay,
  NO_TROUBLE,
  type RetryPolicy,
  type Trouble,
} from "./backoff.ts";
import { createBreaker, type Breaker } from "./breaker.ts";
import { createLane, type Lane } from "./lane.ts";
import { paceOf } from "./pacing.ts";
import type { Purpose } from "./usage.ts";

/** Told how an attempt ended: with this answer, or null without one. */
export type Settle = (completion: Completion | null) => void;

export interface RetryingCallOptions {
  readonly model: Model;
  /** The user's `-j`: one `pLimit(n)` for all callers of a run. */
  readonly slots: LimitFunction;
  /** Asked right before an attempt is sent; throws to refuse it, e.g. `BUDGET_REACHED`. */
  readonly admit?: (purpose: Purpose) => Settle | undefined;
  readonly policy?: RetryPolicy;
  /** Milliseconds of a clock that never jumps. */
  readonly monotonic: () => number;
  /** In [0,1). */
  readonly random: () => number;
  /** Rejects when the signal aborts. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** Aborts the run. */
  readonly signal: AbortSignal;
}

/** Sees the outcome of all calls of one model and notices when it is of no use to go on. */
interface Health {
  readonly succeeded: () => void;
  /** The error that a call ends with; trips the breaker where other calls would fare no better. */
  readonly gaveUp: (failure: GateError, trouble: Trouble) => GateError;
}

function restated(failure: GateError, message: string, fatal: boolean): GateError {
  const { code, hint, retryable } = failure;
  return new GateError(code, message, {
    cause: failure,
    fatal,
    retryable: retryable && !fatal,
    ...(hint === undefined ? {} : { hint }),
  });
}

function createHealth(breaker: Breaker, policy: RetryPolicy, monotonic: () => number): Health {
  let lastSuccess = Number.NEGATIVE_INFINITY;
  let failedInRow = 0;

  /** Why the whole model is given up, or null when the failure concerns one call. */
  function deadReason(failure: GateError, { since }: Trouble): string | null {
    if (!failure.retryable) return null;
    const limited = failure.code === "RATE_LIMITED";
    const seconds = policy.maxWaitMs / 1000;
    const wait = failure.retryAfterMs ?? 0;
    if (limited && wait > policy.maxWaitMs) {
      return `it asks to wait ${Math.ceil(wait / 1000)} s, longer than ${seconds} s`;
    }
    // Others were answered while this call failed: the fault is the call's, not the server's.
    if (lastSuccess >= since) return null;
    if (limited) return `no call was accepted for ${seconds} s`;
    failedInRow += 1;
    return failedInRow >= policy.deadAfter
      ? `${failedInRow} calls in a row failed, each after ${policy.retries} retries`
      : null;
  }

  return {
    succeeded: () => {
      lastSuccess = monotonic();
      failedInRow = 0;
    },
    gaveUp: (failure, trouble) => {
      const dead = deadReason(failure, trouble);
      if (failure.fatal) breaker.trip(failure);
      else if (dead !== null) breaker.trip(restated(failure, `${failure.message}; ${dead}`, true));
      breaker.check();
      const attempts = trouble.failures + trouble.rateLimits;
      return attempts === 1 || !failure.retryable
        ? failure
        : restated(failure, `${failure.message} (${attempts} attempts)`, false);
    },
  };
}

interface Attempt {
  readonly request: ModelRequest;
  readonly purpose: Purpose;
  readonly retry: boolean;
}

/** Runs one attempt in its lane and the run's slots, and tells both how it went. */
function createAttempt(
  options: RetryingCallOptions,
  lanes: Readonly<Record<Purpose, Lane>>,
  { breaker, health }: { readonly breaker: Breaker; readonly health: Health },
): (attempt: Attempt) => Promise<Completion> {
  const { model, slots, admit, signal, policy = DEFAULT_RETRY_POLICY } = options;
  const tokens = { calls: 0, sum: 0 };
  const tokensPerCall = (): number | null => (tokens.calls === 0 ? null : tokens.sum / tokens.calls);
  const count = ({ usage }: Completion): void => {
    if (usage === null) return;
    tokens.calls += 1;
    tokens.sum += usage.inputTokens + usage.outputTokens;
  };

  return ({ request, purpose, retry }) => {
    const lane = lanes[purpose];
    const pace = (limits: RateLimits): void =>
      lane.pace(paceOf(limits, { tokensPerCall: tokensPerCall(), places: lane.size() }));
    const send = async (): Promise<Completion> => {
      breaker.check();
      const settle = admit?.(purpose);
      const epoch = lane.epoch();
      try {
        const completion = await model.complete(request, signal, pace);
        settle?.(completion);
        count(completion);
        lane.accepted(epoch);
        health.succeeded();
        return completion;
      } catch (error) {
        settle?.(null);
        if (error instanceof GateError) {
          if (error.code === "RATE_LIMITED" || error.code === "TIMEOUT") lane.congested(epoch);
          if (error.code === "RATE_LIMITED") lane.refused(error.retryAfterMs ?? policy.baseDelayMs);
        }
        throw error;
      }
    };
    return lane.run(() => slots(send), retry);
  };
}

/** A model under limits: lanes that adapt, retries with backoff, and an early end where nothing can succeed. */
export function createRetryingCall(
  options: RetryingCallOptions,
): (request: ModelRequest, purpose: Purpose) => Promise<Completion> {
  const { slots, policy = DEFAULT_RETRY_POLICY, monotonic, random } = options;
  const sleep = (milliseconds: number): Promise<void> => options.sleep(milliseconds, breaker.signal);
  const laneOptions = { ceiling: slots.concurrency, monotonic, sleep };
  const lanes = { generation: createLane(laneOptions), judge: createLane(laneOptions) };
  const breaker = createBreaker(options.signal, (error) => {
    for (const lane of Object.values(lanes)) lane.close(error);
  });
  const health = createHealth(breaker, policy, monotonic);
  const attempt = createAttempt(options, lanes, { breaker, health });
  // Every call under way listens, which is more than the ten that Node takes for a leak.
  setMaxListeners(0, options.signal, breaker.signal);

  return async (request, purpose) => {
    let trouble = NO_TROUBLE;
    for (;;) {
      try {
        breaker.check();
        return await attempt({ request, purpose, retry: trouble.failures + trouble.rateLimits > 0 });
      } catch (error) {
        breaker.check();
        if (!(error instanceof GateError)) throw error;
        trouble = afterFailure(trouble, error, monotonic());
        const delay = nextDelay(error, { ...trouble, now: monotonic() }, policy, random);
        if (delay === null) throw health.gaveUp(error, trouble);
        await sleep(delay).catch(() => undefined);
      }
    }
  };
}
