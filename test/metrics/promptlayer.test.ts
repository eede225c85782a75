import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { MetricQuery, Observations, PromptLayerMetricsSettings } from "../../src/domain/metrics.ts";
import { promptLayerMetrics } from "../../src/metrics/promptlayer.ts";
import { metricsFaultsContract } from "../contracts/metrics-faults.contract.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";
import { aRequest, HOUR, START } from "../contracts/metrics-requests.ts";
import {
  API_KEY,
  connectionTo,
  startPromptLayer,
  type PromptLayerServer,
} from "../loopback/promptlayer-server.ts";
import type { PromptLayerRequest } from "../loopback/promptlayer-traffic.ts";
import type { Served } from "./memory-metrics.ts";

function settingsOf(server: Pick<PromptLayerServer, "baseUrl">): PromptLayerMetricsSettings {
  return { source: "promptlayer", ...connectionTo(server), unit: "user_id", tag: null };
}

function waiting(server: PromptLayerServer, waits: number[]) {
  return {
    ...settingsOf(server),
    wait: async (milliseconds: number): Promise<void> => void waits.push(milliseconds),
  };
}

/** Versions that were published as 1.0.0, 2.0.0 and 3.0.0 have the numbers 1, 2 and 3. */
function publishAll({ shelf }: PromptLayerServer): void {
  for (const name of ["desk", "other"]) {
    for (const version of ["1.0.0", "2.0.0", "3.0.0"]) {
      const promptgate = JSON.stringify({ schema: "promptgate/version@1", version });
      const messages = [{ role: "user", content: [{ type: "text", text: "Hi" }] }];
      shelf.add(name, { prompt_template: { type: "chat", messages }, metadata: { promptgate } });
    }
  }
}

let count = 0;

function report(
  { shelf, traffic }: PromptLayerServer,
  served: Served,
  changes: Partial<PromptLayerRequest> = {},
): void {
  count += 1;
  const { at, prompt, version, unit, error = false, latencyMs, costUsd = 0, scores = {} } = served;
  traffic.requests.push({
    id: count,
    startTime: new Date(at).toISOString(),
    promptId: shelf.idOf(prompt),
    promptVersion: Number(version.split(".")[0]),
    status: error ? "ERROR" : "SUCCESS",
    tags: [],
    metadata: unit === undefined ? {} : { user_id: unit, plan: "free" },
    price: costUsd,
    latency: latencyMs === undefined ? null : latencyMs / 1000,
    scores: Object.entries(scores).map(([name, score]) => ({ name, score: score * 100 })),
    ...changes,
  });
}

metricsContract("metrics from PromptLayer", {
  withoutUnits: null,
  knowsOutcomes: "PromptLayer notes SUCCESS where nothing else was said",
  create: async (served) => {
    const server = await startPromptLayer();
    publishAll(server);
    for (const one of served) report(server, one);
    return { source: promptLayerMetrics(settingsOf(server)), cleanup: async () => server.close() };
  },
  unreachable: async () => ({
    source: promptLayerMetrics(settingsOf({ baseUrl: "http://127.0.0.1:1" })),
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

function found(...items: readonly object[]): string {
  const place = { success: true, page: 1, pages: 1, per_page: 25, has_prev: false, has_next: false };
  return JSON.stringify({ ...place, items, total: items.length });
}

describe("production on PromptLayer", () => {
  let server: PromptLayerServer;
  let waits: number[];
  beforeAll(async () => {
    server = await startPromptLayer();
    publishAll(server);
  });
  beforeEach(() => {
    server.traffic.requests.length = 0;
    server.calls.length = 0;
    waits = [];
  });
  afterAll(async () => server.close());

  const observe = (
    changes: Partial<PromptLayerMetricsSettings> = {},
    metrics: readonly MetricQuery[] = [quality, helpful, errorRate, cost],
  ): Promise<Observations> => {
    const source = promptLayerMetrics({ ...waiting(server, waits), ...changes });
    return source.observe(aRequest({ metrics, to: START + HOUR }), signal);
  };

  it("is read over all pages, at the speed that PromptLayer allows", async () => {
    for (let one = 0; one < 303; one += 1) {
      report(server, { ...desk, error: one % 3 === 0, costUsd: 0.01, scores: { quality: 0.5 } });
    }
    const { observations, assignments } = await observe();
    expect(assignments).toEqual([{ version: "1.0.0", bucket: START, n: 303, newUnits: 303 }]);
    expect(observations).toContainEqual({
      metric: "error_rate",
      version: "1.0.0",
      bucket: START,
      sample: { kind: "proportion", n: 303, errors: 101 },
    });
    expect(observations.find(({ metric }) => metric === "quality")?.sample).toMatchObject({
      n: 303,
      mean: 0.5,
    });
    const searches = server.calls.filter((call) => call.endsWith("/requests/search")).length;
    expect(waits).toEqual(Array.from({ length: searches - 10 }, () => 6100));
  });

  it("takes scores of 0 and 100 as shares, and no price as no cost", async () => {
    for (const score of [100, 0, 100]) report(server, desk, { scores: [{ name: "helpful", score }] });
    const { observations } = await observe();
    expect(observations.filter(({ metric }) => metric !== "error_rate")).toEqual([
      { metric: "helpful", version: "1.0.0", bucket: START, sample: { kind: "proportion", n: 3, errors: 2 } },
    ]);
  });

  it("takes times without a zone for UTC, and scores without a name for default", async () => {
    const row = { id: 1, request_start_time: "2026-11-20T09:10:00.123456", scores: [{ score: 40 }] };
    server.fail(/search$/, { kind: "status", status: 200, body: found(row) }, 3);
    const { observations } = await observe({}, [{ ...quality, name: "default" }]);
    expect(observations).toMatchObject([{ bucket: START, sample: { n: 1, mean: 0.4 } }]);
  });

  it("leaves out other tags, other prompts' requests and the end of the time", async () => {
    report(server, desk, { tags: ["test"] });
    report(server, desk, { tags: ["production", "web"] });
    report(server, { ...desk, prompt: "other" }, { tags: ["production"] });
    report(server, { ...desk, at: new Date(START + HOUR).toISOString() }, { tags: ["production"] });
    expect((await observe()).assignments).toMatchObject([{ n: 2 }]);
    expect((await observe({ tag: "production" })).assignments).toMatchObject([{ n: 1 }]);
    expect((await observe({ tag: "production", unit: null })).assignments).toMatchObject([{ n: 1 }]);
  });

  it.each([{}, { unit: null }])(
    "is not measured where no request is marked as succeeded or as failed, with %j",
    async (changes) => {
      report(server, { ...desk, unit: "u1" }, { status: "WARNING" });
      await expect(observe(changes, [errorRate])).rejects.toMatchObject({ code: "METRICS_FAILED" });
    },
  );

  it("is counted by PromptLayer where no unit is asked for", async () => {
    for (let one = 0; one < 50; one += 1) {
      report(server, { ...desk, unit: `u${one % 2}`, error: one % 5 === 0, scores: { quality: 0.5 } });
    }
    report(server, { ...desk, version: "2.0.0" });
    const counted = await observe({ unit: null }, [errorRate]);
    expect(counted).toEqual({
      basis: "request",
      assignments: [
        { version: "1.0.0", bucket: START, n: 50, newUnits: 50 },
        { version: "2.0.0", bucket: START, n: 1, newUnits: 1 },
      ],
      observations: [
        {
          metric: "error_rate",
          version: "1.0.0",
          bucket: START,
          sample: { kind: "proportion", n: 50, errors: 10 },
        },
        {
          metric: "error_rate",
          version: "2.0.0",
          bucket: START,
          sample: { kind: "proportion", n: 1, errors: 0 },
        },
      ],
      errors: [],
      notes: [],
    });
    // No row is read: one question makes sure that requests are marked at all.
    expect(server.calls.filter((call) => call.endsWith("/search"))).toHaveLength(1);
    const both = await observe({ unit: null }, [errorRate, quality]);
    expect(both.observations.map(({ metric, sample }) => [metric, "n" in sample ? sample.n : 0])).toEqual([
      ["error_rate", 50],
      ["error_rate", 1],
      ["quality", 50],
    ]);
  });

  it("is refused, or counted and the rest refused, where it is more than can be read", async () => {
    for (let one = 0; one < 2501; one += 1) report(server, { ...desk, error: false });
    await expect(observe()).rejects.toMatchObject({
      code: "METRICS_FAILED",
      message: expect.stringContaining("2501 requests are more than the 2500") as string,
      hint: expect.stringContaining("unit: none") as string,
    });
    const counted = await observe({ unit: null }, [errorRate, quality]);
    expect(counted.assignments).toMatchObject([{ n: 2501 }]);
    expect(counted.observations).toMatchObject([{ metric: "error_rate" }]);
    expect(counted.errors).toMatchObject([
      { metric: "quality", message: expect.stringContaining("2501") as string },
    ]);
  });

  it("belongs to what people made of a version of ours, where it was theirs", async () => {
    const [stored] = server.shelf.versionsOf("desk");
    const template = {
      type: "chat",
      messages: [{ role: "user", content: [{ type: "text", text: "Theirs" }] }],
    };
    const { version } = server.shelf.add("desk", {
      prompt_template: template,
      metadata: stored?.metadata ?? {},
    });
    report(server, desk, { promptVersion: version });
    const asked = aRequest({ versions: ["1.0.0", `0.0.${version}`], to: START + HOUR });
    const { assignments } = await promptLayerMetrics(settingsOf(server)).observe(asked, signal);
    expect(assignments).toEqual([{ version: `0.0.${version}`, bucket: START, n: 1, newUnits: 1 }]);
  });
});

metricsFaultsContract(
  "a PromptLayer",
  async () => {
    const server = await startPromptLayer();
    publishAll(server);
    report(server, { ...desk, error: false });
    const { calls, fail, close } = server;
    return {
      source: promptLayerMetrics(settingsOf(server)),
      secret: API_KEY,
      reads: /requests\/search/,
      calls,
      fail,
      close,
    };
  },
  {
    "rows without a time": found({ id: 1, request_start_time: "soon" }),
    "scores in other words": found({ id: 1, request_start_time: at, scores: [{ name: "a", points: 3 }] }),
    "scores off their scale": found({ id: 1, request_start_time: at, scores: [{ name: "a", score: 300 }] }),
  },
);

describe("a PromptLayer that cannot give metrics", () => {
  let server: PromptLayerServer;
  beforeEach(async () => {
    server = await startPromptLayer();
    publishAll(server);
    report(server, { ...desk, error: false });
  });
  afterEach(async () => server.close());

  it("says so when it cannot count", async () => {
    server.fail(/custom-analytics$/, { kind: "status", status: 200, body: '{"customCharts":[]}' }, 9);
    const source = promptLayerMetrics({ ...settingsOf(server), unit: null });
    await expect(source.observe(aRequest(), signal)).rejects.toMatchObject({ code: "METRICS_FAILED" });
  });

  it("waits a minute where another reader used it up", async () => {
    const waits: number[] = [];
    server.fail(/search$/, { kind: "status", status: 429, body: "{}" }, 4);
    const { assignments } = await promptLayerMetrics(waiting(server, waits)).observe(aRequest(), signal);
    expect(assignments).toMatchObject([{ n: 1 }]);
    expect(waits).toEqual([500, 1000, 2000, 60_000]);
  });
});
