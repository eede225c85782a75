import http from "node:http";
import type { AddressInfo } from "node:net";
import { completion, resultFiles, type BatchedRequest, type BatchScript } from "./batch-script.ts";
import type { SeenRequest } from "./openai-server.ts";

export type BatchEvent = "upload" | "create" | "read" | "list" | "content" | "chat";

/** What happens to a call instead of the regular thing. `lost`: it is done, and its answer never arrives. */
type Fault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "reset" }
  | { readonly kind: "lost" }
  /** Half of the body, then the connection breaks. */
  | { readonly kind: "cut" };

export interface BatchServerOptions {
  readonly answer?: (body: SeenRequest["body"]) => string;
  readonly script?: (index: number, requests: readonly BatchedRequest[]) => BatchScript;
  /** Asked before each call with its number, from 0, among those of its kind. */
  readonly fault?: (event: BatchEvent, index: number) => Fault | undefined;
  /** False for a server without the Batch API. */
  readonly takesBatches?: boolean;
  /** False for a server that drops metadata. */
  readonly keepsMetadata?: boolean;
}

interface StoredBatch {
  readonly id: string;
  readonly file: string;
  readonly metadata: Record<string, string> | null;
  readonly requests: readonly BatchedRequest[];
  readonly script: BatchScript;
  polls: number;
  cancelled: boolean;
}

export interface BatchServer {
  readonly baseUrl: string;
  readonly uploads: readonly (readonly BatchedRequest[])[];
  readonly batches: readonly StoredBatch[];
  /** Calls of each kind so far. */
  readonly counts: Readonly<Record<BatchEvent, number>>;
  /** Bodies of live calls. */
  readonly chats: readonly SeenRequest["body"][];
  readonly headers: readonly http.IncomingHttpHeaders[];
  cancel(id: string): void;
  close(): Promise<void>;
}

function sendMissing(response: http.ServerResponse): undefined {
  response.writeHead(404, { "content-type": "application/json" });
  response.end('{"error":{"message":"not found","type":"invalid_request_error","code":null}}');
  return undefined;
}

function json(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** A server on this machine that speaks OpenAI's files, batches and chat completions, and does as it is told. */
export async function startBatchServer(options: BatchServerOptions = {}): Promise<BatchServer> {
  const { answer = () => "ok", takesBatches = true, keepsMetadata = true } = options;
  const counts: Record<BatchEvent, number> = { upload: 0, create: 0, read: 0, list: 0, content: 0, chat: 0 };
  const uploads: BatchedRequest[][] = [];
  const batches: StoredBatch[] = [];
  const chats: SeenRequest["body"][] = [];
  const headers: http.IncomingHttpHeaders[] = [];

  function document(batch: StoredBatch): object {
    const end = batch.cancelled ? "cancelled" : (batch.script.end ?? "completed");
    const isDone = batch.polls > (batch.script.polls ?? 0) || batch.cancelled;
    const { output, errors } = resultFiles(batch, answer);
    const { polls = 0, filesAfter = 0 } = batch.script;
    const hasFiles = end !== "failed" && (batch.cancelled || batch.polls > polls + filesAfter);
    return {
      id: batch.id,
      object: "batch",
      endpoint: "/v1/chat/completions",
      completion_window: "24h",
      created_at: 0,
      input_file_id: batch.file,
      status: isDone ? end : "in_progress",
      output_file_id: hasFiles && output.length > 0 ? `output-${batch.id}` : null,
      error_file_id: hasFiles && errors.length > 0 ? `errors-${batch.id}` : null,
      errors: isDone && end === "failed" ? { object: "list", data: batch.script.errors ?? [] } : null,
      request_counts: {
        total: batch.requests.length,
        completed: isDone ? output.length : 0,
        failed: isDone ? errors.length : 0,
      },
      metadata: batch.metadata,
    };
  }

  function create(text: string): object | null {
    const asked = JSON.parse(text) as { input_file_id: string; metadata?: Record<string, string> };
    const requests = uploads[Number(asked.input_file_id.slice("file-".length))];
    if (requests === undefined) return null;
    const index = batches.length;
    const batch: StoredBatch = {
      id: `batch_${index}`,
      file: asked.input_file_id,
      metadata: keepsMetadata ? (asked.metadata ?? null) : null,
      requests,
      script: options.script?.(index, requests) ?? {},
      polls: 0,
      cancelled: false,
    };
    batches.push(batch);
    return document(batch);
  }

  async function upload(bytes: Buffer, type: string): Promise<object> {
    const form = await new Response(bytes, { headers: { "content-type": type } }).formData();
    const file = form.get("file");
    if (form.get("purpose") !== "batch" || !(file instanceof File)) throw new Error("no input file");
    const lines = (await file.text()).split("\n").filter((line) => line !== "");
    uploads.push(lines.map((line) => JSON.parse(line) as BatchedRequest));
    return { id: `file-${uploads.length - 1}`, object: "file", bytes: bytes.length, purpose: "batch" };
  }

  function list(url: URL): object {
    const newestFirst = batches.toReversed();
    const after = url.searchParams.get("after");
    const from = after === null ? 0 : newestFirst.findIndex(({ id }) => id === after) + 1;
    const limit = Number(url.searchParams.get("limit") ?? 20);
    const page = newestFirst.slice(from, from + limit);
    return { object: "list", data: page.map(document), has_more: from + limit < newestFirst.length };
  }

  function content(id: string): string | null {
    const [kind = "", batchId = ""] = /^(output|errors)-(.*)$/.exec(id)?.slice(1) ?? [];
    const batch = batches.find((candidate) => candidate.id === batchId);
    if (batch === undefined) return null;
    const files = resultFiles(batch, answer);
    return (kind === "output" ? files.output : files.errors).map((line) => `${line}\n`).join("");
  }

  function eventOf(method: string, path: string): BatchEvent | null {
    if (path === "/v1/chat/completions") return "chat";
    if (!takesBatches) return null;
    if (path === "/v1/files") return "upload";
    if (path === "/v1/batches") return method === "POST" ? "create" : "list";
    if (/^\/v1\/batches\/[^/]+$/.test(path)) return "read";
    return /^\/v1\/files\/[^/]+\/content$/.test(path) ? "content" : null;
  }

  async function respond(
    event: BatchEvent,
    url: URL,
    { bytes, type }: { bytes: Buffer; type: string },
  ): Promise<string | null> {
    const id = url.pathname.split("/")[3] ?? "";
    switch (event) {
      case "chat": {
        const body = JSON.parse(bytes.toString("utf8")) as SeenRequest["body"];
        chats.push(body);
        return json(completion(body, answer(body)));
      }
      case "upload":
        return json(await upload(bytes, type));
      case "create":
        return json(create(bytes.toString("utf8")));
      case "list":
        return json(list(url));
      case "read": {
        const batch = batches.find((candidate) => candidate.id === id);
        if (batch === undefined) return null;
        batch.polls += 1;
        return json(document(batch));
      }
      case "content":
        return content(id);
    }
  }

  async function handle(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    headers.push(request.headers);
    const url = new URL(request.url ?? "", "http://127.0.0.1");
    const event = eventOf(request.method ?? "", url.pathname);
    if (event === null) return sendMissing(response);
    const fault = options.fault?.(event, counts[event]);
    counts[event] += 1;
    if (fault?.kind === "reset") {
      response.socket?.resetAndDestroy();
      return undefined;
    }
    if (fault?.kind === "status") {
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      response.end(fault.body ?? JSON.stringify({ error: { message: "scripted", code: null } }));
      return undefined;
    }
    const type = request.headers["content-type"] ?? "";
    const text = await respond(event, url, { bytes: Buffer.concat(chunks), type });
    if (fault?.kind === "lost") {
      response.socket?.resetAndDestroy();
      return undefined;
    }
    if (text === null) return sendMissing(response);
    response.writeHead(200, {
      "content-type": event === "content" ? "application/octet-stream" : "application/json",
      "content-length": Buffer.byteLength(text),
    });
    if (fault?.kind !== "cut") {
      response.end(text);
      return undefined;
    }
    response.write(text.slice(0, text.length / 2));
    setImmediate(() => response.socket?.destroy());
    return undefined;
  }

  const server = http.createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    uploads,
    batches,
    counts,
    chats,
    headers,
    cancel: (id) => {
      for (const batch of batches) if (batch.id === id) batch.cancelled = true;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
