import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { GateError } from "../../domain/errors.ts";
import type { MetricQuery, Observations } from "../../domain/metrics.ts";
import type { Project, PromptProject } from "../../domain/project.ts";
import type { CommandContext } from "../context.ts";
import { openMetrics } from "../../metrics/index.ts";

const HOUR_MS = 3_600_000;
export const MEASURED_DAYS = 7;

/** One metric of one version in production; a share for proportions, the mean of logarithms for `ln`. */
export type Measured =
  | { readonly kind: "measured"; readonly value: number; readonly n: number }
  | { readonly kind: "no-data" }
  /** One line, safe to print. */
  | { readonly kind: "unreadable"; readonly reason: string };

export interface MeasuredMetric {
  readonly metric: MetricQuery;
  /** By version. */
  readonly versions: Readonly<Record<string, Measured>>;
}

function measuredOf({ name }: MetricQuery, version: string, observed: Observations): Measured {
  const failed = observed.errors.find(({ metric }) => metric === name);
  if (failed !== undefined) return { kind: "unreadable", reason: failed.message };
  let n = 0;
  let sum = 0;
  for (const { metric, version: of, sample } of observed.observations) {
    if (metric !== name || of !== version) continue;
    if (sample.kind === "invalid") return { kind: "unreadable", reason: sample.reason };
    n += sample.n;
    sum += sample.kind === "mean" ? sample.n * sample.mean : sample.errors;
  }
  return n > 0 ? { kind: "measured", value: sum / n, n } : { kind: "no-data" };
}

/**
 * What production showed of versions in the last seven whole days, by the metrics of the prompt's rollouts. A source that
 * cannot be read is said for each metric; nothing depends on it.
 */
export async function measureVersions(
  { clock, signal }: Pick<CommandContext, "clock" | "signal">,
  { metrics: settings, root }: Pick<Project, "metrics" | "root">,
  { name, rollout }: Pick<PromptProject, "name" | "rollout">,
  versions: readonly string[],
): Promise<MeasuredMetric[]> {
  const read = (metric: MetricQuery, of: (version: string) => Measured): MeasuredMetric => ({
    metric: { name: metric.name, kind: metric.kind, transform: metric.transform },
    versions: Object.fromEntries(versions.map((version) => [version, of(version)])),
  });
  const { metrics } = rollout;
  // A log that nobody has begun has no data, and is no fault.
  if (settings.source === "jsonl" && !existsSync(resolve(root, settings.path))) {
    return metrics.map((metric) => read(metric, () => ({ kind: "no-data" })));
  }
  const to = Math.floor(clock.now() / HOUR_MS) * HOUR_MS;
  const from = to - MEASURED_DAYS * 24 * HOUR_MS;
  try {
    const request = { prompt: name, versions: [...new Set(versions)], metrics, from, to, bucketMs: HOUR_MS };
    const observed = await openMetrics(settings, root).observe(request, signal);
    return metrics.map((metric) => read(metric, (version) => measuredOf(metric, version, observed)));
  } catch (error) {
    if (!(error instanceof GateError) || error.code === "INTERRUPTED") throw error;
    return metrics.map((metric) => read(metric, () => ({ kind: "unreadable", reason: error.message })));
  }
}
