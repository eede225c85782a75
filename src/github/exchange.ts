import type { getOctokit } from "@actions/github";
import { GateError } from "../domain/errors.ts";

type Octokit = ReturnType<typeof getOctokit>;

/** One answer of GitHub, whatever its status. `data` is JSON that was read, or the text of what is none. */
export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number | undefined>>;
  readonly data: unknown;
}

export interface ExchangeOptions {
  /** `https://api.github.com`, or that of an Enterprise server. */
  readonly apiUrl: string;
  /** Empty text asks without one. */
  readonly token: string;
  /** Left out: the toolkit's own, which goes through the proxies that the environment names. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  sleep(milliseconds: number): Promise<void>;
  readonly now: () => number;
  readonly signal: AbortSignal;
}

const ATTEMPTS = 3;
const DEADLINE_MS = 30_000;
/** Longer than this nobody waits for a comment. */
const LONGEST_WAIT_MS = 60_000;

function header({ headers }: Exchange, name: string): number | null {
  const text = headers[name];
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : null;
}

/** Milliseconds until the request may be tried again; null = it may not. */
function retryDelay(answer: Exchange, attempt: number, now: number): number | null {
  if (answer.status >= 500) return 500 * 2 ** attempt;
  if (answer.status !== 403 && answer.status !== 429) return null;
  const after = header(answer, "retry-after");
  if (after !== null) return after * 1_000;
  const reset = header(answer, "x-ratelimit-reset");
  if (header(answer, "x-ratelimit-remaining") === 0 && reset !== null) {
    return Math.max(0, reset * 1_000 - now);
  }
  return /secondary rate limit/i.test(JSON.stringify(answer.data)) ? LONGEST_WAIT_MS : null;
}

/** The answer that the toolkit throws for a status that is no success; undefined for a fault of the network. */
function answerOf(error: unknown): Exchange | undefined {
  return error instanceof Error && "response" in error ? (error.response as Exchange | undefined) : undefined;
}

function unreachable(cause: unknown): GateError {
  return new GateError("NETWORK", "GitHub's API cannot be reached", {
    hint: "behind a proxy set HTTPS_PROXY in the step's env",
    cause,
  });
}

type Send = () => Promise<Exchange>;

/** What GitHub said, whatever the status. */
async function sendOnce(send: Send, signal: AbortSignal, deadline: AbortSignal): Promise<Exchange> {
  try {
    const answer = await send();
    // The toolkit takes a body that breaks off for an empty one.
    if (!deadline.aborted && !signal.aborted) return answer;
  } catch (error) {
    const answer = answerOf(error);
    if (answer !== undefined) return answer;
    if (!signal.aborted) throw unreachable(error);
  }
  if (signal.aborted) throw signal.reason;
  throw unreachable(deadline.reason);
}

async function sendPatiently(
  { sleep, now }: ExchangeOptions,
  repeatable: boolean,
  send: Send,
): Promise<Exchange> {
  for (let attempt = 0; ; attempt += 1) {
    const answer = await send();
    const delay = retryDelay(answer, attempt, now());
    // Of a creation that failed inside nobody knows whether it was done: twice would be a second comment.
    if (delay === null || (answer.status >= 500 && !repeatable)) return answer;
    if (attempt + 1 >= ATTEMPTS || delay > LONGEST_WAIT_MS) {
      if (answer.status >= 500) return answer;
      throw new GateError("RATE_LIMITED", "GitHub's rate limit is reached", {
        hint: "the result stands; it is in the job summary and in the report files",
        retryAfterMs: delay,
      });
    }
    await sleep(delay);
  }
}

/** Nothing of a server's answer gets into the log. */
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

async function openToolkit({ apiUrl, token, fetch }: ExchangeOptions): Promise<Octokit> {
  // It reads the event's file as soon as it is loaded, and fails with it.
  const { GitHub, getOctokitOptions } = await import("@actions/github/lib/utils");
  const options = {
    baseUrl: apiUrl.replace(/\/$/, ""),
    userAgent: "promptgate",
    ...(fetch === undefined ? {} : { request: { fetch } }),
  };
  return new GitHub(token === "" ? options : getOctokitOptions(token, options));
}

/**
 * Opens the toolkit's client with deadlines and patience: a request waits for a rate limit, and what was asked before is
 * asked again by its ETag, which costs nothing of that limit. `count` hears of every request that is sent.
 */
export async function openOctokit(options: ExchangeOptions, count: () => void): Promise<Octokit> {
  const octokit = await openToolkit(options);
  const known = new Map<string, Exchange>();
  octokit.hook.wrap("request", async (request, parameters) => {
    const { method, url } = octokit.request.endpoint(parameters);
    const before = method === "GET" ? known.get(url) : undefined;
    const etag = before?.headers["etag"];
    const answer = await sendPatiently(options, method !== "POST", () => {
      count();
      const deadline = AbortSignal.timeout(DEADLINE_MS);
      const signal = AbortSignal.any([options.signal, deadline]);
      // In place: the toolkit hands its own object to whatever comes after this.
      if (etag !== undefined) parameters.headers = { ...parameters.headers, "if-none-match": String(etag) };
      // A redirect could lead the token away.
      parameters.request = { ...parameters.request, redirect: "error", signal, log: silent };
      const send: Send = async () => request(parameters) as Promise<Exchange>;
      return sendOnce(send, options.signal, deadline);
    });
    if (answer.status === 304 && before !== undefined) return before as never;
    if (method === "GET" && answer.status === 200 && answer.headers["etag"] !== undefined)
      known.set(url, answer);
    return answer as never;
  });
  return octokit;
}
