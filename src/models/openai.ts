import type { Completion, Model, ModelRequest, RateLimits } from "../domain/model.ts";
import type { ModelSettings } from "../domain/project.ts";
import type { ModelDependencies } from "./model-factory.ts";
import { openConnection, withDeadline } from "./openai-connection.ts";
import { envelopeFailure, readFailure, refusalOf, refusesMaxTokens } from "./openai-failure.ts";
import { readRateLimits } from "./openai-limits.ts";
import { preferredTokenField, requestBody } from "./openai-request.ts";
import { parsedBody, readCompletion } from "./openai-response.ts";
import { createPost } from "./openai-transport.ts";

interface Listeners {
  readonly signal: AbortSignal;
  readonly notice: ((limits: RateLimits) => void) | undefined;
}

/**
 * A model behind OpenAI's chat completions, or any server that speaks it. Azure: `baseUrl` up to the deployment,
 * `query: { api-version }` and an `api-key` header. Throws `CONFIG_INVALID` and `AUTHENTICATION`.
 */
export function openaiModel(settings: ModelSettings, dependencies: ModelDependencies): Model {
  const { model, timeoutMs } = settings;
  const { ownServer, endpoint, failureContext } = openConnection(settings, dependencies);
  const post = createPost("/chat/completions", endpoint);
  let tokenField = preferredTokenField(model, ownServer);

  async function send(request: ModelRequest, { signal, notice }: Listeners): Promise<Completion> {
    const sent = JSON.stringify(requestBody(model, request, tokenField));
    const started = dependencies.monotonic();
    const answer = await post(sent, signal);
    const latencyMs = dependencies.monotonic() - started;
    const limits = readRateLimits(answer.headers);
    if (limits !== null) notice?.(limits);
    if (answer.status >= 300) throw refusalOf(answer);
    const body = parsedBody(answer.text);
    const failure = envelopeFailure(body, failureContext());
    if (failure !== null) throw failure;
    return readCompletion(body, { ...request, model }, latencyMs);
  }

  async function sendAccepted(request: ModelRequest, listeners: Listeners): Promise<Completion> {
    const sent = tokenField;
    try {
      return await send(request, listeners);
    } catch (error) {
      // The server's word counts more than a guess by name; a refused request costs nothing.
      if (sent !== "max_tokens" || !refusesMaxTokens(error)) throw error;
      tokenField = "max_completion_tokens";
      return send(request, listeners);
    }
  }

  return {
    provider: "openai",
    model,
    baseUrl: settings.baseUrl,
    complete: async (request, signal, notice) => {
      try {
        return await withDeadline(signal, timeoutMs, (signal) => sendAccepted(request, { signal, notice }));
      } catch (error) {
        throw readFailure(error, failureContext());
      }
    },
  };
}
