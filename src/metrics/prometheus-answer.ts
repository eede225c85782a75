import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { PrometheusSettings } from "../domain/metrics.ts";
import { visibleLine } from "../domain/visible.ts";
import { serverName, serverWords, type ServerAnswer } from "./prometheus-request.ts";

const answerSchema = z.object({
  status: z.literal("success"),
  data: z.object({
    resultType: z.literal("matrix"),
    result: z.array(
      z.object({
        metric: z.record(z.string(), z.string()),
        values: z.array(z.tuple([z.number(), z.string()])).optional(),
      }),
    ),
  }),
  warnings: z.array(z.string()).optional(),
});

const refusalSchema = z.object({ status: z.literal("error"), errorType: z.string(), error: z.string() });

/** By version and by the bucket's start: the number as the server wrote it, which may be `NaN` or `+Inf`. */
export type VersionSeries = ReadonlyMap<string, ReadonlyMap<number, string>>;

export type QueryAnswer =
  | { readonly kind: "series"; readonly series: VersionSeries }
  /** This query has no answer; others may have one. */
  | { readonly kind: "refused"; readonly message: string };

function refused(message: string): QueryAnswer {
  return { kind: "refused", message };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function statusFailure({ status, text }: ServerAnswer, settings: PrometheusSettings): GateError {
  const server = serverName(settings);
  if (status === 401 || status === 403) {
    return new GateError("AUTHENTICATION", `${server} refused the credentials (${status})`, {
      hint: "check metrics.headers, e.g. authorization: Bearer ${PROMETHEUS_TOKEN}",
    });
  }
  if (status >= 300 && status < 400) {
    return new GateError("METRICS_FAILED", `${server} redirects (${status}); redirects are not followed`, {
      hint: "set metrics.url to the server's final address",
    });
  }
  if (status === 200) {
    return new GateError("METRICS_FAILED", `${server}: the answer is not Prometheus' JSON`, {
      hint: "check metrics.url: it ends before /api/v1",
    });
  }
  const words = serverWords(text, settings);
  return new GateError("METRICS_FAILED", `${server} answered ${status}${words === "" ? "" : `: ${words}`}`, {
    hint: status === 404 ? "check metrics.url: it ends before /api/v1" : "look at the server's own log",
    retryable: status === 429 || status >= 500,
  });
}

function readSeries(
  { data: { result } }: z.infer<typeof answerSchema>,
  label: string,
  bucketMs: number,
): QueryAnswer {
  const series = new Map<string, ReadonlyMap<number, string>>();
  for (const { metric, values } of result) {
    const version = Object.hasOwn(metric, label) ? metric[label] : undefined;
    if (version === undefined) {
      return refused(`the answer has no label ${label}: let the query end in sum by (${label}) (…)`);
    }
    if (values === undefined) return refused("the answer holds histograms where numbers are expected");
    if (series.has(version)) {
      const shown = visibleLine(version, 60);
      return refused(`several series for version ${shown}: let the query end in sum by (${label}) (…)`);
    }
    series.set(version, new Map(values.map(([end, value]) => [Math.round(end * 1000) - bucketMs, value])));
  }
  return { kind: "series", series };
}

/**
 * An answer of `query_range`. A refused query, and one that the server warns of, is the metric's own fault; anything else
 * that is no answer throws `METRICS_FAILED` or `AUTHENTICATION`.
 */
export function readAnswer(
  answer: ServerAnswer,
  settings: PrometheusSettings,
  bucketMs: number,
): QueryAnswer {
  const document = parsed(answer.text);
  if (answer.status === 400 || answer.status === 422 || answer.status === 503) {
    const refusal = refusalSchema.safeParse(document);
    if (refusal.success) {
      const { errorType, error } = refusal.data;
      return refused(`${visibleLine(errorType, 40)}: ${serverWords(error, settings)}`);
    }
  }
  const success = answerSchema.safeParse(document);
  if (answer.status !== 200 || !success.success) throw statusFailure(answer, settings);
  // What begins so is advice on the query; other warnings tell of data that is missing.
  const warning = success.data.warnings?.find((text) => !text.startsWith("PromQL info"));
  if (warning !== undefined) return refused(`the server warns: ${serverWords(warning, settings)}`);
  return readSeries(success.data, settings.versionLabel, bucketMs);
}
