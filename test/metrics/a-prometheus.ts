import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach } from "vitest";
import type { PrometheusSettings } from "../../src/domain/metrics.ts";
import { prometheusMetrics } from "../../src/metrics/prometheus.ts";
import { errorRate, quality } from "../contracts/metrics-requests.ts";
import { prometheusSettings } from "./prometheus-settings.ts";

export const HOUR = 3_600_000;
export const FROM = Date.UTC(2026, 10, 20, 9);

type Handler = (form: URLSearchParams, response: http.ServerResponse, request: http.IncomingMessage) => void;

const servers: http.Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

export async function aServer(handle: Handler): Promise<string> {
  const server = http.createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => handle(new URLSearchParams(body), response, request));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function matrix(result: unknown, extra: object = {}): string {
  return JSON.stringify({ status: "success", data: { resultType: "matrix", result }, ...extra });
}

export function series(version: string, ...values: readonly string[]): object {
  return {
    metric: { version },
    values: values.map((value, index) => [(FROM + (index + 1) * HOUR) / 1000, value]),
  };
}

/** Every query is its own name, so that a server can answer by it. */
export const PLAIN: Partial<PrometheusSettings> = {
  assignments: "assignments",
  queries: {
    quality: { transform: "none", read: { kind: "sums", n: "n", sum: "sum", sumOfSquares: "squares" } },
    error_rate: { transform: "none", read: { kind: "proportion", n: "answered", errors: "failed" } },
  },
};

export const request = {
  prompt: "desk",
  versions: ["1.0.0"],
  metrics: [quality, errorRate],
  from: FROM,
  to: FROM + 2 * HOUR,
  bucketMs: HOUR,
};

export function observe(
  url: string,
  changes: Partial<PrometheusSettings> = {},
  signal = new AbortController().signal,
) {
  return prometheusMetrics(prometheusSettings(url, { ...PLAIN, ...changes })).observe(request, signal);
}
