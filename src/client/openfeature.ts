import type {
  ErrorCode,
  EvaluationContext,
  JsonValue,
  Provider,
  ResolutionDetails,
} from "@openfeature/server-sdk";
import type { Reason } from "./choose.ts";
import type { PromptClient } from "./options.ts";
import type { ServedPrompt } from "./served.ts";

/** OpenFeature's word for each reason; a prompt that is served from longer ago than the TTL is `STALE` instead. */
const reasons = {
  label: "STATIC",
  stable: "SPLIT",
  canary: "SPLIT",
  holdback: "SPLIT",
  "no-unit": "DEFAULT",
  "kill-switch": "DISABLED",
  "invalid-canary": "DEFAULT",
  "unknown-canary": "DEFAULT",
  "invalid-holdback": "DEFAULT",
  "unknown-holdback": "DEFAULT",
  fallback: "DEFAULT",
} as const satisfies Record<Reason, string>;

function promptDetails<Value>(served: ServedPrompt): ResolutionDetails<Value> {
  const { render: _, variant, reason, freshness, problem, ...prompt } = served;
  const facts = { version: prompt.version, promptReason: reason, freshness };
  return {
    value: prompt as Value,
    variant,
    reason: freshness === "stale" ? "STALE" : reasons[reason],
    flagMetadata: problem === null ? facts : { ...facts, problem: problem.name },
  };
}

function failure<Value>(value: Value, code: `${ErrorCode}`, errorMessage: string): ResolutionDetails<Value> {
  return { value, reason: "ERROR", errorCode: code as ErrorCode, errorMessage };
}

async function mismatch<Value>(key: string, value: Value): Promise<ResolutionDetails<Value>> {
  return failure(value, "TYPE_MISMATCH", `prompt ${key} is an object`);
}

/**
 * Serves prompts as object flags of OpenFeature: the flag key is the prompt's name, the targeting key the unit, a `label`
 * in the context a label. The value is the prompt without `render`. Other kinds of flags are a `TYPE_MISMATCH`.
 */
export function promptProvider(client: PromptClient): Provider {
  return {
    metadata: { name: "promptgate" },
    runsOn: "server",
    resolveBooleanEvaluation: mismatch,
    resolveStringEvaluation: mismatch,
    resolveNumberEvaluation: mismatch,
    async resolveObjectEvaluation<Value extends JsonValue>(
      key: string,
      value: Value,
      { targetingKey, label }: EvaluationContext,
    ): Promise<ResolutionDetails<Value>> {
      try {
        const unit = targetingKey === undefined ? {} : { unit: targetingKey };
        const labelled = typeof label === "string" ? { label } : {};
        return promptDetails(await client.getPrompt(key, { ...unit, ...labelled }));
      } catch (error) {
        const isMissing = (error as { readonly code?: unknown }).code === "VERSION_NOT_FOUND";
        return failure(value, isMissing ? "FLAG_NOT_FOUND" : "GENERAL", (error as Error).message);
      }
    },
  };
}
