import { setMaxListeners } from "node:events";
import type { LimitFunction } from "p-limit";
import type { Digest } from "../../domain/digest.ts";
import { GateError } from "../../domain/errors.ts";
import type { Completion, Model, ModelRequest } from "../../domain/model.ts";
import type { Price } from "../../domain/project.ts";
import { requestDigest } from "../../domain/stored-call.ts";
import type { Answer } from "../answer.ts";
import { DEFAULT_RETRY_POLICY, nextDelay, type RetryPolicy } from "./backoff.ts";
import type { CallCache } from "./call-cache.ts";
import { createLane, type Lane } from "./lane.ts";
import { callCost, type Purpose, type UsageMeter } from "./usage.ts";

export interface CallerOptions {
  readonly model: Model;
  readonly price: Price | undefined;
  /** The user's `-j`: one `pLimit(n)` for all callers of a run. */
  readonly slots: LimitFunction;
  /** Null: every answer is fresh, and none is kept. */
  readonly cache: CallCache | null;
  readonly usage: UsageMeter;
  /** Asked right before an attempt is sent; throws to refuse it, e.g. `BUDGET_REACHED`, which ends the caller. */
  readonly admit?: (purpose: Purpose) => void;
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

/** Asks one model under limits, retries and cache. One per entry of `models`, for both purposes. */
export interface Caller {
  /**
   * The answer to a request. Throws `GateError`: `fatal` ones end every other call of this caller too; the others
   * concern this request alone, after all retries.
   */
  readonly ask: (request: ModelRequest, purpose: Purpose) => Promise<Answer>;
}

/** Makes a caller. Waiting for places, pauses and retries never counts as latency: the model measures its own attempt. */
export function createCaller(options: CallerOptions): Caller {
  const { model, price, cache, usage } = options;
  const call = createRetryingCall(options);
  const underWay = new Map<Digest, Promise<Answer>>();

  async function fresh(request: ModelRequest, purpose: Purpose): Promise<Answer> {
    const completion = await call(request, purpose);
    const costUsd = callCost(completion.usage, price);
    usage.called(purpose, completion.usage, costUsd);
    return { completion, cached: false, costUsd };
  }

  function reused(completion: Completion): Answer {
    usage.reused();
    return { completion, cached: true, costUsd: callCost(completion.usage, price) };
  }

  async function lookUp(store: CallCache, digest: Digest, ask: () => Promise<Answer>): Promise<Answer> {
    const stored = await store.read(digest);
    if (stored !== null) return reused(stored);
    const answer = await ask();
    await store.write(digest, model, answer.completion);
    return answer;
  }

  return {
    ask: async (request, purpose) => {
      if (cache === null) return fresh(request, purpose);
      const digest = requestDigest(model, request);
      const same = underWay.get(digest);
      if (same !== undefined) return reused((await same).completion);
      const answer = lookUp(cache, digest, () => fresh(request, purpose));
      underWay.set(digest, answer);
      try {
        return await answer;
      } finally {
        underWay.delete(digest);
      }
    },
  };
}

/** What ended a caller for good, and the signal that wakes whoever sleeps. */
interface Breaker {
  readonly signal: AbortSignal;
  /** Throws what ended the caller, if something did. */
  check(): void;
  trip(error: GateError): void;
}

function createBreaker(run: AbortSignal, lanes: () => readonly Lane[]): Breaker {
  const controller = new AbortController();
  let reason: GateError | undefined;
  const trip = (error: GateError): void => {
    if (reason !== undefined) return;
    reason = error;
    controller.abort();
    for (const lane of lanes()) lane.close(error);
  };
  const interrupt = (): void =>
    trip(new GateError("INTERRUPTED", "the run was interrupted", { fatal: true }));
  run.addEventListener("abort", interrupt, { once: true });
  if (run.aborted) interrupt();
  return {
    signal: controller.signal,
    check: () => {
      if (reason !== undefined) throw reason;
    },
    trip,
  };
}

function ended(failure: GateError, message: string): GateError {
  const { code, hint } = failure;
  return new GateError(code, message, {
    cause: failure,
    fatal: true,
    ...(hint === undefined ? {} : { hint }),
  });
}

type RetryingCall = (request: ModelRequest, purpose: Purpose) => Promise<Completion>;

function createRetryingCall(options: CallerOptions): RetryingCall {
  const { model, slots, policy = DEFAULT_RETRY_POLICY, monotonic, random } = options;
  const sleep = (milliseconds: number): Promise<void> => options.sleep(milliseconds, breaker.signal);
  const laneOptions = { ceiling: slots.concurrency, monotonic, sleep };
  const lanes = { generation: createLane(laneOptions), judge: createLane(laneOptions) };
  const breaker = createBreaker(options.signal, () => Object.values(lanes));
  // Every call under way listens, which is more than the ten that Node takes for a leak.
  setMaxListeners(0, options.signal, breaker.signal);
  let lastSuccess = Number.NEGATIVE_INFINITY;
  let failedInRow = 0;

  async function attempt(request: ModelRequest, purpose: Purpose, retry: boolean): Promise<Completion> {
    const lane = lanes[purpose];
    return lane.run(
      () =>
        slots(async () => {
          breaker.check();
          options.admit?.(purpose);
          const epoch = lane.epoch();
          try {
            const completion = await model.complete(request, options.signal);
            lane.accepted();
            lastSuccess = monotonic();
            failedInRow = 0;
            return completion;
          } catch (error) {
            const congested =
              error instanceof GateError && (error.code === "RATE_LIMITED" || error.code === "TIMEOUT");
            if (congested) lane.congested(epoch);
            throw error;
          }
        }),
      retry,
    );
  }

  /** The error to throw after the last attempt; ends the caller where other calls would fare no better. */
  function giveUp(failure: GateError, attempts: number, limitedSince: number): GateError {
    if (failure.fatal) breaker.trip(failure);
    else if (failure.code === "RATE_LIMITED" && lastSuccess < limitedSince) {
      breaker.trip(
        ended(failure, `${failure.message}; no call was accepted for ${policy.maxWaitMs / 1000} s`),
      );
    } else if (failure.retryable) {
      failedInRow += 1;
      if (failedInRow >= policy.deadAfter) {
        breaker.trip(
          ended(failure, `${failure.message}; ${failedInRow} calls in a row failed, each after retries`),
        );
      }
    }
    breaker.check();
    return attempts === 1
      ? failure
      : new GateError(failure.code, `${failure.message} (${attempts} attempts)`, {
          cause: failure,
          retryable: failure.retryable,
          ...(failure.hint === undefined ? {} : { hint: failure.hint }),
        });
  }

  return async (request, purpose) => {
    let failures = 0;
    let rateLimits = 0;
    let limitedSince = Number.POSITIVE_INFINITY;
    for (;;) {
      try {
        breaker.check();
        return await attempt(request, purpose, failures + rateLimits > 0);
      } catch (error) {
        breaker.check();
        if (!(error instanceof GateError)) throw error;
        const limited = error.code === "RATE_LIMITED";
        if (limited) {
          rateLimits += 1;
          limitedSince = Math.min(limitedSince, monotonic());
        } else failures += 1;
        const history = { failures, rateLimits, limitedForMs: limited ? monotonic() - limitedSince : 0 };
        const delay = nextDelay(error, history, policy, random);
        if (delay === null) throw giveUp(error, failures + rateLimits, limitedSince);
        if (limited) lanes[purpose].pause(delay);
        else await sleep(delay).catch(() => undefined);
      }
    }
  };
}
