import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { langfusePromptShelf, type LangfuseAnswer } from "./langfuse-prompts.ts";
import { langfuseTraffic, type LangfuseMode } from "./langfuse-traffic.ts";
import { openApiCheck } from "./openapi.ts";

export const PUBLIC_KEY = "pk-lf-1234567890";
export const SECRET_KEY = "sk-lf-do-not-print-me";

/** What goes wrong with a call instead of an answer, or after it was done. */
export type LangfuseFault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Done, and answered with an error. */
  | { readonly kind: "done"; readonly status: number }
  /** Done, and the answer ends in the middle. */
  | { readonly kind: "cut" }
  | { readonly kind: "reset" }
  | { readonly kind: "silence" };

interface Planned {
  readonly call: RegExp;
  readonly fault: LangfuseFault;
  left: number;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString("utf8");
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

function send(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(body);
}

const check = openApiCheck("langfuse.openapi.yml");

/** A server of one project that behaves like Langfuse, quirks included; `mode` is what its operator runs. */
export async function startLangfuse(mode: LangfuseMode = "v4") {
  const shelf = langfusePromptShelf();
  const traffic = langfuseTraffic(mode);
  const planned: Planned[] = [];
  const violations: string[] = [];
  const calls: string[] = [];

  async function answer(
    method: string,
    path: string,
    query: URLSearchParams,
    body: unknown,
  ): Promise<LangfuseAnswer> {
    const values = (body ?? {}) as Record<string, unknown>;
    if (path === "/api/public/v2/prompts") return method === "GET" ? shelf.list(query) : shelf.create(values);
    const [, name, version] = /^\/api\/public\/v2\/prompts\/([^/]+)(?:\/versions\/(\d+))?$/.exec(path) ?? [];
    if (name !== undefined && version === undefined && method === "GET") {
      return shelf.read(decodeURIComponent(name), query);
    }
    if (name !== undefined && version !== undefined && method === "PATCH") {
      return shelf.patch(decodeURIComponent(name), Number(version), values);
    }
    return traffic.answer(path, query);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://loopback");
    const { method = "GET" } = request;
    calls.push(`${method} ${url.pathname}${url.search}`);
    const body = await bodyOf(request);
    const plan = planned.find(({ call, left }) => left > 0 && call.test(`${method} ${url.pathname}`));
    const fault = plan?.fault;
    if (plan !== undefined) plan.left -= 1;
    if (fault?.kind === "reset") return void request.socket.destroy();
    if (fault?.kind === "silence") return;
    if (fault?.kind === "status") return send(response, fault.status, fault.body, { ...fault.headers });
    const expected = `Basic ${Buffer.from(`${PUBLIC_KEY}:${SECRET_KEY}`).toString("base64")}`;
    if (request.headers.authorization !== expected) {
      const words = { message: `Invalid credentials ${SECRET_KEY}`, error: "UnauthorizedError" };
      return send(response, 401, JSON.stringify(words));
    }
    const made = await answer(method, url.pathname, url.searchParams, body);
    const { status } = made;
    const exchange = { method, path: url.pathname, query: url.searchParams, request: body, status };
    violations.push(...(check?.compare({ ...exchange, response: made.body }) ?? []));
    const text = JSON.stringify(made.body);
    if (fault?.kind === "done") return send(response, fault.status, '{"message":"Internal Server Error"}');
    if (fault?.kind !== "cut") return send(response, status, text);
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": String(text.length + 9),
    });
    response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
  }

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    shelf,
    traffic,
    calls,
    /** The next `times` calls that match go wrong, e.g. `/^PATCH /`. */
    fail(call: RegExp, fault: LangfuseFault, times = 1): void {
      planned.push({ call, fault, left: times });
    },
    /** Throws when a call was not as the vendor's description has it. */
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (violations.length > 0) throw new Error(violations.join("\n"));
    },
  };
}

export type LangfuseServer = Awaited<ReturnType<typeof startLangfuse>>;

/** How an adapter reaches it. */
export function connectionTo({ baseUrl }: Pick<LangfuseServer, "baseUrl">) {
  return {
    baseUrl,
    publicKey: PUBLIC_KEY,
    secretKey: SECRET_KEY,
    timeoutMs: 10_000,
    wait: async () => undefined,
  };
}
