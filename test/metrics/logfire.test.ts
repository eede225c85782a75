import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LogfireMetricsSettings, MetricQuery, Observations } from "../../src/domain/metrics.ts";
import { logfireMetrics } from "../../src/metrics/logfire.ts";
import { metricsFaultsContract } from "../contracts/metrics-faults.contract.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";
import { aRequest, HOUR, START } from "../contracts/metrics-requests.ts";
import {
  API_KEY,
  connectionTo,
  READ_TOKEN,
  startLogfire,
  type LogfireServer,
} from "../loopback/logfire-server.ts";
import type { LogfireRecord } from "../loopback/logfire-records.ts";
import type { Served } from "./memory-metrics.ts";

function settingsOf(server: Pick<LogfireServer, "baseUrl">): LogfireMetricsSettings {
  const { key: _, ...connection } = connectionTo(server);
  return {
    source: "logfire",
    ...connection,
    readToken: READ_TOKEN,
    apiKey: API_KEY,
    environments: ["production"],
    unit: "user.id",
  };
}

/** Versions that were published as 1.0.0, 2.0.0 and 3.0.0 have the numbers 1, 2 and 3. */
function publishAll({ shelf }: LogfireServer): void {
  for (const name of ["desk", "other"]) {
    for (const version of ["1.0.0", "2.0.0", "3.0.0"]) {
      const promptgate = { schema: "promptgate/version@1", version };
      shelf.saveByHand(name, { prompt: name, promptgate }, `v${version}.x`);
    }
  }
}

let count = 0;

/** As Logfire's SDK for Python marks the call of a model; `own` as promptgate's client marks a span. */
function report(
  { traffic }: LogfireServer,
  served: Served,
  changes: Partial<LogfireRecord> = {},
  marks: "sdk" | "own" = "sdk",
): LogfireRecord {
  count += 1;
  const { prompt, version, unit, costUsd } = served;
  const number = version.split(".")[0] ?? "";
  const variable = `logfire.variables.${prompt}`;
  const attributes =
    marks === "own"
      ? { "prompt.name": prompt, "prompt.version": version, "prompt.variant": "stable" }
      : { "gen_ai.operation.name": "chat", [variable]: "promptgate.stable", [`${variable}.version`]: number };
  const record: LogfireRecord = {
    span_id: `span-${count}`,
    trace_id: `trace-${count}`,
    parent_span_id: null,
    start_timestamp: new Date(served.at).toISOString(),
    duration: served.latencyMs === undefined ? null : served.latencyMs / 1000,
    level: served.error === undefined ? null : served.error ? "error" : "info",
    is_exception: false,
    otel_status_code: null,
    deployment_environment: "production",
    telemetry_sdk_language: "python",
    attributes: {
      ...attributes,
      ...(unit === undefined ? {} : { "user.id": unit }),
      ...(costUsd === undefined ? {} : { "operation.cost": costUsd }),
    },
    ...changes,
  };
  traffic.records.push(record);
  for (const [name, value] of Object.entries(served.scores ?? {})) {
    score({ traffic }, record, { name, value, at: served.at });
  }
  return record;
}

/** As an evaluation is logged: below the span that it is about, or anywhere in its trace. */
function score(
  { traffic }: Pick<LogfireServer, "traffic">,
  { trace_id, span_id }: LogfireRecord,
  given: { readonly name: string; readonly value: unknown; readonly at: string; readonly below?: boolean },
): void {
  count += 1;
  traffic.records.push({
    span_id: `span-${count}`,
    trace_id,
    parent_span_id: given.below === false ? null : span_id,
    start_timestamp: new Date(given.at).toISOString(),
    duration: null,
    level: "info",
    is_exception: false,
    otel_status_code: null,
    deployment_environment: "production",
    telemetry_sdk_language: "python",
    attributes: { "gen_ai.evaluation.name": given.name, "gen_ai.evaluation.score.value": given.value },
  });
}

for (const marks of ["sdk", "own"] as const) {
  metricsContract(`metrics from Logfire, spans marked by ${marks === "sdk" ? "its SDK" : "our client"}`, {
    withoutUnits: null,
    create: async (served) => {
      const server = await startLogfire();
      publishAll(server);
      for (const one of served) report(server, one, {}, marks);
      return { source: logfireMetrics(settingsOf(server)), cleanup: async () => server.close() };
    },
    unreachable: async () => ({
      source: logfireMetrics(settingsOf({ baseUrl: "http://127.0.0.1:1" })),
      cleanup: async () => undefined,
    }),
  });
}

const helpful: MetricQuery = { name: "it's helpful", kind: "proportion", transform: "none" };
const quality: MetricQuery = { name: "quality", kind: "mean", transform: "none" };
const errorRate: MetricQuery = { name: "error_rate", kind: "proportion", transform: "none" };
const cost: MetricQuery = { name: "cost", kind: "mean", transform: "ln" };
const { signal } = new AbortController();
const at = new Date(START + 60_000).toISOString();
const desk = { at, prompt: "desk", version: "1.0.0" } as const;

describe("production on Logfire", () => {
  let server: LogfireServer;
  beforeAll(async () => {
    server = await startLogfire();
    publishAll(server);
  });
  beforeEach(() => void (server.traffic.records.length = 0));
  afterAll(async () => server.close());

  const observe = (changes: Partial<LogfireMetricsSettings> = {}): Promise<Observations> =>
    logfireMetrics({ ...settingsOf(server), ...changes }).observe(
      aRequest({ metrics: [quality, helpful, errorRate, cost], to: START + HOUR }),
      signal,
    );

  it("is read in parts where one answer cannot hold it", async () => {
    for (let one = 0; one < 10_003; one += 1) {
      const served = {
        ...desk,
        at: new Date(START + one * 300).toISOString(),
        error: one % 3 === 0,
        costUsd: 0.01,
      };
      report(server, served);
    }
    const { observations, assignments } = await observe();
    expect(assignments).toEqual([{ version: "1.0.0", bucket: START, n: 10_003, newUnits: 10_003 }]);
    expect(observations).toContainEqual({
      metric: "error_rate",
      version: "1.0.0",
      bucket: START,
      sample: { kind: "proportion", n: 10_003, errors: 3335 },
    });
    expect(observations.find(({ metric }) => metric === "cost")?.sample).toMatchObject({ n: 10_003 });
  });

  it("takes exceptions and failed status for errors", async () => {
    report(server, desk, { is_exception: true });
    report(server, desk, { otel_status_code: "ERROR" });
    report(server, { ...desk, error: false });
    const { observations } = await observe();
    expect(observations).toMatchObject([{ metric: "error_rate", sample: { n: 3, errors: 2 } }]);
  });

  it("counts truth values as shares, and words as nothing", async () => {
    for (const value of [true, false, true, "good", null]) {
      score(server, report(server, desk), { name: helpful.name, value, at });
    }
    const { observations } = await observe();
    expect(observations.filter(({ metric }) => metric === helpful.name)).toEqual([
      {
        metric: helpful.name,
        version: "1.0.0",
        bucket: START,
        sample: { kind: "proportion", n: 3, errors: 2 },
      },
    ]);
  });

  it("takes the newest score of a name, a trace's where it has one span, and those that came later", async () => {
    const later = new Date(START + 3 * HOUR).toISOString();
    const scored = report(server, { ...desk, scores: { quality: 0.1 } });
    score(server, scored, { name: "quality", value: 0.7, at: later });
    score(server, scored, { name: "quality", value: 0.9, at: later, below: false });
    score(server, report(server, desk), { name: "quality", value: 0.3, at, below: false });
    const both = [1, 2].map(() => report(server, desk, { trace_id: "both" }));
    for (const one of both) score(server, one, { name: "quality", value: 0, at, below: false });
    const { observations, notes } = await observe();
    expect(observations.find(({ metric }) => metric === "quality")?.sample).toMatchObject({
      n: 2,
      mean: expect.closeTo(0.5, 9) as number,
    });
    expect(notes).toMatchObject([{ kind: "incomplete", count: 2 }]);
  });

  it("leaves out other environments, other spans below, and numbers of no known version, and says so", async () => {
    report(server, desk, { deployment_environment: "staging" });
    const { attributes } = report(server, desk, { trace_id: "tools" });
    server.traffic.records.length = 0;
    report(server, desk, { attributes: { ...attributes, "gen_ai.operation.name": "execute_tool" } });
    report(server, { ...desk, version: "99.0.0" });
    const observed = await observe();
    expect(observed).toMatchObject({ observations: [], assignments: [], errors: [] });
    expect(observed.notes).toMatchObject([
      { kind: "incomplete", count: 1, message: expect.stringContaining("nobody knows them") as string },
    ]);
    report(server, desk, { deployment_environment: "staging" });
    expect(await observe({ environments: [] })).toMatchObject({ assignments: [{ n: 1 }] });
  });

  it("says when numbers of versions are of no use, as nobody may look them up", async () => {
    report(server, desk);
    const { assignments, notes } = await observe({ apiKey: null });
    expect(assignments).toEqual([]);
    expect(notes?.[0]?.message).toContain("metrics.apiKey is not set");
  });

  it("says when spans name a label and no version, as Logfire's SDK for JavaScript leaves them", async () => {
    const label = { "gen_ai.operation.name": "chat", "logfire.variables.desk": "promptgate.next" };
    report(server, desk, { attributes: label, telemetry_sdk_language: "nodejs" });
    expect((await observe()).notes).toMatchObject([
      { kind: "incomplete", count: 1, message: expect.stringContaining("JavaScript") as string },
    ]);
  });

  it("warns when two languages choose versions by themselves, and not where promptgate's client does", async () => {
    report(server, desk);
    report(server, desk, { telemetry_sdk_language: "nodejs" }, "own");
    expect((await observe()).notes).toEqual([]);
    report(server, desk, { telemetry_sdk_language: "nodejs" });
    expect((await observe()).notes).toMatchObject([
      { kind: "mixed-clients", count: 2, message: expect.stringContaining("different ones") as string },
    ]);
  });
});

metricsFaultsContract(
  "a Logfire",
  async () => {
    const server = await startLogfire();
    publishAll(server);
    report(server, { ...desk, error: false });
    const { calls, fail, close } = server;
    return {
      source: logfireMetrics(settingsOf(server)),
      secret: READ_TOKEN,
      reads: /v2\/query/,
      calls,
      fail,
      close,
    };
  },
  { "rows without a time": '{"data":[{"span_id":"a","start_timestamp":"soon"}]}' },
);

describe("a Logfire that cannot give metrics", () => {
  let server: LogfireServer;
  beforeEach(async () => {
    server = await startLogfire();
    publishAll(server);
    report(server, { ...desk, error: false });
  });
  afterEach(async () => server.close());

  it("says so when more is in one millisecond than an answer can hold", async () => {
    const full = JSON.stringify({ data: Array.from({ length: 10_000 }, (_, id) => row(id)) });
    server.fail(/\/v2\/query/, { kind: "status", status: 200, body: full }, 100);
    await expect(logfireMetrics(settingsOf(server)).observe(aRequest(), signal)).rejects.toMatchObject({
      code: "METRICS_FAILED",
      message: expect.stringContaining("one millisecond") as string,
    });
  });

  it("says where its address has to come from when the token names no region", () => {
    const settings = { ...settingsOf(server), baseUrl: null };
    expect(() => logfireMetrics(settings)).not.toThrow();
    expect(() => logfireMetrics({ ...settings, readToken: "x" })).toThrow(/metrics\.baseUrl/);
  });
});

function row(id: number): object {
  const empty = { version: null, number: null, label: null, unit: null, cost: null };
  return { span_id: `s${id}`, trace_id: "t", start_timestamp: at, duration: 1, is_error: false, ...empty };
}
