import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** How a request fails; null answers it. */
export type Failure =
  | "500"
  | "html"
  | "truncated"
  | "not-json"
  | "hang"
  | "redirect"
  | "reset"
  | "drip"
  | null;

/** A folder behind a web server on this machine, with ETags. */
export interface FileServer {
  readonly url: string;
  failure: Failure;
  /** `path status` of each request so far. */
  readonly requests: string[];
  readonly headers: http.IncomingHttpHeaders[];
  close(): Promise<void>;
}

function fail(failure: Exclude<Failure, null>, response: http.ServerResponse): void {
  switch (failure) {
    case "500":
      response.writeHead(500).end('{"schema":"promptgate/release@1"}');
      return;
    case "html":
      response.writeHead(200, { "content-type": "text/html" }).end("<html>Log in</html>");
      return;
    case "not-json":
      response.writeHead(200).end('{"schema":"promptgate/release@1","gen');
      return;
    case "truncated":
      response.writeHead(200, { "content-length": 1000 }).write('{"schema":');
      response.socket?.end();
      return;
    case "redirect":
      response.writeHead(302, { location: "/elsewhere" }).end();
      return;
    case "reset":
      response.socket?.destroy();
      return;
    case "drip":
      // Headers and one byte, and then nothing more.
      response.writeHead(200).write("{");
      return;
    case "hang":
  }
}

export async function fileServer(folder: string): Promise<FileServer> {
  const state: { failure: Failure; requests: string[]; headers: http.IncomingHttpHeaders[] } = {
    failure: null,
    requests: [],
    headers: [],
  };
  async function answer(
    path: string,
    known: string | undefined,
    response: http.ServerResponse,
  ): Promise<void> {
    const body = await readFile(join(folder, path)).catch(() => null);
    if (body === null) {
      state.requests.push(`${path} 404`);
      response.writeHead(404).end();
      return;
    }
    const etag = `"${createHash("sha256").update(body).digest("hex").slice(0, 16)}"`;
    const status = known === etag ? 304 : 200;
    state.requests.push(`${path} ${status}`);
    response.writeHead(status, { etag }).end(status === 304 ? undefined : body);
  }
  const server = http.createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    state.headers.push(request.headers);
    if (state.failure !== null) {
      state.requests.push(`${path} ${state.failure}`);
      fail(state.failure, response);
      return;
    }
    void answer(path, request.headers["if-none-match"], response);
  });
  // A machine under load must not close a connection at the moment in which it is used again.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}/registry?token=s3cret`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
