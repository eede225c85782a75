import { GateError } from "../domain/errors.ts";
import type {
  Assignment,
  MetricQuery,
  MetricsSource,
  Observation,
  ObservationNote,
  ObserveRequest,
  PrometheusSettings,
} from "../domain/metrics.ts";
import { visibleLine } from "../domain/visible.ts";
import { readAnswer, type QueryAnswer, type VersionSeries } from "./prometheus-answer.ts";
import { renderQuery } from "./prometheus-query.ts";
import { askServer, checkHeaders } from "./prometheus-request.ts";
import { numbersSample, wholeCount, type Numbers } from "./prometheus-samples.ts";

/** The most points that a Prometheus server gives of one series. */
const MOST_BUCKETS = 11_000;

type Ask = (template: string) => Promise<QueryAnswer>;

interface MetricAnswer {
  readonly observations: readonly Observation[];
  readonly notes: readonly ObservationNote[];
  readonly error: string | null;
}

/** Asks each query once for all buckets: with the bucket as the step a point stands at the end of each. */
function questioner(settings: PrometheusSettings, request: ObserveRequest, signal: AbortSignal): Ask {
  const { from, to, bucketMs } = request;
  const answers = new Map<string, QueryAnswer>();
  return async (template) => {
    const query = renderQuery(template, request);
    const known = answers.get(query);
    if (known !== undefined) return known;
    const form = new URLSearchParams({
      query,
      start: String((from + bucketMs) / 1000),
      end: String(to / 1000),
      step: String(bucketMs / 1000),
    });
    const answer = readAnswer(await askServer(settings, "query_range", form, signal), settings, bucketMs);
    answers.set(query, answer);
    return answer;
  };
}

function bucketsOf({ from, to, bucketMs }: ObserveRequest): number[] {
  return Array.from({ length: Math.floor((to - from) / bucketMs) }, (_, index) => from + index * bucketMs);
}

function incompleteNotes(metric: string, missing: readonly string[]): ObservationNote[] {
  return [...new Set(missing)].map((key) => {
    const count = missing.filter((other) => other === key).length;
    const message = `${visibleLine(metric)}: no data in ${count} buckets, because ${key} has no series there; start its counter at 0`;
    return { kind: "incomplete", count, message };
  });
}

async function readMetric(
  { name }: MetricQuery,
  { queries }: PrometheusSettings,
  request: ObserveRequest,
  ask: Ask,
): Promise<MetricAnswer> {
  const query = Object.hasOwn(queries, name) ? queries[name] : undefined;
  if (query === undefined) {
    return { observations: [], notes: [], error: "metrics.queries has no query for it" };
  }
  const series = new Map<string, VersionSeries>();
  for (const [key, template] of Object.entries(query.read).filter(([key]) => key !== "kind")) {
    const answer = await ask(template);
    if (answer.kind === "refused") return { observations: [], notes: [], error: `${key}: ${answer.message}` };
    series.set(key, answer.series);
  }
  const missing: string[] = [];
  const observations = request.versions.flatMap((version) =>
    bucketsOf(request).flatMap((bucket): Observation[] => {
      const entries = [...series].map(
        ([key, byVersion]) => [key, byVersion.get(version)?.get(bucket)] as const,
      );
      const sample = numbersSample(query.read, Object.fromEntries(entries) satisfies Numbers);
      if (sample.kind === "incomplete") missing.push(sample.missing);
      if (sample.kind === "none" || sample.kind === "incomplete") return [];
      return [{ metric: name, version, bucket, sample }];
    }),
  );
  return { observations, notes: incompleteNotes(name, missing), error: null };
}

interface AssignmentAnswer {
  readonly assignments: readonly Assignment[];
  readonly error: string | null;
}

async function readAssignments(
  { assignments: template }: PrometheusSettings,
  request: ObserveRequest,
  ask: Ask,
): Promise<AssignmentAnswer> {
  const answer = await ask(template);
  if (answer.kind === "refused") return { assignments: [], error: answer.message };
  const counts = request.versions.flatMap((version) =>
    bucketsOf(request).flatMap((bucket) => {
      const text = answer.series.get(version)?.get(bucket);
      return text === undefined ? [] : [{ version, bucket, text, count: wholeCount(Number(text)) }];
    }),
  );
  const wrong = counts.find(({ count }) => !Number.isFinite(count) || count < 0);
  if (wrong !== undefined) return { assignments: [], error: `a count is ${visibleLine(wrong.text, 40)}` };
  const assignments = counts
    .filter(({ count }) => count > 0)
    .map(({ version, bucket, count }) => ({ version, bucket, n: count, newUnits: count }));
  return { assignments, error: null };
}

/**
 * Metrics from a Prometheus server. Samples are requests: counters know nothing of units. Throws `CONFIG_INVALID` for a
 * header that is none.
 */
export function prometheusMetrics(settings: PrometheusSettings): MetricsSource {
  checkHeaders(settings.headers);
  return {
    async observe(request, signal) {
      const buckets = bucketsOf(request).length;
      if (buckets === 0)
        return { observations: [], assignments: [], errors: [], basis: "request", notes: [] };
      if (buckets > MOST_BUCKETS) {
        throw new GateError("METRICS_FAILED", `${buckets} buckets are more than Prometheus gives at once`, {
          hint: `ask for at most ${MOST_BUCKETS}: choose a larger rollout.bucket`,
        });
      }
      const ask = questioner(settings, request, signal);
      const served = await readAssignments(settings, request, ask);
      if (served.error !== null) {
        // Whether units arrive in the promised shares cannot be checked, so nothing else may pass.
        const message = `assignments: ${served.error}`;
        const errors = request.metrics.map(({ name }) => ({ metric: name, message }));
        return { observations: [], assignments: [], errors, basis: "request", notes: [] };
      }
      const errors: { metric: string; message: string }[] = [];
      const observations: Observation[] = [];
      const notes: ObservationNote[] = [];
      for (const metric of request.metrics) {
        const answer = await readMetric(metric, settings, request, ask);
        observations.push(...answer.observations);
        notes.push(...answer.notes);
        if (answer.error !== null) errors.push({ metric: metric.name, message: answer.error });
      }
      return { observations, assignments: served.assignments, errors, basis: "request", notes };
    },
  };
}
