import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { OpenApiCheck } from "./openapi.ts";

/** What goes wrong with a call instead of an answer, or after it was done. */
export type PlatformFault =
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

export interface PlatformCall {
  readonly method: string;
  /** Still encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: IncomingMessage["headers"];
}

/** JSON, or `text` as some platforms write their errors. */
export type PlatformAnswer =
  | { readonly status: number; readonly body: unknown }
  | { readonly status: number; readonly text: string };

interface PlatformBehaviour {
  /** What whoever has no valid key is told; null = the key is valid. */
  readonly refusal: (call: PlatformCall) => PlatformAnswer | null;
  readonly answer: (call: PlatformCall) => PlatformAnswer | Promise<PlatformAnswer>;
  /** The vendor's description of its API, where there is one. */
  readonly check: OpenApiCheck | null;
  /** What time the server has, in milliseconds; that of the machine unless given. */
  readonly now?: () => number;
}

interface Planned {
  readonly call: RegExp;
  readonly fault: PlatformFault;
  left: number;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const text = Buffer.concat(parts).toString("utf8");
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

function send(response: ServerResponse, answer: PlatformAnswer): void {
  const isText = "text" in answer;
  response.writeHead(answer.status, { "content-type": isText ? "text/plain" : "application/json" });
  // Nothing follows "no content".
  response.end(answer.status === 204 ? undefined : isText ? answer.text : JSON.stringify(answer.body));
}

/** A server on loopback that answers as a platform does, goes wrong as planned, and is held to the vendor's description. */
export async function startPlatformServer({ refusal, answer, check, now = Date.now }: PlatformBehaviour) {
  const planned: Planned[] = [];
  const violations: string[] = [];
  const calls: string[] = [];

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://loopback");
    const { method = "GET", headers } = request;
    const path = url.pathname;
    calls.push(`${method} ${path}${url.search}`);
    response.setHeader("date", new Date(now()).toUTCString());
    const call = { method, path, query: url.searchParams, body: await bodyOf(request), headers };
    const plan = planned.find((one) => one.left > 0 && one.call.test(`${method} ${path}`));
    const fault = plan?.fault;
    if (plan !== undefined) plan.left -= 1;
    if (fault?.kind === "reset") return void request.socket.destroy();
    if (fault?.kind === "silence") return;
    if (fault?.kind === "status") {
      response.writeHead(fault.status, { "content-type": "application/json", ...fault.headers });
      return void response.end(fault.body);
    }
    const refused = refusal(call);
    if (refused !== null) return send(response, refused);
    const made = await answer(call);
    const { status } = made;
    if ("body" in made) {
      violations.push(
        ...(check?.compare({ ...call, request: call.body, status, response: made.body }) ?? []),
      );
    }
    if (fault?.kind === "done") {
      return send(response, { status: fault.status, body: { message: "Internal Server Error" } });
    }
    if (fault?.kind !== "cut") return send(response, made);
    const text = JSON.stringify(("body" in made ? made.body : made.text) ?? null);
    const length = String(text.length + 9);
    response.writeHead(status, { "content-type": "application/json", "content-length": length });
    response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
  }

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    calls,
    /** The next `times` calls that match go wrong, e.g. `/^PATCH /`. */
    fail(call: RegExp, fault: PlatformFault, times = 1): void {
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
