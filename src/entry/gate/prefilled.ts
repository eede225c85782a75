import type { Digest } from "../../domain/digest.ts";
import { requestDigest } from "../../domain/stored-call.ts";
import type { Caller } from "../../evals/calls/caller.ts";
import { callCost, type UsageMeter } from "../../evals/calls/usage.ts";
import type { Journal } from "../../evals/journal.ts";
import type { ModelSettings } from "../../domain/project.ts";
import { priceOf } from "./price-of.ts";

/** What batches brought before a run begins: its answers are in the run's journal. */
export interface Prefilled {
  /** What they cost; the run goes on counting. */
  readonly usage: UsageMeter;
  readonly answers: ReadonlySet<Digest>;
}

/**
 * Callers that take what a batch answered from the journal. It was counted when it came, so that only its second use counts
 * as one of a stored answer. No answer counts as a measurement of latency: those asked live are no fair sample.
 */
export function prefilledModels(
  askModel: (settings: ModelSettings) => Caller,
  { answers }: Prefilled,
  journal: Journal,
): (settings: ModelSettings) => Caller {
  const unused = new Set(answers);
  return (settings) => {
    const { provider, model, baseUrl } = settings;
    const live = askModel(settings);
    return {
      ask: async (request, purpose) => {
        const digest = requestDigest({ provider, model, baseUrl }, request);
        const completion = unused.delete(digest) ? journal.read(digest) : null;
        if (completion === null) return { ...(await live.ask(request, purpose)), cached: true };
        return { completion, cached: true, costUsd: callCost(completion.usage, priceOf(settings)?.price) };
      },
    };
  };
}
