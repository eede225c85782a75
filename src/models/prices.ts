import type { ModelSettings, Price } from "../domain/project.ts";

/** When the prices below were last compared. */
const READ_ON = "2026-09-08";

/**
 * US dollars per million tokens for standard processing, taken from public price lists that agree with one another; an
 * estimate until your config says otherwise. Only models with one price for every length of prompt: where long prompts
 * cost more, one figure would promise too little. Discounts for cached input are not counted, so that costs are never too
 * low.
 */
const openaiPrices: Readonly<Record<string, readonly [input: number, output: number]>> = {
  "gpt-4.1": [2, 8],
  "gpt-4.1-2025-04-14": [2, 8],
  "gpt-4.1-mini": [0.4, 1.6],
  "gpt-4.1-mini-2025-04-14": [0.4, 1.6],
  "gpt-4.1-nano": [0.1, 0.4],
  "gpt-4.1-nano-2025-04-14": [0.1, 0.4],
  "gpt-4o": [2.5, 10],
  "gpt-4o-2024-08-06": [2.5, 10],
  "gpt-4o-2024-11-20": [2.5, 10],
  "gpt-4o-mini": [0.15, 0.6],
  "gpt-4o-mini-2024-07-18": [0.15, 0.6],
  "gpt-5": [1.25, 10],
  "gpt-5-2025-08-07": [1.25, 10],
  "gpt-5-mini": [0.25, 2],
  "gpt-5-mini-2025-08-07": [0.25, 2],
  "gpt-5-nano": [0.05, 0.4],
  "gpt-5-nano-2025-08-07": [0.05, 0.4],
};

/** The list price of a model of OpenAI's own service and the day it was read; null for any other model or address. */
export function publishedPrice({
  provider,
  model,
  baseUrl,
}: Pick<ModelSettings, "provider" | "model"> & { readonly baseUrl?: string | undefined }): {
  readonly price: Price;
  readonly date: string;
} | null {
  // The same name behind another address is another seller's.
  const isOwnService = baseUrl === undefined || new URL(baseUrl).hostname === "api.openai.com";
  const found =
    provider === "openai" && isOwnService && Object.hasOwn(openaiPrices, model)
      ? openaiPrices[model]
      : undefined;
  if (found === undefined) return null;
  const [inputPerMillion, outputPerMillion] = found;
  return { price: { inputPerMillion, outputPerMillion }, date: READ_ON };
}
