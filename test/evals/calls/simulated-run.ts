import pLimit from "p-limit";
import { GateError, type ErrorCode } from "../../../src/domain/errors.ts";
import type { Completion, Model, ModelRequest, RateLimits } from "../../../src/domain/model.ts";
import { createCaller, type Caller, type CallerOptions } from "../../../src/evals/calls/caller.ts";
import { createUsageMeter, type UsageMeter } from "../../../src/evals/calls/usage.ts";

/** A clock that moves only when everybody sleeps: hours of waiting in no time, in the order of the due times. */
interface SimulatedTime {
  readonly now: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

function simulateTime(): SimulatedTime {
  interface Sleeper {
    readonly due: number;
    readonly wake: () => void;
  }
  let now = 0;
  let sleepers: Sleeper[] = [];
  let scheduled = false;

  /** Lets all promises settle first: whoever is awake may still go to sleep. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      const [next] = sleepers.toSorted((left, right) => left.due - right.due);
      if (next === undefined) return;
      now = Math.max(now, next.due);
      sleepers = sleepers.filter((sleeper) => sleeper !== next);
      next.wake();
      schedule();
    });
  }

  return {
    now: () => now,
    sleep: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { due: now + milliseconds, wake: resolve };
        const abort = (): void => {
          sleepers = sleepers.filter((other) => other !== sleeper);
          reject(new Error("woken by the signal"));
        };
        if (signal.aborted) return abort();
        signal.addEventListener("abort", abort, { once: true });
        sleepers.push(sleeper);
        schedule();
        return undefined;
      }),
  };
}

/** One attempt as the scripted model sees it. */
interface SeenAttempt {
  readonly request: ModelRequest;
  /** Attempts before this one, of all requests. */
  readonly index: number;
  /** Attempts before this one of the same question. */
  readonly earlier: number;
  readonly at: number;
}

/** What the model does: a text after some milliseconds, or an error. */
export type Behaviour = (attempt: SeenAttempt) => GateError | string;

export interface SimulatedRun extends Caller {
  readonly attempts: readonly SeenAttempt[];
  /** Attempts under way now, and the most there ever were. */
  readonly active: () => { readonly now: number; readonly peak: number };
  readonly usage: UsageMeter;
  readonly now: () => number;
  readonly abort: () => void;
  readonly model: Model;
}

const LATENCY_MS = 50;

export function completion(text: string, fields: Partial<Completion> = {}): Completion {
  return {
    text,
    toolCalls: [],
    finishReason: "stop",
    model: "fake-1",
    usage: { inputTokens: 1000, outputTokens: 100 },
    latencyMs: LATENCY_MS,
    ...fields,
  };
}

/** A caller over a model that takes 50 ms of simulated time and then does as it is told. */
export function simulateRun(
  behaviour: Behaviour,
  options: Partial<CallerOptions> & {
    readonly concurrency?: number;
    readonly fields?: Partial<Completion>;
    /** What the server says it still allows. */
    readonly allowed?: (attempt: SeenAttempt) => RateLimits;
  } = {},
): SimulatedRun {
  const { concurrency = 20, fields = {}, allowed, ...rest } = options;
  const time = simulateTime();
  const run = new AbortController();
  const attempts: SeenAttempt[] = [];
  const counts = new Map<string, number>();
  let active = 0;
  let peak = 0;
  const model: Model = {
    provider: "fake",
    model: "fake-1",
    baseUrl: undefined,
    complete: async (request, signal, notice) => {
      const question = request.messages[0]?.content ?? "";
      const earlier = counts.get(question) ?? 0;
      counts.set(question, earlier + 1);
      const attempt = { request, index: attempts.length, earlier, at: time.now() };
      attempts.push(attempt);
      active += 1;
      peak = Math.max(peak, active);
      try {
        await time.sleep(LATENCY_MS, signal);
      } catch {
        throw new GateError("INTERRUPTED", "the call was interrupted");
      } finally {
        active -= 1;
      }
      const outcome = behaviour(attempt);
      if (allowed !== undefined) notice?.(allowed(attempt));
      if (outcome instanceof GateError) throw outcome;
      return completion(outcome, fields);
    },
  };
  const usage = createUsageMeter();
  const caller = createCaller({
    model,
    price: { inputPerMillion: 1, outputPerMillion: 10 },
    slots: pLimit(concurrency),
    cache: null,
    usage,
    monotonic: time.now,
    random: () => 0.5,
    sleep: time.sleep,
    signal: run.signal,
    ...rest,
  });
  return {
    ask: caller.ask,
    attempts,
    active: () => ({ now: active, peak }),
    usage,
    now: time.now,
    abort: () => run.abort(),
    model,
  };
}

/** A request that is told from others by its text. */
export function question(text: string | number): ModelRequest {
  return {
    messages: [{ role: "user", content: String(text) }],
    parameters: {},
    responseFormat: "text",
    tools: [],
    sample: 0,
  };
}

export function questions(count: number): ModelRequest[] {
  return Array.from({ length: count }, (_, index) => question(index));
}

export function retryable(code: ErrorCode, retryAfterMs?: number): GateError {
  return new GateError(code, `scripted ${code}`, {
    retryable: true,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

export function fatal(code: ErrorCode): GateError {
  return new GateError(code, `scripted ${code}`, { fatal: true, hint: "do something" });
}

/** Asks everything at once; answers and errors in order. */
export async function askAll(
  run: Caller,
  requests: readonly ModelRequest[],
  purpose: "generation" | "judge" = "generation",
): Promise<{ readonly answered: number; readonly errors: readonly GateError[] }> {
  const outcomes = await Promise.allSettled(requests.map((request) => run.ask(request, purpose)));
  const errors = outcomes.flatMap((outcome) =>
    outcome.status === "rejected" ? [outcome.reason as GateError] : [],
  );
  return { answered: outcomes.length - errors.length, errors };
}
