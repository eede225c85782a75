import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";

/** Where it is looked for, unless the environment names another one. */
const program =
  process.env["PROMPTGATE_TEST_MLFLOW"] ?? join(homedir(), ".cache/promptgate-tests/mlflow/bin/mlflow");

/** Why no MLflow can be started here, or null; printed once where tests are skipped for it. */
export const withoutMlflow: string | null = existsSync(program) ? null : `there is no ${program}`;
if (withoutMlflow !== null) console.warn(`tests against a real MLflow are skipped: ${withoutMlflow}`);

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface RealMlflow {
  readonly baseUrl: string;
  /** Deletes all prompts: a new registry for the next test. */
  readonly empty: () => Promise<void>;
  /** A call of its API: `registered-models/get`. */
  readonly call: (method: string, path: string, body?: unknown) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** An MLflow of this machine with a database of its own; answers when it is returned. */
export async function startRealMlflow(): Promise<RealMlflow> {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-mlflow-"));
  const port = await freePort();
  const store = ["--backend-store-uri", `sqlite:///${folder}/mlflow.db`];
  const artifacts = ["--artifacts-destination", join(folder, "artifacts")];
  const address = ["--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  const server = spawn(program, ["server", ...store, ...artifacts, ...address], {
    cwd: folder,
    stdio: "ignore",
    // It starts others: they end with it.
    detached: true,
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      MLFLOW_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "true",
      MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
    },
  });
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const baseUrl = `http://127.0.0.1:${port}`;
  async function call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${baseUrl}/api/2.0/mlflow/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as unknown;
  }
  const mlflow: RealMlflow = {
    baseUrl,
    call,
    async empty() {
      const filter = encodeURIComponent("tags.`mlflow.prompt.is_prompt` = 'true'");
      const path = `registered-models/search?max_results=1000&filter=${filter}`;
      const { registered_models: all = [] } = (await call("GET", path)) as {
        registered_models?: { name: string }[];
      };
      for (const { name } of all) await call("DELETE", "registered-models/delete", { name });
    },
    async close() {
      if (server.pid !== undefined) process.kill(-server.pid, "SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    await vi.waitFor(
      async () => {
        if (!(await fetch(`${baseUrl}/health`)).ok) throw new Error("not ready");
      },
      { timeout: 200_000, interval: 250 },
    );
  } catch (error) {
    await mlflow.close();
    throw error;
  }
  return mlflow;
}
