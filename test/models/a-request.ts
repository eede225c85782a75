import type { ModelRequest } from "../../src/domain/model.ts";
import type { ModelSettings } from "../../src/domain/project.ts";
import type { ModelDependencies } from "../../src/models/model-factory.ts";

/** A plain question; say what matters to the test. */
export function aRequest(fields: Partial<ModelRequest> = {}): ModelRequest {
  return {
    messages: [
      { role: "system", content: "Answer only from the context." },
      { role: "user", content: "Context: Refunds take 30 days.\n\nQuestion: How long do refunds take?" },
    ],
    parameters: {},
    responseFormat: "text",
    tools: [],
    sample: 0,
    ...fields,
  };
}

/** Settings of a model on a loopback server. */
export function loopbackSettings(baseUrl: string, fields: Partial<ModelSettings> = {}): ModelSettings {
  return { provider: "openai", model: "test-model", baseUrl, timeoutMs: 10_000, ...fields };
}

/** A clock that advances by 7 ms each time it is read. */
function steppingClock(): () => number {
  let milliseconds = 0;
  return () => (milliseconds += 7);
}

export function modelDependencies(fields: Partial<ModelDependencies> = {}): ModelDependencies {
  return {
    openaiApiKey: undefined,
    clock: { now: () => Date.parse("2026-11-20T10:00:00Z") },
    monotonic: steppingClock(),
    ...fields,
  };
}

/** A signal that nobody aborts. */
export function noAbort(): AbortSignal {
  return new AbortController().signal;
}

/** What a call was refused with; fails when it was not. */
export async function refusal(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => {
      throw new Error(`the call succeeded with ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
