import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { MetricQuery } from "../../src/domain/metrics.ts";
import { phoenixMetrics } from "../../src/metrics/phoenix.ts";
import { phoenixRegistry } from "../../src/registries/phoenix.ts";
import type { Experiment, Platform } from "../../src/domain/platform.ts";
import { openPlatform } from "../../src/platforms/index.ts";
import { datasetSourceContract } from "../contracts/dataset-source.contract.ts";
import { metricsContract } from "../contracts/metrics.contract.ts";
import { aRequest, START } from "../contracts/metrics-requests.ts";
import { scoreExportContract, type FoundExperiment } from "../contracts/score-export.contract.ts";
import { registryContract } from "../contracts/registry.contract.ts";
import { followRollout } from "../e2e/platform-rollout.ts";
import { startRealPhoenix, withoutPhoenix, type RealPhoenix } from "../loopback/phoenix-program.ts";
import { dataset } from "../platforms/phoenix-dataset.ts";
import type { Served } from "../metrics/memory-metrics.ts";

const clock = { now: () => Date.now() };

// Its queue of spans stands still for up to a minute now and then.
vi.setConfig({ testTimeout: 200_000 });

interface StoredRun {
  readonly example_id: string;
  readonly output: string | null;
  readonly annotations: readonly { readonly name: string; readonly score: number }[];
}

interface Span {
  readonly context: { readonly span_id: string; readonly trace_id: string };
}

describe.skipIf(withoutPhoenix !== null)("a real Phoenix", () => {
  let phoenix: RealPhoenix;
  let count = 0;
  beforeAll(async () => {
    phoenix = await startRealPhoenix();
  }, 320_000);
  afterAll(async () => phoenix.close());

  const connection = (baseUrl = phoenix.baseUrl) => ({ baseUrl, apiKey: null, timeoutMs: 30_000 });
  const metrics = (project: string, baseUrl?: string) =>
    phoenixMetrics({ source: "phoenix", ...connection(baseUrl), project, unit: "user" });

  function spanOf({ at, prompt, version, unit, error, latencyMs = 0 }: Served): Span {
    count += 1;
    const id = count.toString(16).padStart(16, "0");
    const span = {
      name: "answer",
      span_kind: "CHAIN",
      context: { span_id: id, trace_id: `${id}${id}` },
      start_time: at,
      end_time: new Date(Date.parse(at) + latencyMs).toISOString(),
      status_code: error === true ? "ERROR" : "UNSET",
      attributes: {
        "prompt.name": prompt,
        "prompt.version": version,
        ...(unit === undefined ? {} : { "user.id": unit }),
      },
    };
    return span;
  }

  /** Spans are queued, and stored in their order: with the last one all are there. */
  async function send(project: string, spans: readonly Span[]): Promise<void> {
    const last = spans.at(-1)?.context.span_id ?? "";
    await phoenix.call("POST", `/v1/projects/${project}/spans`, { data: spans });
    const path = `/v1/projects/${project}/spans?limit=1&span_id=${last}`;
    await vi.waitFor(
      async () =>
        expect(await phoenix.call("GET", path)).toMatchObject({ data: [{ context: { span_id: last } }] }),
      { timeout: 150_000, interval: 100 },
    );
  }

  /** A new project in which exactly these requests were served. */
  async function projectOf(served: readonly Served[]): Promise<string> {
    count += 1;
    const project = `project-${count}`;
    const spans = served.map(spanOf);
    await phoenix.call("POST", "/v1/projects", { name: project });
    await send(project, spans);
    const data = served.flatMap(({ scores = {} }, at) =>
      Object.entries(scores).map(([name, score]) => ({
        name,
        result: { score },
        annotator_kind: "CODE",
        span_id: spans[at]?.context.span_id,
      })),
    );
    if (data.length > 0) await phoenix.call("POST", "/v1/span_annotations?sync=true", { data });
    return project;
  }

  registryContract(
    "a registry on a real Phoenix",
    async () => ({
      registry: phoenixRegistry(connection(), clock),
      cleanup: async () => phoenix.empty(),
    }),
    { plainNames: "Phoenix takes no other characters" },
  );

  metricsContract("metrics from a real Phoenix", {
    withoutUnits: null,
    knowsOutcomes: "a span is an error or it is none",
    create: async (served) => ({
      source: metrics(await projectOf(served)),
      cleanup: async () => undefined,
    }),
    unreachable: async () => ({
      source: metrics("default", "http://127.0.0.1:1"),
      cleanup: async () => undefined,
    }),
  });

  async function platform(): Promise<Platform> {
    return openPlatform("phoenix", { baseUrl: phoenix.baseUrl, timeout: "30s" }, clock);
  }
  const upload = async (body: unknown): Promise<unknown> =>
    phoenix.call("POST", "/v1/datasets/upload?sync=true", body);

  datasetSourceContract("datasets on a real Phoenix", {
    create: async () => {
      const { datasets } = await platform();
      if (datasets.kind !== "datasets") throw new Error(datasets.reason);
      return {
        source: datasets,
        put: async (name, item) => void (await upload(dataset("append", name, [item]))),
        later: async () => undefined,
        cleanup: async () => undefined,
      };
    },
    withoutVersions: null,
    unknownVersion: "RGF0YXNldFZlcnNpb246OTk5",
  });

  interface Stored {
    readonly data: readonly { readonly id: string; readonly metadata?: { readonly promptgate?: string } }[];
  }

  async function find({ id }: Experiment): Promise<FoundExperiment> {
    const { data: datasets } = (await phoenix.call("GET", "/v1/datasets")) as Stored;
    for (const { id: own } of datasets) {
      const { data } = (await phoenix.call("GET", `/v1/datasets/${own}/experiments`)) as Stored;
      const found = data.filter(({ metadata }) => metadata?.promptgate === id);
      if (found.length !== 1) continue;
      const { data: examples } = (await phoenix.call("GET", `/v1/datasets/${own}/examples`)) as {
        data: { examples: { id: string; node_id: string }[] };
      };
      const runs = (await phoenix.call("GET", `/v1/experiments/${found[0]?.id}/json`)) as StoredRun[];
      return {
        answers: runs.map(({ example_id: node, output, annotations }) => ({
          caseId: examples.examples.find((one) => one.node_id === node)?.id ?? "",
          output,
          scores: Object.fromEntries(annotations.map(({ name, score }) => [name, score])),
        })),
      };
    }
    throw new Error(`there is no one experiment ${id}`);
  }

  scoreExportContract("an export to a real Phoenix", async () => {
    const { scores } = await platform();
    if (scores.kind !== "scores") throw new Error(scores.reason);
    return {
      scores,
      prepare: async (name, ids) =>
        void (await upload(
          dataset(
            "append",
            name,
            ids.map((id) => ({ id, input: {} })),
          ),
        )),
      find,
      // Nothing comes between a real server and its answers.
      loseAnswer: () => undefined,
      cleanup: async () => undefined,
    };
  });

  it("works out costs, and none of a model without a price", async () => {
    const at = new Date(START + 60_000).toISOString();
    const spans = ["gpt-4o", "nobody-sells-this"].flatMap((model): Span[] => {
      const span = spanOf({ at, prompt: "desk", version: "1.0.0" });
      const tokens = { "llm.token_count.prompt": 1000, "llm.token_count.completion": 100 };
      const ids = { span_id: `f${span.context.span_id.slice(1)}` };
      const child = { ...span, parent_id: span.context.span_id, context: { ...span.context, ...ids } };
      const attributes = { "llm.provider": "openai", "llm.model_name": model, ...tokens };
      const called = { ...child, span_kind: "LLM", attributes };
      return [span, called];
    });
    count += 1;
    const project = `project-${count}`;
    await send(project, spans);
    const cost: MetricQuery = { name: "cost", kind: "mean", transform: "none" };
    await vi.waitFor(
      async () => {
        const { signal } = new AbortController();
        const { observations } = await metrics(project).observe(aRequest({ metrics: [cost] }), signal);
        expect(observations).toMatchObject([{ sample: { n: 1, mean: expect.closeTo(0.0035, 6) as number } }]);
      },
      { timeout: 20_000, interval: 200 },
    );
  });

  it("gates, publishes, stages, exposes step by step and rolls back, with a client that follows", async () => {
    const { baseUrl } = phoenix;
    let waiting: Span[] = [];
    await phoenix.call("POST", "/v1/projects", { name: "production" });
    await followRollout({
      kind: "phoenix",
      users: 300,
      deadline: 60_000,
      registry: { baseUrl },
      metrics: { baseUrl, project: "production" },
      environment: {},
      options: { baseUrl },
      async stored(prompt) {
        const { data } = (await phoenix.call("GET", `/v1/prompts/${prompt}/versions`)) as { data: unknown[] };
        return data.length;
      },
      report(unit, version, at) {
        const served = { at: new Date(at).toISOString(), prompt: "greeter", version, unit };
        waiting.push(spanOf({ ...served, latencyMs: 500 }));
      },
      async settle() {
        await send("production", waiting);
        waiting = [];
      },
    });
    const tagged = await phoenix.call("GET", "/v1/prompts/greeter-rollout/tags/production");
    expect(JSON.stringify(tagged)).toContain(String.raw`\"weight\":0`);
  }, 300_000);
});
