import { GateError } from "../domain/errors.ts";
import { isPromptName } from "../domain/registry.ts";
import { parseVersion } from "../domain/version.ts";
import type { ReleaseSource } from "./source.ts";

export interface HttpSourceOptions {
  /** Sent with every request, e.g. `authorization`. Redirects are refused, so that they reach nobody else. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly fetch?: typeof fetch;
}

interface Seen {
  readonly etag: string;
  readonly value: unknown;
}

const LARGEST_BODY = 8 * 1024 * 1024;

async function readBody(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > LARGEST_BODY) throw new GateError("REGISTRY_CORRUPT", "an answer is too large");
  }
  return text + decoder.decode();
}

/** Parsed JSON of a path below the registry, or null for 404; asked for again by its ETag. */
type Get = (path: string, signal: AbortSignal) => Promise<unknown>;

function getter(baseUrl: string, options: HttpSourceOptions): Get {
  const base = new URL(baseUrl);
  const seen = new Map<string, Seen>();
  return async (path, signal) => {
    const url = new URL(base);
    url.pathname = `${base.pathname.replace(/\/$/, "")}/${path}`;
    const known = seen.get(path);
    const headers = { ...options.headers, ...(known === undefined ? {} : { "if-none-match": known.etag }) };
    const response = await (options.fetch ?? fetch)(url, { headers, signal, redirect: "error" });
    if (response.status === 304 && known !== undefined) return known.value;
    if (response.status === 404) return null;
    if (!response.ok) throw new GateError("NETWORK", `${path}: HTTP ${response.status}`, { retryable: true });
    const value: unknown = JSON.parse(await readBody(response));
    const etag = response.headers.get("etag");
    if (etag !== null) seen.set(path, { etag, value });
    return value;
  };
}

function readMove(get: Get, prompt: string, sequence: number, signal: AbortSignal): Promise<unknown> {
  return get(`${prompt}/moves/${String(sequence).padStart(6, "0")}.json`, signal);
}

/** The number of the last move, from one that is known. They have no gaps: doubling steps up, halves back down. */
async function latestMove(get: Get, prompt: string, known: number, signal: AbortSignal): Promise<number> {
  let low = known;
  let step = 1;
  while ((await readMove(get, prompt, low + step, signal)) !== null) {
    low += step;
    step *= 2;
  }
  for (let high = low + step; high - low > 1;) {
    const middle = Math.floor((low + high) / 2);
    if ((await readMove(get, prompt, middle, signal)) === null) high = middle;
    else low = middle;
  }
  return low;
}

/**
 * A `file` registry behind a web server, e.g. a branch's raw files: one request a look while nothing changes. Throws
 * `TypeError` on what is no URL. Labels are looked up in the moves, which takes more requests the first time.
 */
export function httpSource(baseUrl: string, options: HttpSourceOptions = {}): ReleaseSource {
  const get = getter(baseUrl, options);
  const latest = new Map<string, number>();

  async function labelled(prompt: string, label: string, signal: AbortSignal): Promise<unknown> {
    const last = await latestMove(get, prompt, latest.get(prompt) ?? 0, signal);
    latest.set(prompt, last);
    for (let sequence = last; sequence > 0; sequence--) {
      const move = (await readMove(get, prompt, sequence, signal)) as {
        label?: unknown;
        to?: unknown;
      } | null;
      if (move?.label === label) return move.to;
    }
    return null;
  }

  return {
    readRelease: async (prompt, signal) =>
      isPromptName(prompt) ? get(`${prompt}/release.json`, signal) : null,
    async readVersion(prompt, reference, signal) {
      if (!isPromptName(prompt)) return null;
      let version: unknown = null;
      if (reference.kind === "version") ({ version } = reference);
      if (reference.kind === "label") version = await labelled(prompt, reference.label, signal);
      if (typeof version !== "string" || parseVersion(version) === null) return null;
      return get(`${prompt}/versions/${version}.json`, signal);
    },
  };
}
