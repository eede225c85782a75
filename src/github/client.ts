import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";

/** What GitHub says to one request. A refusal is an answer: who asked decides whether it matters. */
export type Answer<Value> =
  | { readonly kind: "ok"; readonly value: Value }
  | { readonly kind: "refused"; readonly status: number; readonly message: string };

/** GitHub's REST interface for one repository. Network faults and rate limits that last throw `NETWORK` or `RATE_LIMITED`. */
export interface GitHubClient {
  get<Value>(path: string, schema: z.ZodType<Value>): Promise<Answer<Value>>;
  /** All pages, 100 entries each, at most `pages`. */
  list<Value>(path: string, schema: z.ZodType<Value>, pages?: number): Promise<Answer<readonly Value[]>>;
  send<Value>(
    method: "POST" | "PATCH",
    path: string,
    body: unknown,
    schema: z.ZodType<Value>,
  ): Promise<Answer<Value>>;
  /** Requests that were sent so far. */
  requests(): number;
}

export interface GitHubClientOptions {
  /** `https://api.github.com`, or that of an Enterprise server. */
  readonly apiUrl: string;
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
  sleep(milliseconds: number): Promise<void>;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const ATTEMPTS = 3;
const DEADLINE_MS = 30_000;
/** Longer than this nobody waits for a comment. */
const LONGEST_WAIT_MS = 60_000;
const MOST_PAGES = 30;

const failure = z.object({ message: z.string() });

function header(response: Response, name: string): number | null {
  const value = Number(response.headers.get(name) ?? Number.NaN);
  return Number.isFinite(value) ? value : null;
}

/** Milliseconds until the request may be tried again; null = it may not. */
function retryDelay(response: Response, body: string, attempt: number, now: number): number | null {
  if (response.status >= 500) return 500 * 2 ** attempt;
  if (response.status !== 403 && response.status !== 429) return null;
  const after = header(response, "retry-after");
  if (after !== null) return after * 1_000;
  const reset = header(response, "x-ratelimit-reset");
  if (header(response, "x-ratelimit-remaining") === 0 && reset !== null) {
    return Math.max(0, reset * 1_000 - now);
  }
  return /secondary rate limit/i.test(body) ? LONGEST_WAIT_MS : null;
}

function nextPage(response: Response, apiUrl: string): string | null {
  const link = response.headers.get("link") ?? "";
  const next = /<([^<>]+)>\s*;[^,]*\brel="next"/.exec(link)?.[1];
  if (next === undefined || !URL.canParse(next)) return null;
  // The token goes nowhere but to the address that it is meant for.
  return new URL(next).origin === new URL(apiUrl).origin ? next : null;
}

function parsed<Value>(text: string, schema: z.ZodType<Value>, path: string): Value {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new GateError("NETWORK", `GitHub answered ${path} with something else than its interface says`, {
      hint: "is a proxy or an older Enterprise server in between?",
      cause: error,
    });
  }
}

function refusal(status: number, text: string): Answer<never> {
  try {
    return { kind: "refused", status, message: visibleLine(failure.parse(JSON.parse(text)).message, 200) };
  } catch {
    return { kind: "refused", status, message: "" };
  }
}

/** An Enterprise server has its two interfaces side by side. */
function address(apiUrl: string, path: string): string {
  const root = apiUrl.replace(/\/$/, "");
  return path === "/graphql" ? `${root.replace(/\/v3$/, "")}${path}` : `${root}${path}`;
}

interface Exchange {
  readonly response: Response;
  readonly text: string;
}

type Method = "GET" | "POST" | "PATCH";

/** One request and its answer, whatever the status. */
async function sendOnce(
  { token, fetch, signal }: GitHubClientOptions,
  method: Method,
  url: string,
  body: string | undefined,
): Promise<Exchange> {
  try {
    const response = await fetch(url, {
      method,
      headers: {
        accept: "application/vnd.github+json",
        "user-agent": "promptgate",
        "x-github-api-version": "2022-11-28",
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      // A redirect could lead the token away.
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
      ...(body === undefined ? {} : { body }),
    });
    return { response, text: await response.text() };
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw new GateError("NETWORK", "GitHub's API cannot be reached", {
      hint: "behind a proxy set NODE_USE_ENV_PROXY: 1 in the step's env",
      cause: error,
    });
  }
}

/** Opens the interface; nothing is asked before the first call. */
export function gitHubClient(options: GitHubClientOptions): GitHubClient {
  const { apiUrl } = options;
  let sent = 0;

  async function exchange(method: Method, url: string, body?: unknown): Promise<Exchange> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    for (let attempt = 0; ; attempt += 1) {
      sent += 1;
      const answer = await sendOnce(options, method, url, text);
      // Of a creation that failed inside nobody knows whether it was done: twice would be a second comment.
      const repeatable = method !== "POST" || answer.response.status < 500;
      const delay = retryDelay(answer.response, answer.text, attempt, options.now());
      if (delay === null || !repeatable) return answer;
      if (attempt + 1 >= ATTEMPTS || delay > LONGEST_WAIT_MS) {
        if (answer.response.status >= 500) return answer;
        throw new GateError("RATE_LIMITED", "GitHub's rate limit is reached", {
          hint: "the result stands; it is in the job summary and in the report files",
          retryAfterMs: delay,
        });
      }
      await options.sleep(delay);
    }
  }

  async function ask<Value>(
    { method, path, body }: { readonly method: Method; readonly path: string; readonly body?: unknown },
    schema: z.ZodType<Value>,
  ): Promise<Answer<Value>> {
    const { response, text } = await exchange(method, address(apiUrl, path), body);
    if (!response.ok) return refusal(response.status, text);
    return { kind: "ok", value: parsed(text, schema, path) };
  }

  return {
    get: (path, schema) => ask({ method: "GET", path }, schema),
    send: (method, path, body, schema) => ask({ method, path, body }, schema),
    list: async (path, schema, pages = MOST_PAGES) => {
      const values: z.infer<typeof schema>[] = [];
      const first = `${path}${path.includes("?") ? "&" : "?"}per_page=100`;
      let url: string | null = address(apiUrl, first);
      for (let page = 0; url !== null && page < pages; page += 1) {
        const { response, text }: Exchange = await exchange("GET", url);
        if (!response.ok) return refusal(response.status, text);
        values.push(...parsed(text, z.array(schema), path));
        url = nextPage(response, apiUrl);
      }
      return { kind: "ok", value: values };
    },
    requests: () => sent,
  };
}
