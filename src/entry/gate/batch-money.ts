import { callCost, type MeanTokens } from "../../evals/calls/usage.ts";
import { countTokens } from "../../evals/count-tokens.ts";
import type { MissingRequest } from "./batch-requests.ts";
import { JUDGE_OVERHEAD, OUTPUT_TOKENS } from "./estimate-cost.ts";
import { priceOf } from "./price-of.ts";

/** Requests of a batch whose tokens are counted. */
const COUNTED = 100;

/** Evenly spread, the first one included. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  const step = Math.max(1, items.length / count);
  const chosen = Array.from({ length: Math.min(count, items.length) }, (_, index) =>
    Math.floor(index * step),
  );
  return chosen.flatMap((index) => items[index] ?? []);
}

/**
 * US dollars that one of these requests of one model is taken to cost at the full price: prompts are counted, answers
 * assumed as long as earlier ones were, else as in the estimate of a plan. Null when the model has no price.
 */
export function expectedCallCost(requests: readonly MissingRequest[], earlier: MeanTokens): number | null {
  const price = requests[0] === undefined ? null : priceOf(requests[0].settings);
  if (price === null) return null;
  if (price.kind === "free") return 0;
  const counted = spread(requests, COUNTED);
  const costs = counted.map(({ request, purpose }) => {
    const { messages, tools, jsonSchema, parameters } = request;
    // What a judge may write at most is many times what it writes.
    const assumed = purpose === "judge" ? JUDGE_OVERHEAD.output : (parameters.maxTokens ?? OUTPUT_TOKENS);
    const usage = {
      inputTokens: countTokens(JSON.stringify([messages, tools, jsonSchema])),
      outputTokens: earlier[purpose] ?? assumed,
    };
    return callCost(usage, price.price) ?? 0;
  });
  return costs.reduce((sum, cost) => sum + cost, 0) / costs.length;
}
