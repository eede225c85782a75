import { GateError } from "../domain/errors.ts";
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

/** A `file` registry behind a web server, e.g. a branch's raw files: each document asked for again by its ETag. */
export function httpSource(baseUrl: string, options: HttpSourceOptions = {}): ReleaseSource {
  const base = new URL(baseUrl);
  const seen = new Map<string, Seen>();
  const latest = new Map<string, number>();

  /** Parsed JSON, or null for 404. */
  async function get(path: string, signal: AbortSignal): Promise<unknown> {
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
  }

  const move = (prompt: string, sequence: number, signal: AbortSignal): Promise<unknown> =>
    get(`${prompt}/moves/${String(sequence).padStart(6, "0")}.json`, signal);

  /** Moves are numbered without gaps: doubling steps up, halves back down. */
  async function latestMove(prompt: string, signal: AbortSignal): Promise<number> {
    let low = latest.get(prompt) ?? 0;
    let step = 1;
    while ((await move(prompt, low + step, signal)) !== null) {
      low += step;
      step *= 2;
    }
    for (let high = low + step; high - low > 1;) {
      const middle = (low + high) >> 1;
      if ((await move(prompt, middle, signal)) === null) high = middle;
      else low = middle;
    }
    latest.set(prompt, low);
    return low;
  }

  async function labelled(prompt: string, label: string, signal: AbortSignal): Promise<string | null> {
    for (let sequence = await latestMove(prompt, signal); sequence > 0; sequence--) {
      const found = (await move(prompt, sequence, signal)) as { label?: unknown; to?: unknown } | null;
      if (found?.label === label) return String(found.to);
    }
    return null;
  }

  return {
    readRelease: (prompt, signal) => get(`${prompt}/release.json`, signal),
    async readVersion(prompt, reference, signal) {
      if (reference.kind === "latest") throw new GateError("USAGE", "over HTTP no version is the latest");
      const version =
        reference.kind === "version" ? reference.version : await labelled(prompt, reference.label, signal);
      if (version === null || parseVersion(version) === null) return null;
      return get(`${prompt}/versions/${version}.json`, signal);
    },
  };
}
