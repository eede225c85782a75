import type { Digest } from "../../domain/digest.ts";
import type { Completion, ModelRequest } from "../../domain/model.ts";
import type { Price } from "../../domain/project.ts";
import { requestDigest } from "../../domain/stored-call.ts";
import type { Answer } from "../answer.ts";
import type { CallCache } from "./call-cache.ts";
import { createRetryingCall, type RetryingCallOptions } from "./retrying-call.ts";
import { callCost, type Purpose, type UsageMeter } from "./usage.ts";

export interface CallerOptions extends RetryingCallOptions {
  readonly price: Price | undefined;
  /** Null: every answer is fresh, and none is kept. */
  readonly cache: CallCache | null;
  readonly usage: UsageMeter;
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
  // Once an answer could not be kept, every further one would be paid for in vain.
  let unkept: { readonly error: unknown } | null = null;
  const call = createRetryingCall({
    ...options,
    admit: (purpose) => {
      if (unkept !== null) throw unkept.error;
      return options.admit?.(purpose);
    },
  });
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
    const stored = store.read(digest);
    if (stored !== null) return reused(stored);
    const answer = await ask();
    try {
      store.write(digest, model, answer.completion);
    } catch (error) {
      unkept ??= { error };
      throw error;
    }
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
