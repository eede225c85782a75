import { validateHeaderName, validateHeaderValue } from "node:http";
import type OpenAI from "openai";
import { GateError } from "../domain/errors.ts";
import type { ModelSettings } from "../domain/project.ts";
import { visibleLine } from "../domain/visible.ts";
import type { ModelDependencies } from "./model-factory.ts";
import { isOpenaiHost, serverAddress } from "./openai-address.ts";
import type { FailureContext } from "./openai-failure.ts";
import type { Endpoint } from "./openai-transport.ts";

const OPENAI_URL = "https://api.openai.com/v1";

function hasCredential(headers: Readonly<Record<string, string>>): boolean {
  return Object.keys(headers).some((name) => /^(authorization|api-key)$/i.test(name));
}

/** Headers are checked here because the error of a late check would quote their values. */
function checkedHeaders(model: string, headers: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(headers)) {
    try {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    } catch {
      throw new GateError(
        "CONFIG_INVALID",
        `model ${visibleLine(model)}: header ${visibleLine(name)} is no valid HTTP header`,
        { hint: "look for line breaks and characters outside Latin-1 in its value" },
      );
    }
  }
  return { ...headers };
}

/** The key for a server, or null where none is needed. OpenAI's key from the environment goes to OpenAI alone. */
function resolveKey(
  settings: ModelSettings,
  dependencies: ModelDependencies,
  ownServer: boolean,
): string | null {
  const key = (settings.apiKey ?? (ownServer ? dependencies.openaiApiKey : undefined))?.trim() ?? "";
  if (key === "" && ownServer && !hasCredential(settings.headers ?? {})) {
    throw new GateError(
      "AUTHENTICATION",
      `model ${visibleLine(settings.model)} needs a key: OPENAI_API_KEY is not set`,
      {
        hint: "set the environment variable OPENAI_API_KEY, or apiKey: ${VARIABLE} under models",
        fatal: true,
      },
    );
  }
  if (!/^[\x21-\x7e]*$/.test(key)) {
    throw new GateError(
      "AUTHENTICATION",
      `the key of model ${visibleLine(settings.model)} holds white space or characters that no key has`,
      { hint: "copy the key again, without line breaks or quotes", fatal: true },
    );
  }
  return key === "" ? null : key;
}

/** The package is loaded with the first call: most commands make none. */
async function openClient(
  { timeoutMs }: ModelSettings,
  { baseUrl, headers, query }: Endpoint,
  transport: typeof fetch,
): Promise<OpenAI> {
  const { default: Client } = await import("openai");
  return new Client({
    apiKey: "none",
    baseURL: baseUrl,
    adminAPIKey: null,
    organization: null,
    project: null,
    webhookSecret: null,
    maxRetries: 0,
    // Ours ends the call first; this one does not cover the body.
    timeout: timeoutMs + 60_000,
    logLevel: "off",
    // The endpoint's headers hold the key. Null takes a header away: a server without a key gets none.
    defaultHeaders: { authorization: null, ...headers },
    defaultQuery: { ...query },
    fetch: transport,
  });
}

/** Runs one attempt under the run's signal and the deadline; listeners and timers never outlive it. */
export async function withDeadline<Result>(
  signal: AbortSignal,
  timeoutMs: number,
  attempt: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  const timer = setTimeout(abort, timeoutMs);
  signal.addEventListener("abort", abort, { once: true });
  try {
    if (signal.aborted) abort();
    return await attempt(controller.signal);
  } catch (error) {
    if (signal.aborted) throw new GateError("INTERRUPTED", "the call was interrupted", { cause: error });
    if (!controller.signal.aborted) throw error;
    throw new GateError("TIMEOUT", `no complete answer within ${timeoutMs} ms`, {
      hint: "raise timeoutMs of the model, or lower -j",
      retryable: true,
    });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** The way to one model's server. */
export interface Connection {
  /** True for OpenAI's own servers. */
  readonly ownServer: boolean;
  /** For calls that the openai package makes, over the transport of the connection. */
  readonly client: () => Promise<OpenAI>;
  readonly endpoint: Endpoint;
  /** What a failure is told in terms of, now. */
  readonly failureContext: () => FailureContext;
}

/** Checks address, key and headers; contacts nobody. Throws `CONFIG_INVALID` and `AUTHENTICATION`. */
export function openConnection(
  settings: ModelSettings,
  dependencies: ModelDependencies,
  // A function, as Node loads its whole client when `fetch` is named.
  transport: typeof fetch = (input, init) => fetch(input, init),
): Connection {
  const { model } = settings;
  const address = serverAddress(model, settings.baseUrl ?? OPENAI_URL);
  const ownServer = isOpenaiHost(address.hostname);
  const key = resolveKey(settings, dependencies, ownServer);
  const headers = checkedHeaders(model, settings.headers ?? {});
  const endpoint: Endpoint = {
    baseUrl: address.href.replace(/\/$/, ""),
    headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
    query: settings.query ?? {},
  };
  const secrets = [key, ...Object.values(headers), ...Object.values(settings.query ?? {})].filter(
    (value): value is string => value !== null && value.length >= 8,
  );
  let client: Promise<OpenAI> | undefined;
  return {
    ownServer,
    client: () => (client ??= openClient(settings, endpoint, transport)),
    endpoint,
    failureContext: () => ({
      model,
      server: `${address.host}${address.pathname}`,
      now: dependencies.clock.now(),
      secrets,
    }),
  };
}
