import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";

/** Where `.ci/run` puts the program, unless the environment names another one. */
const program =
  process.env["PROMPTGATE_TEST_PHOENIX"] ?? join(homedir(), ".cache/promptgate-tests/phoenix/bin/phoenix");

/** Why no Phoenix can be started here, or null; printed once where tests are skipped for it. */
export const withoutPhoenix: string | null = existsSync(program) ? null : `there is no ${program}`;
if (withoutPhoenix !== null) console.warn(`tests against a real Phoenix are skipped: ${withoutPhoenix}`);

/** Ports that nobody listens on. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return ports;
}

export interface RealPhoenix {
  readonly baseUrl: string;
  /** Deletes all prompts: a new registry for the next test. */
  readonly empty: () => Promise<void>;
  readonly call: (method: string, path: string, body?: unknown) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** A Phoenix of this machine with a database of its own; answers when it is returned. */
export async function startRealPhoenix(
  environment: Readonly<Record<string, string>> = {},
): Promise<RealPhoenix> {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-phoenix-"));
  const [port, grpc] = await freePorts(2);
  const server = spawn(program, ["serve"], {
    stdio: "ignore",
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      PHOENIX_WORKING_DIR: folder,
      PHOENIX_HOST: "127.0.0.1",
      PHOENIX_PORT: String(port),
      PHOENIX_GRPC_PORT: String(grpc),
      PHOENIX_TELEMETRY_ENABLED: "false",
      PHOENIX_ALLOW_EXTERNAL_RESOURCES: "false",
      PHOENIX_DISABLE_AGENT_ASSISTANT: "true",
      ...environment,
    },
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const baseUrl = `http://127.0.0.1:${port}`;
  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? null : (JSON.parse(text) as unknown);
  }
  const phoenix: RealPhoenix = {
    baseUrl,
    call,
    async empty() {
      const { data } = (await call("GET", "/v1/prompts?limit=1000")) as { data: { name: string }[] };
      for (const { name } of data) await call("DELETE", `/v1/prompts/${name}`);
    },
    async close() {
      server.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await vi.waitFor(
      async () => {
        if (!(await fetch(`${baseUrl}/healthz`)).ok) throw new Error("not ready");
      },
      { timeout: 300_000, interval: 250 },
    );
  } catch (error) {
    await phoenix.close();
    throw error;
  }
  return phoenix;
}
