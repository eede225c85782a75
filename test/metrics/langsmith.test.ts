import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type {
  LangsmithMetricsSettings,
  MetricQuery,
  Observations,
  Sample,
} from "../../src/domain/metrics.ts";
import { langsmithMetrics } from "../../src/metrics/langsmith.ts";
import { metricsFaultsContract } from "../contracts/metrics-faults.contract.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";
import { aRequest, HOUR, START } from "../contracts/metrics-requests.ts";
import { API_KEY, connectionTo, startLangsmith, type LangsmithServer } from "../loopback/langsmith-server.ts";
import type { StoredRun } from "../loopback/langsmith-traffic.ts";
import type { Served } from "./memory-metrics.ts";

function settingsOf(server: Pick<LangsmithServer, "baseUrl">): LangsmithMetricsSettings {
  return { source: "langsmith", ...connectionTo(server), project: "production", unit: "user_id" };
}

function manifest(version: string): object {
  const promptgate = JSON.stringify({ schema: "promptgate/version@1", version });
  const id = ["langchain", "prompts", "chat", "ChatPromptTemplate"];
  return { lc: 1, type: "constructor", id, kwargs: { metadata: { promptgate } } };
}

/** Versions that were published as 1.0.0, 2.0.0 and 3.0.0. */
function publishAll({ hub }: LangsmithServer): void {
  for (const name of ["desk", "other"]) {
    for (const version of ["1.0.0", "2.0.0", "3.0.0"]) hub.addByHand(name, manifest(version));
  }
}

function hashOf({ hub }: LangsmithServer, prompt: string, version: string): string | undefined {
  return hub.commitsOf(prompt)[Number(version.split(".")[0]) - 1]?.commit_hash;
}

/** A trace whose root names the prompt as LangChain does; with `children` a run below the root does. */
function report(
  server: LangsmithServer,
  served: Served,
  changes: Partial<StoredRun> & { readonly child?: Partial<StoredRun> } = {},
): StoredRun {
  const { child, ...ofRoot } = changes;
  const id = randomUUID();
  const metadata = {
    lc_hub_owner: "-",
    lc_hub_repo: served.prompt,
    lc_hub_commit_hash: hashOf(server, served.prompt, served.version),
  };
  const unit = served.unit === undefined ? {} : { user_id: served.unit };
  const end = new Date(Date.parse(served.at) + (served.latencyMs ?? 0)).toISOString();
  const root: StoredRun = {
    id,
    trace_id: id,
    session_id: server.traffic.projects.get("production") ?? "",
    start_time: new Date(served.at).toISOString(),
    end_time: served.latencyMs === undefined ? null : end,
    status: served.error === undefined ? "pending" : served.error ? "error" : "success",
    error: served.error === true ? "RateLimitError()" : null,
    total_cost: served.costUsd === undefined ? null : String(served.costUsd),
    metadata: child === undefined ? { ...metadata, ...unit } : unit,
    ...ofRoot,
  };
  server.traffic.runs.push(root);
  if (child !== undefined) {
    const ended = { end_time: root.start_time, status: "success", error: null, total_cost: null } as const;
    server.traffic.runs.push({ ...root, ...ended, id: randomUUID(), metadata, ...child });
  }
  for (const [key, score] of Object.entries(served.scores ?? {}))
    rate(server, root.id, key, score, served.at);
  return root;
}

function rate(
  server: LangsmithServer,
  run_id: string,
  key: string,
  score: number | boolean | null,
  at: string,
) {
  const value = score === null ? "good" : null;
  server.traffic.scores.push({ id: randomUUID(), run_id, key, score, value, created_at: at });
}

metricsContract("metrics from LangSmith", {
  withoutUnits: null,
  create: async (served) => {
    const server = await startLangsmith();
    publishAll(server);
    for (const one of served) report(server, one);
    return {
      source: langsmithMetrics(settingsOf(server)),
      cleanup: async () => server.close(),
    };
  },
  unreachable: async () => ({
    source: langsmithMetrics(settingsOf({ baseUrl: "http://127.0.0.1:1" })),
    cleanup: async () => undefined,
  }),
});

const helpful: MetricQuery = { name: "helpful", kind: "proportion", transform: "none" };
const quality: MetricQuery = { name: "quality", kind: "mean", transform: "none" };
const errorRate: MetricQuery = { name: "error_rate", kind: "proportion", transform: "none" };
const cost: MetricQuery = { name: "cost", kind: "mean", transform: "ln" };
const latency: MetricQuery = { name: "latency", kind: "mean", transform: "ln" };
const { signal } = new AbortController();
const at = new Date(START + 60_000).toISOString();
const later = new Date(START + 120_000).toISOString();
const desk = { at, prompt: "desk", version: "1.0.0" } as const;

function sample({ observations }: Observations, name: string): Sample | undefined {
  return observations.find(({ metric }) => metric === name)?.sample;
}

describe("production on LangSmith", () => {
  let server: LangsmithServer;
  beforeAll(async () => {
    server = await startLangsmith();
    publishAll(server);
  });
  beforeEach(() => {
    server.traffic.runs.length = 0;
    server.traffic.scores.length = 0;
  });
  afterAll(async () => server.close());

  const observe = (changes: Partial<LangsmithMetricsSettings> = {}): Promise<Observations> =>
    langsmithMetrics({ ...settingsOf(server), ...changes }).observe(
      aRequest({ metrics: [quality, helpful, errorRate, cost, latency], to: START + HOUR }),
      signal,
    );

  it("is read over all pages", async () => {
    for (let one = 0; one < 620; one += 1) {
      report(server, { ...desk, error: one % 4 === 0, costUsd: 0.01, scores: { quality: 0.5 } });
    }
    const observed = await observe();
    expect(observed.assignments).toEqual([{ version: "1.0.0", bucket: START, n: 620, newUnits: 620 }]);
    expect(sample(observed, "error_rate")).toEqual({ kind: "proportion", n: 620, errors: 155 });
    expect(sample(observed, "quality")).toMatchObject({ n: 620, mean: 0.5 });
    expect(sample(observed, "cost")).toMatchObject({ n: 620 });
  });

  it("is measured at the root of a trace when a run below it names the prompt", async () => {
    for (let one = 0; one < 110; one += 1) {
      const served = { ...desk, unit: `u${one}`, error: true, latencyMs: 500, scores: { quality: 0.25 } };
      report(server, served, { child: {} });
    }
    const observed = await observe();
    expect(observed).toMatchObject({ basis: "unit", assignments: [{ n: 110 }], notes: [] });
    expect(sample(observed, "error_rate")).toMatchObject({ n: 110, errors: 110 });
    expect(sample(observed, "latency")).toMatchObject({
      n: 110,
      mean: expect.closeTo(Math.log(500), 9) as number,
    });
    expect(sample(observed, "quality")).toMatchObject({ n: 110, mean: 0.25 });
  });

  it("is found by the names that promptgate's client gives as well, without asking for commits", async () => {
    const named = { "prompt.name": "desk", "prompt.version": "1.0.0" };
    report(server, { ...desk, error: false }, { metadata: named });
    const before = server.calls.length;
    expect(await observe()).toMatchObject({ assignments: [{ version: "1.0.0", n: 1 }] });
    expect(server.calls.slice(before).filter((call) => call.includes("commits"))).toEqual([]);
  });

  it("counts truth values as shares, and words as nothing; the newest score counts, and the nearest", async () => {
    for (const score of [true, false, true, null])
      rate(server, report(server, desk).id, "helpful", score, at);
    const scored = report(server, { ...desk, scores: { quality: 0.1 } }, { child: {} });
    rate(server, scored.id, "quality", 0.7, later);
    report(server, { ...desk, scores: { quality: 0.9 } }, { child: {} });
    rate(server, server.traffic.runs.at(-1)?.id ?? "", "quality", 0.3, at);
    const observed = await observe();
    expect(sample(observed, "helpful")).toEqual({ kind: "proportion", n: 3, errors: 2 });
    expect(sample(observed, "quality")).toMatchObject({ n: 2, mean: expect.closeTo(0.5, 9) as number });
  });

  it("says nothing of traces with two versions, and little of those whose root is not there", async () => {
    const both = report(server, { ...desk, error: false });
    const second = { lc_hub_repo: "desk", lc_hub_commit_hash: hashOf(server, "desk", "2.0.0") };
    server.traffic.runs.push({ ...both, id: randomUUID(), metadata: second });
    report(server, { ...desk, error: false }, { child: { trace_id: randomUUID() }, metadata: {} });
    const { assignments, observations, notes } = await observe();
    expect(assignments).toMatchObject([{ version: "1.0.0", n: 1 }]);
    expect(observations).toEqual([]);
    expect(notes).toMatchObject([
      { kind: "incomplete", count: 1, message: expect.stringContaining("several versions") as string },
      { kind: "incomplete", count: 1, message: expect.stringContaining("root") as string },
    ]);
  });

  it("leaves out other projects, versions that nobody knows, and names in other places of the metadata", async () => {
    server.traffic.projects.set("experiments", randomUUID());
    report(server, desk, { session_id: server.traffic.projects.get("experiments") ?? "" });
    report(server, desk, { metadata: { lc_hub_repo: "desk", lc_hub_commit_hash: "0".repeat(64) } });
    report(server, desk, { metadata: { lc_hub_repo: "other", lc_hub_commit_hash: "x", team: "desk" } });
    report(server, desk, { metadata: { lc_hub_repo: "desk" } });
    expect(await observe()).toMatchObject({ observations: [], assignments: [], errors: [] });
    expect(await observe({ project: "experiments" })).toMatchObject({ assignments: [{ n: 1 }] });
  });

  it("knows commits that people made, copies of ours among them, as the registry does", async () => {
    const copied = server.hub.addByHand("copied", manifest("1.0.0"));
    const edited = server.hub.addByHand("copied", { ...manifest("1.0.0"), name: "edited" });
    const plain = server.hub.addByHand("copied", { lc: 1 });
    for (const { commit_hash } of [copied, edited, plain]) {
      report(server, desk, { metadata: { lc_hub_repo: "copied", lc_hub_commit_hash: commit_hash } });
    }
    const versions = ["1.0.0", "0.0.2", "0.0.3"];
    const asked = aRequest({ prompt: "copied", versions, metrics: [errorRate] });
    const { assignments } = await langsmithMetrics(settingsOf(server)).observe(asked, signal);
    expect(assignments.map(({ version, n }) => [version, n])).toEqual(versions.map((one) => [one, 1]));
  });

  it("has the units that the settings name", async () => {
    const hash = hashOf(server, "desk", "1.0.0");
    const metadata = { lc_hub_repo: "desk", lc_hub_commit_hash: hash, user_id: 7, thread_id: "t" };
    for (const _ of [1, 2]) report(server, { ...desk, error: false }, { metadata });
    report(server, { ...desk, error: false }, { metadata: { ...metadata, thread_id: "v" } });
    expect(await observe()).toMatchObject({ basis: "unit", assignments: [{ n: 1 }] });
    expect(await observe({ unit: "thread_id" })).toMatchObject({ basis: "unit", assignments: [{ n: 2 }] });
    expect(await observe({ unit: null })).toMatchObject({ basis: "request", assignments: [{ n: 3 }] });
  });
});

metricsFaultsContract(
  "a LangSmith",
  async () => {
    const server = await startLangsmith();
    publishAll(server);
    report(server, { ...desk, error: false });
    const { calls, fail, close } = server;
    return {
      source: langsmithMetrics(settingsOf(server)),
      secret: API_KEY,
      reads: /runs\/query/,
      calls,
      fail,
      close,
    };
  },
  { "runs without a time": '{"runs":[{"id":"a","trace_id":"a","start_time":"soon"}]}' },
);

describe("a LangSmith that cannot give metrics", () => {
  let server: LangsmithServer;
  beforeEach(async () => {
    server = await startLangsmith();
    publishAll(server);
    report(server, { ...desk, error: false });
  });
  afterEach(async () => server.close());

  it("says so when nobody reports to the project", async () => {
    const source = langsmithMetrics({ ...settingsOf(server), project: "elsewhere" });
    await expect(source.observe(aRequest(), signal)).rejects.toMatchObject({
      code: "METRICS_FAILED",
      message: expect.stringContaining('no tracing project "elsewhere"') as string,
    });
  });
});
