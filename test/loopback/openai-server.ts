import http from "node:http";
import type { AddressInfo } from "node:net";
import * as z from "zod";

const bodySchema = z.looseObject({
  model: z.string(),
  messages: z.array(z.object({ role: z.string(), content: z.string() })),
});
type ChatBody = z.infer<typeof bodySchema>;

/** One request as the server saw it. */
export interface SeenRequest {
  /** Path and query. */
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: ChatBody;
}

/** What happens to one request. `delayMs` is added to the server's latency. */
export type Reply = (
  | { readonly kind: "answer"; readonly text?: string; readonly usage?: null; readonly message?: object }
  | { readonly kind: "json"; readonly document: unknown }
  /** Any status, body and headers: failures, redirects, HTML. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Closes the connection without an answer. */
  | { readonly kind: "reset" }
  /** Never answers. */
  | { readonly kind: "silence" }
  /** Breaks the connection in the middle of the body. */
  | { readonly kind: "cut" }
  /** Sends one byte of a valid body every so many milliseconds. */
  | { readonly kind: "drip"; readonly everyMs: number }
  /** A body of so many bytes. */
  | { readonly kind: "huge"; readonly bytes: number }
) & { readonly delayMs?: number };

export interface OpenAiServerOptions {
  /** Time to every answer. */
  readonly latencyMs?: number;
  /** Decides each reply by the request and its number from 0; the default answers `ok`. */
  readonly reply?: (request: SeenRequest, index: number) => Reply;
  /** False for a server that must not grow; `requests` stays empty. */
  readonly keepRequests?: boolean;
  /** A server that comes back listens where it did before; 0 = any free port. */
  readonly port?: number;
}

/** A server on this machine that speaks OpenAI's chat completions and does as it is told. */
export interface OpenAiServer {
  /** For `ModelSettings.baseUrl`. */
  readonly baseUrl: string;
  readonly port: number;
  readonly requests: readonly SeenRequest[];
  /** Requests received so far. */
  readonly count: number;
  /** Most requests that were under way at one time. */
  readonly peak: number;
  /** Connections accepted so far. */
  readonly connections: number;
  close(): Promise<void>;
}

const WORDS = /\S+/g;

function completionDocument(request: SeenRequest, reply: Extract<Reply, { kind: "answer" }>): object {
  const text = reply.text ?? "ok";
  const asked = request.body.messages.map(({ content }) => content).join(" ");
  const usage = {
    prompt_tokens: asked.match(WORDS)?.length ?? 0,
    completion_tokens: text.match(WORDS)?.length ?? 0,
  };
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 0,
    model: request.body.model,
    choices: [
      { index: 0, finish_reason: "stop", message: { role: "assistant", content: text, ...reply.message } },
    ],
    ...(reply.usage === null ? {} : { usage }),
  };
}

function sendJson(response: http.ServerResponse, document: unknown): void {
  const body = JSON.stringify(document);
  response.writeHead(200, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}

function drip(response: http.ServerResponse, body: string, everyMs: number): void {
  response.writeHead(200, { "content-type": "application/json" });
  let sent = 0;
  const timer = setInterval(() => {
    response.write(body.slice(sent, sent + 1));
    sent += 1;
    if (sent >= body.length) response.end();
  }, everyMs);
  response.on("close", () => clearInterval(timer));
}

function send(response: http.ServerResponse, request: SeenRequest, reply: Reply): void {
  switch (reply.kind) {
    case "answer":
      return sendJson(response, completionDocument(request, reply));
    case "json":
      return sendJson(response, reply.document);
    case "status":
      response.writeHead(reply.status, { "content-type": "application/json", ...reply.headers });
      response.end(reply.body ?? "");
      return undefined;
    case "reset":
      response.socket?.resetAndDestroy();
      return undefined;
    case "silence":
      return undefined;
    case "cut":
      response.writeHead(200, { "content-type": "application/json", "content-length": 1000 });
      response.write('{"choices":[{"mess');
      setImmediate(() => response.socket?.destroy());
      return undefined;
    case "drip":
      return drip(response, JSON.stringify(completionDocument(request, { kind: "answer" })), reply.everyMs);
    case "huge":
      response.writeHead(200, { "content-type": "application/json" });
      response.end(Buffer.alloc(reply.bytes, 32));
      return undefined;
  }
}

async function readRequest(request: http.IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    url: request.url ?? "",
    headers: request.headers,
    body: bodySchema.parse(JSON.parse(Buffer.concat(chunks).toString("utf8"))),
  };
}

/** Starts the server on 127.0.0.1. */
export async function startOpenAiServer(options: OpenAiServerOptions = {}): Promise<OpenAiServer> {
  const { latencyMs = 0, reply = (): Reply => ({ kind: "answer" }), keepRequests = true } = options;
  const { port: wantedPort = 0 } = options;
  const requests: SeenRequest[] = [];
  let count = 0;
  let active = 0;
  let peak = 0;
  let connections = 0;

  async function handle(incoming: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    active += 1;
    peak = Math.max(peak, active);
    response.on("close", () => {
      active -= 1;
    });
    const request = await readRequest(incoming);
    if (keepRequests) requests.push(request);
    const chosen = reply(request, count);
    count += 1;
    const delay = latencyMs + (chosen.delayMs ?? 0);
    if (delay === 0) send(response, request, chosen);
    else setTimeout(() => send(response, request, chosen), delay);
  }

  const server = http.createServer((incoming, response) => {
    handle(incoming, response).catch((error: unknown) => response.destroy(error as Error));
  });
  server.on("connection", () => {
    connections += 1;
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(wantedPort, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    port,
    requests,
    get count() {
      return count;
    },
    get connections() {
      return connections;
    },
    get peak() {
      return peak;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

/** Replies in order, then the last one for ever. */
export function inOrder(
  ...replies: readonly [Reply, ...Reply[]]
): (request: SeenRequest, index: number) => Reply {
  return (_, index) => replies[Math.min(index, replies.length - 1)] ?? replies[0];
}
