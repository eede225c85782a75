import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { MetricQuery, Observations, PhoenixMetricsSettings } from "../../src/domain/metrics.ts";
import { phoenixMetrics } from "../../src/metrics/phoenix.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";
import { aRequest, errorRate, HOUR, quality, START } from "../contracts/metrics-requests.ts";
import { API_KEY, connectionTo, startPhoenix, type PhoenixServer } from "../loopback/phoenix-server.ts";
import type { StoredSpan } from "../loopback/phoenix-traffic.ts";
import type { Served } from "./memory-metrics.ts";

function settingsOf(server: Pick<PhoenixServer, "baseUrl">): PhoenixMetricsSettings {
  return { source: "phoenix", ...connectionTo(server), project: "default", unit: "user" };
}

let count = 0;

function report({ traffic }: PhoenixServer, served: Served, changes: Partial<StoredSpan> = {}): StoredSpan {
  count += 1;
  const number = count.toString(16).padStart(16, "0");
  const at = Date.parse(served.at);
  const span: StoredSpan = {
    spanId: number,
    traceId: `${number}${number}`,
    start: new Date(at).toISOString(),
    end: new Date(at + (served.latencyMs ?? 0)).toISOString(),
    status: served.error === true ? "ERROR" : "UNSET",
    attributes: {
      "prompt.name": served.prompt,
      "prompt.version": served.version,
      ...(served.unit === undefined ? {} : { "user.id": served.unit }),
    },
    ...(served.costUsd === undefined ? {} : { cost: served.costUsd }),
    ...changes,
  };
  traffic.spans.push(span);
  for (const [name, score] of Object.entries(served.scores ?? {})) {
    traffic.annotations.push({ kind: "span", of: span.spanId, name, score, label: null, at: served.at });
  }
  return span;
}

metricsContract("metrics from Phoenix", {
  withoutUnits: null,
  knowsOutcomes: "a span is an error or it is none",
  create: async (served) => {
    const server = await startPhoenix();
    for (const one of served) report(server, one);
    return { source: phoenixMetrics(settingsOf(server)), cleanup: async () => server.close() };
  },
  unreachable: async () => ({
    source: phoenixMetrics(settingsOf({ baseUrl: "http://127.0.0.1:1" })),
    cleanup: async () => undefined,
  }),
});

const cost: MetricQuery = { name: "cost", kind: "mean", transform: "none" };
const latency: MetricQuery = { name: "latency", kind: "mean", transform: "none" };
const { signal } = new AbortController();
const at = new Date(START + 60_000).toISOString();
const later = new Date(START + 120_000).toISOString();
const desk = { at, prompt: "desk", version: "1.0.0" } as const;

function sampleOf({ observations }: Observations, metric: string): unknown {
  return observations.find((one) => one.metric === metric)?.sample;
}

describe("production on Phoenix", () => {
  let server: PhoenixServer;
  beforeEach(async () => {
    server = await startPhoenix();
  });
  afterEach(async () => server.close());

  const observe = (changes: Partial<PhoenixMetricsSettings> = {}): Promise<Observations> =>
    phoenixMetrics({ ...settingsOf(server), ...changes }).observe(
      aRequest({ metrics: [quality, errorRate, cost, latency], to: START + HOUR }),
      signal,
    );

  it("is read over all pages of spans, scores and costs", async () => {
    for (let one = 0; one < 2203; one += 1) {
      report(server, { ...desk, error: one % 3 === 0, costUsd: 0.01, scores: { quality: 0.5 } });
    }
    const observed = await observe();
    expect(observed.assignments).toEqual([{ version: "1.0.0", bucket: START, n: 2203, newUnits: 2203 }]);
    expect(sampleOf(observed, "error_rate")).toEqual({ kind: "proportion", n: 2203, errors: 735 });
    expect(sampleOf(observed, "quality")).toMatchObject({ n: 2203, mean: 0.5 });
    expect(sampleOf(observed, "cost")).toMatchObject({ n: 2203 });
  });

  it("takes the newest score of a name, a span's before its trace's, and no words", async () => {
    const { spanId, traceId } = report(server, { ...desk, scores: { quality: 0.1 } });
    const { traceId: alone } = report(server, desk);
    const { spanId: worded } = report(server, desk);
    const said = (kind: "span" | "trace", of: string, score: number | null, time: string): void =>
      void server.traffic.annotations.push({ kind, of, name: "quality", score, label: "good", at: time });
    said("span", spanId, 0.7, later);
    said("trace", traceId, 0.9, later);
    said("trace", alone, 0.3, at);
    said("span", worded, null, at);
    const both = "b".repeat(32);
    for (const _ of [1, 2]) report(server, desk, { traceId: both });
    said("trace", both, 0, at);
    const observed = await observe();
    expect(sampleOf(observed, "quality")).toMatchObject({ n: 2, mean: expect.closeTo(0.5, 9) as number });
    expect(observed.notes).toMatchObject([{ kind: "incomplete", count: 1 }]);
  });

  it("takes the later one of two scores of one second", async () => {
    const { spanId: of } = report(server, desk);
    for (const score of [0.2, 0.8]) {
      server.traffic.annotations.push({ kind: "span", of, name: "quality", score, label: null, at });
    }
    expect(sampleOf(await observe(), "quality")).toMatchObject({ n: 1, mean: 0.8 });
  });

  it("counts what a span costs, or its trace where the prompt was used once in it, and no unknown price", async () => {
    report(server, { ...desk, costUsd: 0.5 });
    const { traceId } = report(server, desk);
    report(server, { at, prompt: "", version: "" }, { traceId, attributes: {}, cost: 0.25 });
    report(server, desk);
    const observed = await observe();
    expect(sampleOf(observed, "cost")).toMatchObject({ n: 2, mean: 0.375 });
    expect(observed.errors).toEqual([]);
  });

  it("says why costs cannot be read, and gives all other metrics", async () => {
    report(server, { ...desk, error: true });
    server.fail(/graphql/, {
      kind: "status",
      status: 200,
      body: '{"data":null,"errors":[{"message":"No costs"}]}',
    });
    const observed = await observe();
    expect(observed.errors).toEqual([
      { metric: "cost", message: "phoenix: POST /graphql was refused: No costs" },
    ]);
    expect(sampleOf(observed, "error_rate")).toMatchObject({ n: 1, errors: 1 });
  });

  it("measures time below a millisecond, and none where a span has no length", async () => {
    report(server, desk, { start: "2026-11-20T09:10:00.000250Z", end: "2026-11-20T09:10:00.000750Z" });
    report(server, desk);
    expect(sampleOf(await observe(), "latency")).toEqual({
      kind: "mean",
      n: 1,
      mean: expect.closeTo(0.5, 6) as number,
      variance: 0,
    });
  });

  it("knows units by user, by session or not at all", async () => {
    for (const session of ["a", "a", 7]) {
      report(
        server,
        { ...desk, unit: "u" },
        {
          attributes: {
            "prompt.name": "desk",
            "prompt.version": "1.0.0",
            "user.id": "u",
            "session.id": session,
          },
        },
      );
    }
    const kinds = ["user", "session", "none"] as const;
    const observed = await Promise.all(kinds.map((unit) => observe({ unit })));
    const counts = observed.map(({ basis, assignments }) => [basis, assignments[0]?.n]);
    expect(counts).toEqual([
      ["unit", 1],
      ["unit", 2],
      ["request", 3],
    ]);
  });

  it("is told by prompts whose names look like numbers", async () => {
    report(server, { ...desk, prompt: "12" });
    const request = aRequest({ prompt: "12", metrics: [errorRate] });
    expect(await phoenixMetrics(settingsOf(server)).observe(request, signal)).toMatchObject({
      assignments: [{ n: 1 }],
    });
  });

  it("leaves out spans that say no version, and versions that nobody asked about", async () => {
    report(server, desk, { attributes: { "prompt.name": "desk" } });
    report(server, { ...desk, version: "9.9.9" });
    expect(await observe()).toMatchObject({ observations: [], assignments: [], errors: [] });
  });

  it("of a project that does not exist is an error, as a mistyped name must not look like no traffic", async () => {
    await expect(observe({ project: "prod" })).rejects.toMatchObject({
      code: "METRICS_FAILED",
      message: "phoenix: there is no project prod",
    });
  });

  it.each([
    ["401", 401, `Invalid token ${API_KEY}`, "AUTHENTICATION"],
    ["429", 429, "Too many", "RATE_LIMITED"],
    ["422", 422, "Invalid cursor", "METRICS_FAILED"],
    ["500", 500, "Internal Server Error", "METRICS_FAILED"],
    ["a page", 200, "<html>", "METRICS_FAILED"],
    ["rows without a time", 200, '{"data":[{"context":{"span_id":"a","trace_id":"b"}}]}', "METRICS_FAILED"],
  ])("cannot be had with %s, which is said instead of having no data", async (_, status, body, code) => {
    report(server, desk);
    server.fail(/spans/, { kind: "status", status, body }, 1000);
    const failure = await observe().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "GateError", code });
    expect((failure as Error).message).not.toContain(API_KEY);
  });

  it("stops being read when it is interrupted in the middle of an answer", async () => {
    const interrupt = new AbortController();
    server.fail(/spans/, { kind: "silence" });
    const answer = phoenixMetrics(settingsOf(server)).observe(aRequest(), interrupt.signal);
    while (!server.calls.some((call) => call.includes("/spans"))) await new Promise(setImmediate);
    interrupt.abort();
    await expect(answer).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
