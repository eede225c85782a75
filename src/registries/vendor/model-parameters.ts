import type { ModelParameters } from "../../domain/prompt.ts";

/** Each number of ours and how platforms and people spell it. */
const NUMBERS = {
  temperature: ["temperature"],
  topP: ["topP", "top_p"],
  maxTokens: ["maxTokens", "max_tokens", "max_completion_tokens"],
  seed: ["seed"],
  frequencyPenalty: ["frequencyPenalty", "frequency_penalty"],
  presencePenalty: ["presencePenalty", "presence_penalty"],
} as const satisfies Partial<Record<keyof ModelParameters, readonly string[]>>;

/** The parameters among values that people wrote by hand, in either spelling; what is none of ours is left out. */
export function readModelParameters(values: Readonly<Record<string, unknown>>): ModelParameters {
  const numbers = Object.entries(NUMBERS).flatMap(([parameter, keys]) => {
    const value = keys.map((key) => values[key]).find((one) => typeof one === "number");
    return value === undefined ? [] : [[parameter, value] as const];
  });
  return Object.fromEntries(numbers);
}
