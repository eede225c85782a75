import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { lintMetrics } from "../../src/config/metrics-rules.ts";
import type { MetricQuery, MetricsSettings } from "../../src/domain/metrics.ts";
import { openMetrics } from "../../src/metrics/index.ts";
import { aFolder, files, load, problemsOf } from "./project-folder.ts";

function withMetrics(metrics: string, rollout = ""): Record<string, string> {
  return { ...files, "promptgate.yaml": `${files["promptgate.yaml"]}metrics: ${metrics}\n${rollout}` };
}

const QUERIES = `queries: {
  quality: { kind: mean, n: "a[{{bucket}}]", sum: b, sumOfSquares: c },
  latency: { kind: mean, transform: ln, n: a, mean: b, variance: c },
  cost: { kind: mean, transform: ln, n: a, mean: b, variance: c },
  error_rate: { kind: proportion, n: "a{prompt='{{prompt}}'}", errors: "b{version=~'{{versions}}'}" } }`;

function prometheus(changes = "", queries = QUERIES): Record<string, string> {
  return withMetrics(
    `{ source: prometheus, url: "http://localhost:9090", assignments: served, ${changes} ${queries} }`,
  );
}

describe("metrics in the config", () => {
  it("are the log of served requests unless something else is said", async () => {
    expect((await load(aFolder(files))).metrics).toEqual({
      source: "jsonl",
      path: ".promptgate/metrics.jsonl",
    });
    expect((await load(aFolder(withMetrics("{ source: jsonl, path: logs/ }")))).metrics).toEqual({
      source: "jsonl",
      path: "logs/",
    });
  });

  it("name Logfire with its defaults filled in, and its secrets as references", async () => {
    const written = withMetrics('{ source: logfire, readToken: "${TOKEN}" }');
    expect((await load(aFolder(written), { TOKEN: "pylf_v1_eu_x" })).metrics).toEqual({
      source: "logfire",
      baseUrl: null,
      readToken: "pylf_v1_eu_x",
      apiKey: null,
      timeoutMs: 30_000,
      environments: [],
      unit: "user.id",
    });
    const own = withMetrics(
      '{ source: logfire, readToken: "${TOKEN}", apiKey: "${TOKEN}", baseUrl: "http://own/", unit: none }',
    );
    expect((await load(aFolder(own), { TOKEN: "x" })).metrics).toMatchObject({
      baseUrl: "http://own",
      apiKey: "x",
      unit: null,
    });
    expect(await problemsOf(withMetrics("{ source: logfire, readToken: abc }"))).toContainEqual(
      expect.stringContaining("metrics.readToken"),
    );
  });

  it("name a Prometheus server with its defaults filled in", async () => {
    const written = prometheus('headers: { Authorization: "Bearer ${PROM}" }, timeout: 5s,');
    expect((await load(aFolder(written), { PROM: "abc" })).metrics).toEqual({
      source: "prometheus",
      url: "http://localhost:9090",
      headers: { Authorization: "Bearer abc" },
      timeoutMs: 5000,
      versionLabel: "version",
      assignments: "served",
      queries: {
        quality: {
          transform: "none",
          read: { kind: "sums", n: "a[{{bucket}}]", sum: "b", sumOfSquares: "c" },
        },
        latency: { transform: "ln", read: { kind: "moments", n: "a", mean: "b", variance: "c" } },
        cost: { transform: "ln", read: { kind: "moments", n: "a", mean: "b", variance: "c" } },
        error_rate: {
          transform: "none",
          read: { kind: "proportion", n: "a{prompt='{{prompt}}'}", errors: "b{version=~'{{versions}}'}" },
        },
      },
    });
  });

  it("may call a metric what would be a secret elsewhere", async () => {
    const queries = QUERIES.replace(
      "queries: {",
      "queries: { cost_per_token: { kind: mean, n: a, mean: b, variance: c },",
    );
    expect(await problemsOf(prometheus("", queries))).toEqual([]);
  });

  it.each([
    ["{ source: graphite }", "metrics.source: expected one of jsonl, prometheus"],
    ["{ source: jsonl, pth: x }", 'metrics.pth: unknown key; did you mean "path"?'],
    [
      '{ source: prometheus, url: "ftp://x", assignments: a, queries: { q: { kind: mean, n: a, mean: b, variance: c } } }',
      "metrics.url: expected an http or https address",
    ],
    [
      '{ source: prometheus, url: "http://u:p4ssw0rd@x", assignments: a, queries: { q: { kind: mean, n: a, mean: b, variance: c } } }',
      "metrics.url: expected an http or https address without password",
    ],
    [
      '{ source: prometheus, url: "http://x?token=p4ssw0rd", assignments: a, queries: { q: { kind: mean, n: a, mean: b, variance: c } } }',
      "metrics.url: expected an http or https address without password",
    ],
    ['{ source: prometheus, url: "http://x" }', "metrics.assignments: expected text, got nothing"],
    [
      '{ source: prometheus, url: "http://x", assignments: a, queries: {} }',
      "metrics.queries: expected at least one metric",
    ],
    [
      '{ source: prometheus, url: "http://x", assignments: "a[1h]", queries: { q: { kind: mean, n: a, mean: b, variance: c } } }',
      "metrics.assignments: expected [{{bucket}}] as the window",
    ],
    [
      '{ source: prometheus, url: "http://x", assignments: "a{p=`{{prompt}}`}", queries: { q: { kind: mean, n: a, mean: b, variance: c } } }',
      "metrics.assignments: expected double or single quotes",
    ],
    [
      '{ source: prometheus, url: "http://x", assignments: "a{p=\'{{name}}\'}", queries: { q: { kind: mean, n: a, mean: b, variance: c } } }',
      "metrics.assignments: expected {{prompt}}, {{versions}}, {{bucket}}, got {{name}}",
    ],
    [
      '{ source: prometheus, url: "http://x", assignments: a, queries: { q: { kind: proportion, n: a } } }',
      "metrics.queries.q: expected n and errors, and nothing else, for a proportion",
    ],
    [
      '{ source: prometheus, url: "http://x", assignments: a, queries: { q: { kind: mean, n: a, sum: b } } }',
      "metrics.queries.q: expected n with sum and sumOfSquares, or n with mean and variance",
    ],
    [
      '{ source: prometheus, url: "http://x", assignments: a, headers: { authorization: p4ssw0rd }, queries: { q: { kind: mean, n: a, mean: b, variance: c } } }',
      "metrics.headers.authorization: expected a reference such as ${VAR}",
    ],
    [
      '{ source: prometheus, url: "http://x", assignments: a, headers: { x-team: 77 }, queries: { q: { kind: mean, n: a, mean: b, variance: c } } }',
      "metrics.headers.x-team: expected text",
    ],
  ])("%s is refused", async (metrics, expected) => {
    const found = await problemsOf(withMetrics(metrics));
    expect(found).toEqual(expect.arrayContaining([expect.stringContaining(expected)]));
    expect(found.join()).not.toContain("p4ssw0rd");
  });

  it("have a query for everything that a rollout watches", async () => {
    const typo = QUERIES.replace("latency:", "latencyy:");
    expect(await problemsOf(prometheus("", typo))).toEqual([
      expect.stringMatching(
        /^promptgate\.yaml:\d+:\d+ metrics: latency: metrics\.queries has no such metric; did you mean "latencyy"\?$/,
      ),
    ]);
    const rollout = `rollout: { metrics: [
  { name: qualty, kind: mean, direction: up, margin: 0.03, min: 0.5 }] }\n`;
    const found = await problemsOf(
      withMetrics(`{ source: prometheus, url: "http://x", assignments: a, ${QUERIES} }`, rollout),
    );
    expect(found).toEqual([
      expect.stringMatching(
        /rollout\.metrics\[?\.?0\]?: qualty: metrics\.queries has no such metric; did you mean "quality"\?$/,
      ),
    ]);
  });
});

function metric(
  name: string,
  kind: MetricQuery["kind"],
  transform: MetricQuery["transform"] = "none",
): MetricQuery {
  return { name, kind, transform };
}

describe("the page on metrics", () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/metrics.md"), "utf8");
  const examples = [...page.matchAll(/```yaml\n(metrics:.*?)```/gs)].map(([, example = ""]) => example);

  it.each(examples)("shows configs that are in order", async (example) => {
    const contents = { ...files, "promptgate.yaml": `${files["promptgate.yaml"]}${example}` };
    const { metrics } = await load(aFolder(contents), { PROMETHEUS_TOKEN: "abc" });
    expect(example).toContain(`source: ${metrics.source}`);
  });

  it("shows one for each source", () => {
    expect(examples).toHaveLength(2);
  });

  it("shows a line that is a served request", async () => {
    const line = /```json\n(.*?)\n```/s.exec(page)?.[1] ?? "";
    const root = aFolder({ "metrics.jsonl": `${line}\n` });
    const from = Date.UTC(2026, 10, 20, 10);
    const observed = await openMetrics({ source: "jsonl", path: "metrics.jsonl" }, root).observe(
      {
        prompt: "customer-support",
        versions: ["2.4.0"],
        metrics: [metric("quality", "mean"), metric("cost", "mean", "ln")],
        from,
        to: from + 3_600_000,
        bucketMs: 3_600_000,
      },
      new AbortController().signal,
    );
    expect(observed.observations.map(({ sample }) => sample)).toEqual([
      { kind: "mean", n: 1, mean: 0.8, variance: 0 },
      { kind: "mean", n: 1, mean: Math.log(0.0004), variance: 0 },
    ]);
    expect(observed.basis).toBe("unit");
  });
});

describe("a strategy's metrics against their source", () => {
  const log: MetricsSettings = { source: "jsonl", path: "x" };
  const server: MetricsSettings = {
    source: "prometheus",
    url: "http://x",
    headers: {},
    timeoutMs: 1,
    versionLabel: "version",
    assignments: "a",
    queries: {
      latency: { transform: "ln", read: { kind: "moments", n: "n", mean: "m", variance: "v" } },
      error_rate: { transform: "none", read: { kind: "proportion", n: "n", errors: "e" } },
    },
  };

  it.each([
    [log, metric("quality", "mean"), []],
    [log, metric("refused", "proportion"), []],
    [log, metric("latency", "mean", "ln"), []],
    [log, metric("latencyMs", "mean"), ["latencyMs: the log's field latencyMs is the metric latency"]],
    [log, metric("error_rate", "mean"), ["error_rate: expected kind: proportion, got mean"]],
    [log, metric("cost", "proportion"), ["cost: expected kind: mean, got proportion"]],
    [server, metric("latency", "mean", "ln"), []],
    [
      server,
      metric("latency", "mean"),
      ["latency: expected no transform in metrics.queries: the metric is not a logarithm"],
    ],
    [
      server,
      metric("latency", "proportion"),
      ["latency: expected kind: proportion in metrics.queries, got mean"],
    ],
    [
      server,
      metric("constructor", "mean"),
      ["constructor: metrics.queries has no such metric; there is latency, error_rate"],
    ],
  ])("%# tells what does not fit", (settings, query, expected) => {
    expect(lintMetrics([query], settings).map(({ message }) => message)).toEqual(expected);
  });
});
