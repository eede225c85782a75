import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import type { Served } from "./memory-metrics.ts";

const PROGRAMS = { server: "prometheus", tool: "promtool" };

function answers(program: string): boolean {
  try {
    execFileSync(program, ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Why no Prometheus server can be started here, or null; printed once where tests are skipped for it. */
export const withoutPrometheus: string | null =
  answers(PROGRAMS.server) && answers(PROGRAMS.tool)
    ? null
    : "prometheus is not installed (apt-get install prometheus)";
if (withoutPrometheus !== null)
  console.warn(`tests against a Prometheus server are skipped: ${withoutPrometheus}`);

/** A port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

export interface PrometheusServer {
  readonly url: string;
  close(): Promise<void>;
}

interface ServerOptions {
  /** `host:port` to scrape every 100 ms. */
  readonly target?: string;
  /** History in the OpenMetrics text format, with a time on each line. */
  readonly history?: string;
}

/** A Prometheus server of this machine with data of its own; answers when it is returned. */
export async function startPrometheus({ target, history }: ServerOptions): Promise<PrometheusServer> {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-prometheus-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const targets = target === undefined ? "[]" : `[{ targets: ["${target}"] }]`;
  writeFileSync(
    join(folder, "prometheus.yml"),
    `global: { scrape_interval: 100ms, scrape_timeout: 100ms }
scrape_configs: [{ job_name: application, static_configs: ${targets} }]
`,
  );
  if (history !== undefined) {
    writeFileSync(join(folder, "history.txt"), history);
    const parameters = ["tsdb", "create-blocks-from", "openmetrics", join(folder, "history.txt"), data];
    execFileSync(PROGRAMS.tool, parameters, { stdio: "ignore" });
  }
  const port = await freePort();
  const server = spawn(
    PROGRAMS.server,
    [
      `--config.file=${join(folder, "prometheus.yml")}`,
      `--storage.tsdb.path=${data}`,
      "--storage.tsdb.retention.time=100y",
      `--web.listen-address=127.0.0.1:${port}`,
      "--log.level=error",
    ],
    { stdio: "ignore" },
  );
  const ended = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const url = `http://127.0.0.1:${port}`;
  const close = async (): Promise<void> => {
    server.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await vi.waitFor(
      async () => {
        const { ok } = await fetch(`${url}/-/ready`);
        if (!ok) throw new Error("not ready");
      },
      { timeout: 30_000, interval: 50 },
    );
  } catch (error) {
    await close();
    throw error;
  }
  return { url, close };
}

function moments(name: string, value: number | undefined): Record<string, number> {
  if (value === undefined) return {};
  return { [`${name}_count`]: 1, [`${name}_sum`]: value, [`${name}_squares`]: value * value };
}

/** What an application adds to its counters for one request. */
function increments(served: Served): Record<string, number> {
  return {
    served: 1,
    ...(served.error === undefined ? {} : { answered: 1, failed: Number(served.error) }),
    ...moments("quality", served.scores?.["quality"]),
    ...moments("latency_ln", served.latencyMs === undefined ? undefined : Math.log(served.latencyMs)),
  };
}

const COUNTERS = ["served", "answered", "failed"].concat(
  ["quality", "latency_ln"].flatMap((name) => [`${name}_count`, `${name}_sum`, `${name}_squares`]),
);

/** The counters that requests leave behind, by name and labels. */
export function countersOf(requests: readonly Served[]): Map<string, Map<string, number>> {
  const counters = new Map(COUNTERS.map((name) => [name, new Map<string, number>()]));
  for (const served of requests) {
    const labels = `{prompt="${served.prompt}",version="${served.version}"}`;
    const added = increments(served);
    for (const [name, series] of counters) series.set(labels, (series.get(labels) ?? 0) + (added[name] ?? 0));
  }
  return counters;
}

const MINUTE = 60_000;

/** The same counters minute by minute from `from` to `to`, as if they had been scraped. */
export function historyOf(requests: readonly Served[], from: number, to: number): string {
  const lines: string[] = [];
  const labels = [...(countersOf(requests).get("served") ?? new Map<string, number>()).keys()];
  const minutes = Array.from({ length: (to - from) / MINUTE + 1 }, (_, index) => from + index * MINUTE);
  const scrapes = minutes.map((time) => ({
    time,
    counters: countersOf(requests.filter(({ at }) => Date.parse(at) < time)),
  }));
  for (const name of COUNTERS) {
    lines.push(`# TYPE ${name} counter`);
    for (const label of labels) {
      for (const { time, counters } of scrapes) {
        lines.push(`${name}_total${label} ${counters.get(name)?.get(label) ?? 0} ${time / 1000}`);
      }
    }
  }
  return `${lines.join("\n")}\n# EOF\n`;
}
