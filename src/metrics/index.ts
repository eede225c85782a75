import type { MetricsSettings, MetricsSource } from "../domain/metrics.ts";
import { jsonlMetrics } from "./jsonl.ts";
import { langfuseMetrics } from "./langfuse.ts";
import { langsmithMetrics } from "./langsmith.ts";
import { phoenixMetrics } from "./phoenix.ts";
import { logfireMetrics } from "./logfire.ts";
import { prometheusMetrics } from "./prometheus.ts";
import { promptLayerMetrics } from "./promptlayer.ts";

type Source = MetricsSettings["source"];
type MetricsFactory<Name extends Source> = (
  settings: Extract<MetricsSettings, { readonly source: Name }>,
  root: string,
) => MetricsSource;

/** `metrics.source` of the config -> how to open it. */
const metricsSources = {
  jsonl: ({ path }, root) => jsonlMetrics({ path, root }),
  langfuse: (settings) => langfuseMetrics(settings),
  langsmith: (settings) => langsmithMetrics(settings),
  phoenix: (settings) => phoenixMetrics(settings),
  logfire: (settings) => logfireMetrics(settings),
  prometheus: (settings) => prometheusMetrics(settings),
  promptlayer: (settings) => promptLayerMetrics(settings),
} as const satisfies { readonly [Name in Source]: MetricsFactory<Name> };

/** The source that a project names; `root` is the absolute path of the project. Throws `CONFIG_INVALID`. */
export function openMetrics(settings: MetricsSettings, root: string): MetricsSource {
  const open = metricsSources[settings.source] as MetricsFactory<Source>;
  return open(settings, root);
}
