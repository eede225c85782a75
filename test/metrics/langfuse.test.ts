import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LangfuseMetricsSettings, MetricQuery, Observations } from "../../src/domain/metrics.ts";
import { langfuseMetrics } from "../../src/metrics/langfuse.ts";
import { metricsFaultsContract } from "../contracts/metrics-faults.contract.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";
import { aRequest, HOUR, START } from "../contracts/metrics-requests.ts";
import { connectionTo, SECRET_KEY, startLangfuse, type LangfuseServer } from "../loopback/langfuse-server.ts";
import type { LangfuseObservation } from "../loopback/langfuse-traffic.ts";
import type { Served } from "./memory-metrics.ts";

function settingsOf(server: Pick<LangfuseServer, "baseUrl">): LangfuseMetricsSettings {
  return {
    source: "langfuse",
    ...connectionTo(server),
    folder: "",
    environments: ["production"],
    unit: "user",
  };
}

/** Versions that were published as 1.0.0, 2.0.0 and 3.0.0 have the numbers 1, 2 and 3. */
function publishAll({ shelf }: LangfuseServer): void {
  for (const name of ["desk", "other"]) {
    for (const version of ["1.0.0", "2.0.0", "3.0.0"]) {
      const config = { promptgate: { schema: "promptgate/version@1", version } };
      shelf.addByHand({ name, type: "chat", prompt: [{ role: "user", content: "Hi" }], config });
    }
  }
}

let count = 0;

function report(
  { traffic }: LangfuseServer,
  served: Served,
  changes: Partial<LangfuseObservation> = {},
): string {
  count += 1;
  const id = `generation-${count}`;
  const traceId = `trace-${count}`;
  traffic.observations.push({
    id,
    traceId,
    startTime: new Date(served.at).toISOString(),
    type: "GENERATION",
    name: "answer",
    environment: "production",
    level: served.error === undefined ? null : served.error ? "ERROR" : "DEFAULT",
    version: null,
    promptName: served.prompt,
    promptVersion: Number(served.version.split(".")[0]),
    userId: served.unit ?? null,
    sessionId: null,
    latency: served.latencyMs === undefined ? null : served.latencyMs / 1000,
    totalCost: served.costUsd ?? null,
    ...changes,
  });
  for (const [name, value] of Object.entries(served.scores ?? {})) {
    traffic.scores.push({
      id: `${id}-${name}`,
      name,
      value,
      traceId,
      observationId: id,
      timestamp: served.at,
    });
  }
  return id;
}

metricsContract("metrics from Langfuse", {
  withoutUnits: null,
  create: async (served) => {
    const server = await startLangfuse();
    publishAll(server);
    for (const one of served) report(server, one);
    return {
      source: langfuseMetrics(settingsOf(server)),
      cleanup: async () => server.close(),
    };
  },
  unreachable: async () => ({
    source: langfuseMetrics(settingsOf({ baseUrl: "http://127.0.0.1:1" })),
    cleanup: async () => undefined,
  }),
});

const helpful: MetricQuery = { name: "helpful", kind: "proportion", transform: "none" };
const quality: MetricQuery = { name: "quality", kind: "mean", transform: "none" };
const errorRate: MetricQuery = { name: "error_rate", kind: "proportion", transform: "none" };
const cost: MetricQuery = { name: "cost", kind: "mean", transform: "ln" };
const { signal } = new AbortController();
const at = new Date(START + 60_000).toISOString();
const desk = { at, prompt: "desk", version: "1.0.0" } as const;

describe.each(["v4", "v3"] as const)("production on a Langfuse of %s", (mode) => {
  let server: LangfuseServer;
  beforeAll(async () => {
    server = await startLangfuse(mode);
    publishAll(server);
  });
  beforeEach(() => {
    server.traffic.observations.length = 0;
    server.traffic.scores.length = 0;
  });
  afterAll(async () => server.close());

  const observe = (changes: Partial<LangfuseMetricsSettings> = {}): Promise<Observations> =>
    langfuseMetrics({ ...settingsOf(server), ...changes }).observe(
      aRequest({ metrics: [quality, helpful, errorRate, cost], to: START + HOUR }),
      signal,
    );

  it("is read over all pages", async () => {
    for (let one = 0; one < 1203; one += 1)
      report(server, { ...desk, error: one % 3 === 0, costUsd: 0.01, scores: { quality: 0.5 } });
    const { observations, assignments } = await observe();
    expect(assignments).toEqual([{ version: "1.0.0", bucket: START, n: 1203, newUnits: 1203 }]);
    expect(observations).toContainEqual({
      metric: "error_rate",
      version: "1.0.0",
      bucket: START,
      sample: { kind: "proportion", n: 1203, errors: 401 },
    });
    expect(observations.find(({ metric }) => metric === "quality")?.sample).toMatchObject({
      n: 1203,
      mean: 0.5,
    });
    expect(observations.find(({ metric }) => metric === "cost")?.sample).toMatchObject({ n: 1203 });
  });

  it("counts truth values as shares, and words and categories as nothing", async () => {
    for (const value of [true, false, true, "good"]) {
      const observationId = report(server, desk);
      const traceId = server.traffic.observations.at(-1)?.traceId ?? "";
      server.traffic.scores.push({
        id: observationId,
        name: "helpful",
        value,
        traceId,
        observationId,
        timestamp: at,
      });
    }
    const { observations } = await observe();
    expect(observations.filter(({ metric }) => metric === "helpful")).toEqual([
      { metric: "helpful", version: "1.0.0", bucket: START, sample: { kind: "proportion", n: 3, errors: 2 } },
    ]);
  });

  it("takes the newest score of a name, and a trace's where it has one generation", async () => {
    const later = new Date(START + 120_000).toISOString();
    const scored = report(server, { ...desk, scores: { quality: 0.1 } });
    const [first] = server.traffic.observations;
    const traceId = first?.traceId ?? "";
    server.traffic.scores.push({
      id: "b",
      name: "quality",
      value: 0.7,
      traceId,
      observationId: scored,
      timestamp: later,
    });
    server.traffic.scores.push({
      id: "c",
      name: "quality",
      value: 0.9,
      traceId,
      observationId: null,
      timestamp: later,
    });
    report(server, desk, { traceId: "alone" });
    server.traffic.scores.push({
      id: "d",
      name: "quality",
      value: 0.3,
      traceId: "alone",
      observationId: null,
      timestamp: at,
    });
    for (const _ of [1, 2]) report(server, desk, { traceId: "both" });
    server.traffic.scores.push({
      id: "e",
      name: "quality",
      value: 0,
      traceId: "both",
      observationId: null,
      timestamp: at,
    });
    const { observations, notes } = await observe();
    expect(observations.find(({ metric }) => metric === "quality")?.sample).toMatchObject({
      n: 2,
      mean: expect.closeTo(0.5, 9) as number,
    });
    expect(notes).toMatchObject([{ kind: "incomplete", count: 1 }]);
  });

  it("leaves out experiments, other kinds of rows, and generations of no known version", async () => {
    report(server, desk, { environment: "sdk-experiment" });
    report(server, desk, { type: "SPAN" });
    report(server, desk, { promptVersion: null });
    report(server, desk, { promptVersion: 99 });
    expect(await observe()).toMatchObject({ observations: [], assignments: [], errors: [] });
    expect(await observe({ environments: ["sdk-experiment"] })).toMatchObject({ assignments: [{ n: 1 }] });
  });
});

metricsFaultsContract(
  "a Langfuse",
  async () => {
    const server = await startLangfuse();
    publishAll(server);
    report(server, { ...desk, error: false });
    const { calls, fail, close } = server;
    return {
      source: langfuseMetrics(settingsOf(server)),
      secret: SECRET_KEY,
      reads: /observations/,
      calls,
      fail,
      close,
    };
  },
  { "rows without a time": '{"data":[{"id":"a","startTime":"soon"}],"meta":{}}' },
);
