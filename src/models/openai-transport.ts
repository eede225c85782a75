import http from "node:http";
import https from "node:https";
import { GateError } from "../domain/errors.ts";

/** Larger answers are refused: a model writes kilobytes, so this is a broken or hostile server. */
const MAX_BODY_BYTES = 20_000_000;

/** Where requests go and what is sent along with each of them. */
export interface Endpoint {
  /** Without the path of the call. */
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

/** An answer that has arrived whole, of any status from 200 to 599. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

/** Sends a JSON body. Rejects with the error of the connection, or that of an aborted signal. */
export type PostJson = (body: string, signal: AbortSignal) => Promise<HttpAnswer>;

function readBody(
  message: http.IncomingMessage,
  finish: (body: Buffer) => void,
  fail: (error: Error) => void,
) {
  const chunks: Buffer[] = [];
  let bytes = 0;
  message.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) {
      message.destroy();
      fail(
        new GateError("PROVIDER_FAILED", `the answer is larger than ${MAX_BODY_BYTES / 1_000_000} MB`, {
          hint: "set maxTokens, or check that baseUrl is a model server",
        }),
      );
    } else chunks.push(chunk);
  });
  message.on("end", () => finish(Buffer.concat(chunks)));
  message.on("error", fail);
}

function toAnswer({ statusCode: status = 0, headers }: http.IncomingMessage, body: Buffer): HttpAnswer {
  if (status < 200 || status > 599) {
    throw new GateError("PROVIDER_FAILED", `the server answered with the impossible status ${status}`, {
      retryable: true,
    });
  }
  // Decoding drops a byte order mark, which JSON does not allow.
  return { status, headers, text: new TextDecoder().decode(body) };
}

function target(path: string, { baseUrl, query }: Endpoint): http.RequestOptions {
  const url = new URL(`${baseUrl}${path}`);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const { protocol, hostname, port, pathname, search } = url;
  return {
    protocol,
    hostname: hostname.replace(/^\[|\]$/g, ""),
    ...(port === "" ? {} : { port }),
    path: `${pathname}${search}`,
    method: "POST",
    agent: protocol === "https:" ? new https.Agent({ keepAlive: true }) : new http.Agent({ keepAlive: true }),
  };
}

/**
 * Posts to `path` of an endpoint over kept-alive connections of node:http, at a third of the processor time of the openai
 * package with the built-in `fetch`. It reads the whole answer before it resolves, so that the signal's deadline covers a
 * body that trickles; follows no redirect, so that a key never reaches another host; and reads no proxy from the
 * environment (nor does the built-in one).
 */
export function createPost(path: string, endpoint: Endpoint): PostJson {
  const options = target(path, endpoint);
  const given = { accept: "application/json", "content-type": "application/json", ...endpoint.headers };
  const { request: open } = options.protocol === "https:" ? https : http;
  return (body, signal) =>
    new Promise((resolve, reject) => {
      const headers = { ...given, "content-length": Buffer.byteLength(body) };
      const request = open({ ...options, headers }, (message) => {
        const finish = (bytes: Buffer): void => {
          try {
            resolve(toAnswer(message, bytes));
          } catch (error) {
            reject(error);
          }
        };
        readBody(message, finish, reject);
      });
      request.on("error", reject);
      // Not as an option of the request: Node would watch it with eight listeners for every call.
      const stop = (): void => {
        reject(signal.reason as Error);
        request.destroy();
      };
      if (signal.aborted) return stop();
      signal.addEventListener("abort", stop, { once: true });
      request.end(body);
    });
}
