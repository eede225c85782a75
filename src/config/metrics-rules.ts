import type { MetricQuery, MetricsSettings } from "../domain/metrics.ts";
import type { Problem } from "../domain/problem.ts";
import { visibleLine } from "../domain/visible.ts";
import type { WrittenConfig } from "./config-schema.ts";
import { suggestion } from "./known-keys.ts";
import { metricsSettings } from "./metrics-schema.ts";
import { rolloutStrategy } from "./rollout-strategy.ts";
import { problemAt, type Path, type SourceDocument } from "./source-document.ts";

/** A metric of a strategy that its source cannot give as the strategy expects it. */
export interface MetricFault {
  readonly metric: string;
  readonly message: string;
}

/** Metrics that a line of the log has in a field of its own, and of which kind they are. */
const LOG_KINDS: Readonly<Record<string, MetricQuery["kind"]>> = {
  error_rate: "proportion",
  latency: "mean",
  cost: "mean",
};

/** Fields of the log that somebody may take for the metric. */
const LOG_FIELDS: Readonly<Record<string, string>> = {
  error: "error_rate",
  errors: "error_rate",
  latencyMs: "latency",
  costUsd: "cost",
};

function logFault({ name, kind }: MetricQuery): string | null {
  const meant = Object.hasOwn(LOG_FIELDS, name) ? LOG_FIELDS[name] : undefined;
  if (meant !== undefined) return `the log's field ${name} is the metric ${meant}`;
  return kindFault({ name, kind });
}

/** Errors, latency and cost mean one thing wherever requests are read one by one. */
function kindFault({ name, kind }: Pick<MetricQuery, "name" | "kind">): string | null {
  const expected = Object.hasOwn(LOG_KINDS, name) ? LOG_KINDS[name] : undefined;
  return expected === undefined || expected === kind ? null : `expected kind: ${expected}, got ${kind}`;
}

function queryFault(
  { name, kind, transform }: MetricQuery,
  { queries }: Extract<MetricsSettings, { readonly source: "prometheus" }>,
): string | null {
  const query = Object.hasOwn(queries, name) ? queries[name] : undefined;
  if (query === undefined) {
    return `metrics.queries has no such metric${suggestion(name, Object.keys(queries))}`;
  }
  const read = query.read.kind === "proportion" ? "proportion" : "mean";
  if (read !== kind) return `expected kind: ${kind} in metrics.queries, got ${read}`;
  if (query.transform === transform) return null;
  return transform === "ln"
    ? "expected transform: ln in metrics.queries, and queries over recorded logarithms"
    : "expected no transform in metrics.queries: the metric is not a logarithm";
}

function metricFault(metric: MetricQuery, settings: MetricsSettings): string | null {
  switch (settings.source) {
    case "jsonl":
      return logFault(metric);
    case "prometheus":
      return queryFault(metric, settings);
    case "langfuse":
    case "logfire":
    case "langsmith":
    case "phoenix":
    case "promptlayer":
      return kindFault(metric);
  }
}

/** Every metric of a strategy has what its source needs, so that a slip of the pen is told when the project is read. */
export function lintMetrics(metrics: readonly MetricQuery[], settings: MetricsSettings): MetricFault[] {
  return metrics.flatMap((metric) => {
    const message = metricFault(metric, settings);
    return message === null
      ? []
      : [{ metric: metric.name, message: `${visibleLine(metric.name, 60)}: ${message}` }];
  });
}

/** What the metrics of every prompt's strategy lack; a fault of shipped metrics belongs to the source. */
export function metricsProblems(document: SourceDocument, config: WrittenConfig): Problem[] {
  const settings = metricsSettings(config.metrics);
  const problems = Object.entries(config.prompts).flatMap(([name, { rollout: own }]) => {
    const { metrics } = rolloutStrategy(config.rollout, own);
    const isShipped = own?.metrics === undefined && config.rollout?.metrics === undefined;
    const base: Path = own?.metrics === undefined ? ["rollout"] : ["prompts", name, "rollout"];
    return lintMetrics(metrics, settings).map(({ metric, message }) => {
      const index = metrics.findIndex((other) => other.name === metric);
      return problemAt(document, { path: isShipped ? ["metrics"] : [...base, "metrics", index] }, message);
    });
  });
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()];
}
