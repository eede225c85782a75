import { tmpdir } from "node:os";
import { expect, it } from "vitest";
import { openMetrics } from "../../src/metrics/index.ts";
import { aRequest } from "../contracts/metrics-requests.ts";
import { freePort } from "./prometheus-server.ts";
import { prometheusSettings } from "./prometheus-settings.ts";

const { signal } = new AbortController();

it("opens the log of a project, whose path is relative to it", async () => {
  const source = openMetrics({ source: "jsonl", path: "no/such.jsonl" }, tmpdir());
  await expect(source.observe(aRequest(), signal)).rejects.toMatchObject({
    code: "METRICS_FAILED",
    message: "metrics.path: no/such.jsonl does not exist",
  });
});

it("opens a Prometheus server, which is asked only when something is", async () => {
  const port = await freePort();
  const source = openMetrics(prometheusSettings(`http://127.0.0.1:${port}`), tmpdir());
  await expect(source.observe(aRequest(), signal)).rejects.toMatchObject({
    code: "NETWORK",
    message: `127.0.0.1:${port}: nobody listens (ECONNREFUSED)`,
  });
});
