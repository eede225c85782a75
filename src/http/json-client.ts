import { setTimeout as sleep } from "node:timers/promises";
import { GateError, type ErrorCode } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import { readBody } from "./read-body.ts";

/** A platform's API, as one adapter calls it. */
export interface JsonClientOptions {
  /** For messages: `langfuse`. */
  readonly service: string;
  /** Without a slash at the end. */
  readonly baseUrl: string;
  /** Sent with every call; their values never reach a message. */
  readonly headers: Readonly<Record<string, string>>;
  /** What an answer that makes no sense is, e.g. `REGISTRY_FAILED`. */
  readonly failure: ErrorCode;
  readonly timeoutMs: number;
  /** What to do about refused credentials. */
  readonly credentialsHint: string;
  /** Waits between attempts; handed in by tests. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

export interface JsonRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Begins with `/`; parts of it that are names were encoded by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  /** Further headers, e.g. `if-none-match`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses beside 2xx that are an answer to this question, e.g. 404. */
  readonly accept?: readonly number[];
  /** True when sending it twice does no harm; GET always is. */
  readonly repeatable?: boolean;
  /** Ends the call, and the waiting between attempts, with `INTERRUPTED`. */
  readonly signal?: AbortSignal;
}

export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Null when the body is empty or no JSON. */
  readonly json: unknown;
  readonly text: string;
}

/** Throws `AUTHENTICATION`, `RATE_LIMITED`, `TIMEOUT`, `NETWORK` or the client's own failure. */
export type JsonClient = (request: JsonRequest) => Promise<JsonAnswer>;

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;

/** Milliseconds that the server asks for; null when it says nothing usable. */
function retryAfter(headers: Headers): number | null {
  const text = headers.get("retry-after")?.trim() ?? "";
  if (!/^\d+(\.\d+)?$/.test(text)) return null;
  return Math.min(Number(text) * 1000, LONGEST_WAIT_MS);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** User and password of basic authentication: a server may repeat them as it decoded them. */
function basicParts(value: string): string[] {
  const encoded = /^Basic (\S+)$/i.exec(value)?.[1];
  return encoded === undefined ? [] : Buffer.from(encoded, "base64").toString("utf8").split(":");
}

/** The server's own words, without our credentials and control characters, on one short line. */
function serverWords({ headers }: JsonClientOptions, text: string): string {
  const parts = Object.values(headers).flatMap((value) => [
    value,
    ...value.split(/\s+/),
    ...basicParts(value),
  ]);
  const secrets = parts.filter((part) => part.length >= 6).sort((left, right) => right.length - left.length);
  const clean = secrets.reduce((line, secret) => line.replaceAll(secret, "[secret]"), text.slice(0, 4000));
  return visibleLine(clean, 200);
}

/** What an answer means that is none; for adapters that tell some of their `accept`ed statuses apart. */
export function statusError(options: JsonClientOptions, request: JsonRequest, answer: JsonAnswer): GateError {
  const { service, failure, credentialsHint } = options;
  const what = `${service}: ${request.method} ${visibleLine(request.path, 200)}`;
  const words = serverWords(options, answer.text);
  const said = words === "" ? "" : `: ${words}`;
  const { status } = answer;
  if (status === 401 || status === 403) {
    return new GateError("AUTHENTICATION", `${what} was refused (${status})${said}`, {
      hint: credentialsHint,
    });
  }
  if (status === 429) {
    const wait = retryAfter(answer.headers);
    return new GateError("RATE_LIMITED", `${what}: too many requests (429)${said}`, {
      hint: "wait a minute and run the command again",
      retryable: true,
      ...(wait === null ? {} : { retryAfterMs: wait }),
    });
  }
  return new GateError(failure, `${what} answered ${status}${said}`, {
    hint: status >= 500 ? `${service} has a fault: try again later` : "check the address in the config",
    retryable: status >= 500,
  });
}

function address({ baseUrl }: JsonClientOptions, { path, query }: JsonRequest): string {
  const url = new URL(`${baseUrl}${path}`);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.href;
}

function interrupted({ service }: JsonClientOptions): GateError {
  return new GateError("INTERRUPTED", `${service}: the call was interrupted`);
}

async function sendOnce(options: JsonClientOptions, request: JsonRequest): Promise<JsonAnswer> {
  const { service, timeoutMs, headers } = options;
  const { body } = request;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(address(options, request), {
      method: request.method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
        ...request.headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A credential goes to the server that the config names and to no other.
      redirect: "manual",
      signal: request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]),
    });
    const text = await readBody(response, service, options.failure);
    return { status: response.status, headers: response.headers, json: parsed(text), text };
  } catch (error) {
    if (error instanceof GateError) throw error;
    if (request.signal?.aborted === true) throw interrupted(options);
    if (deadline.aborted) {
      throw new GateError("TIMEOUT", `${service}: no complete answer within ${timeoutMs} ms`, {
        hint: "try again; raise `timeout` in the config if the server is always slow",
        retryable: true,
      });
    }
    const code = (error as { cause?: { code?: unknown } }).cause?.code;
    const why = typeof code === "string" ? ` (${visibleLine(code, 40)})` : "";
    throw new GateError("NETWORK", `${service}: no connection, or it broke${why}`, {
      hint: "check the address in the config and the network",
      retryable: true,
    });
  }
}

function isAccepted({ status }: JsonAnswer, { accept = [] }: JsonRequest): boolean {
  return (status >= 200 && status < 300) || accept.includes(status);
}

/** A failure that a repetition may mend; null = the answer stands. */
async function attempt(
  options: JsonClientOptions,
  request: JsonRequest,
): Promise<{ readonly answer: JsonAnswer } | { readonly error: GateError }> {
  try {
    const answer = await sendOnce(options, request);
    return isAccepted(answer, request) ? { answer } : { error: statusError(options, request, answer) };
  } catch (error) {
    if (error instanceof GateError) return { error };
    throw error;
  }
}

/**
 * Calls with a deadline, one answer at most 32 MB, no redirects. Repeats what may be repeated up to four times: reads and
 * `repeatable` writes after any passing failure, other writes only after 429, when the server had not begun.
 */
export function createJsonClient(options: JsonClientOptions): JsonClient {
  return async (request) => {
    const { signal } = request;
    const wait =
      options.wait ??
      ((milliseconds: number) => sleep(milliseconds, undefined, signal === undefined ? {} : { signal }));
    const mayRepeat = request.method === "GET" || request.repeatable === true;
    for (let tries = 1; ; tries += 1) {
      const outcome = await attempt(options, request);
      if ("answer" in outcome) return outcome.answer;
      const { error } = outcome;
      const repeats = error.retryable && (mayRepeat || error.code === "RATE_LIMITED");
      if (!repeats || tries >= ATTEMPTS) throw error;
      try {
        await wait(error.retryAfterMs ?? FIRST_WAIT_MS * 2 ** (tries - 1));
      } catch (cause) {
        throw signal?.aborted === true ? interrupted(options) : cause;
      }
    }
  };
}
