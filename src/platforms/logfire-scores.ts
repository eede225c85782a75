import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import {
  stableId,
  type Experiment,
  type ExperimentAnswer,
  type Exported,
  type ScoreExport,
} from "../domain/platform.ts";
import { logfireApi, type LogfireConnection } from "../http/logfire.ts";
import { queryRows, sqlText } from "../http/logfire-query.ts";
import { otlpRequest, type OtlpSpan } from "../http/otlp.ts";
import { platformApi, type PlatformApi } from "../http/platform-api.ts";

/** The library whose spans Logfire shows as experiments. */
const SCOPE = "pydantic-evals";
const SPANS_AT_ONCE = 100;
const SHOWN_MS = 1000;
/** Spans are shown some seconds after they were sent. */
const SHOWN_TRIES = 15;

export interface LogfireScoreOptions extends Omit<LogfireConnection, "key"> {
  readonly writeToken: string;
  readonly readToken: string;
}

/** Logfire reads an attribute as JSON where the schema of the span's attributes says so. */
function withJson(
  plain: OtlpSpan["attributes"],
  json: Readonly<Record<string, unknown>>,
): OtlpSpan["attributes"] {
  const present = Object.entries(json).filter(([, value]) => value !== undefined && value !== null);
  const types = present.map(([key, value]) => [
    key,
    typeof value === "object" ? { type: Array.isArray(value) ? "array" : "object" } : {},
  ]);
  const known = Object.entries(plain).flatMap(([key, value]) => (value === undefined ? [] : [[key, {}]]));
  const schema = { type: "object", properties: Object.fromEntries([...known, ...types]) as object };
  const values = present.map(([key, value]) => [
    key,
    typeof value === "string" ? value : JSON.stringify(value),
  ]);
  return { ...plain, ...Object.fromEntries(values), "logfire.json_schema": JSON.stringify(schema) };
}

function measured(values: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
  );
}

function scoresOf({ scores }: ExperimentAnswer): Record<string, object> {
  return Object.fromEntries(
    Object.entries(measured(scores)).map(([name, value]) => [
      name,
      { name, value, reason: null, source: { name, arguments: null } },
    ]),
  );
}

function metricsOf({ costUsd, inputTokens, outputTokens }: ExperimentAnswer): Record<string, number> {
  return measured({ cost: costUsd, input_tokens: inputTokens, output_tokens: outputTokens });
}

function taskName({ prompt, version }: Experiment): string {
  return `${prompt}@${version}`;
}

interface Place {
  readonly traceId: string;
  readonly rootId: string;
}

function placeOf({ id }: Experiment): Place {
  return { traceId: stableId(32, id), rootId: stableId(16, id, "root") };
}

function caseSpan(experiment: Experiment, answer: ExperimentAnswer, index: number): OtlpSpan {
  const { traceId, rootId } = placeOf(experiment);
  const { caseId, sample, input, expected, output, latencyMs } = answer;
  // Each has a millisecond of its own, so that they can be looked for in parts.
  const startMs = Date.parse(experiment.at) + 1 + index;
  const repeats = experiment.answers.some((one) => one.sample > 0);
  const name = repeats ? `${caseId} [${sample + 1}]` : caseId;
  const plain = {
    "logfire.msg_template": "case: {case_name}",
    "logfire.msg": `case: ${name}`,
    "logfire.span_type": "span",
    task_name: taskName(experiment),
    case_name: name,
    "logfire.experiment.source_case_name": repeats ? caseId : undefined,
    task_duration: latencyMs === null ? undefined : latencyMs / 1000,
  };
  const json = {
    inputs: input,
    expected_output: expected,
    output,
    metrics: metricsOf(answer),
    scores: scoresOf(answer),
    assertions: {},
    labels: {},
  };
  return {
    traceId,
    spanId: stableId(16, experiment.id, caseId, sample),
    parentSpanId: rootId,
    name: "case: {case_name}",
    startMs,
    endMs: startMs + (latencyMs ?? 0),
    attributes: withJson(plain, json),
  };
}

function averagesOf({ answers, means }: Experiment): object | undefined {
  const durations = answers.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs / 1000]));
  if (durations.length === 0) return undefined;
  const duration = durations.reduce((total, one) => total + one, 0) / durations.length;
  const times = { task_duration: duration, total_duration: duration };
  return { name: "Averages", scores: measured(means), labels: {}, metrics: {}, assertions: null, ...times };
}

function rootSpan(experiment: Experiment): OtlpSpan {
  const { name, side, version, digest, dataset, datasetDigest, verdict, headline, link, at, answers, model } =
    experiment;
  const { traceId, rootId } = placeOf(experiment);
  const startMs = Date.parse(at);
  const metadata = { side, version, digest, dataset_digest: datasetDigest, verdict, headline, link, model };
  const plain = {
    "logfire.msg_template": "evaluate {name}",
    "logfire.msg": `evaluate ${name}`,
    "logfire.span_type": "span",
    "gen_ai.operation.name": "experiment",
    name,
    task_name: taskName(experiment),
    dataset_name: dataset?.name,
    n_cases: answers.length,
  };
  const told = { n_cases: answers.length, metadata, averages: averagesOf(experiment) };
  return {
    traceId,
    spanId: rootId,
    name: "evaluate {name}",
    startMs,
    endMs: startMs + answers.length,
    attributes: withJson(plain, { metadata, "logfire.experiment.metadata": told }),
  };
}

/** Spans of an experiment that Logfire shows. */
async function shownSpans(
  api: PlatformApi,
  experiment: Experiment,
  signal: AbortSignal,
): Promise<Set<string>> {
  const { traceId } = placeOf(experiment);
  const from = Date.parse(experiment.at);
  const sql = (start: string, end: string): string =>
    `SELECT span_id FROM records WHERE start_timestamp >= ${sqlText(start)} AND start_timestamp < ${sqlText(end)} AND trace_id = ${sqlText(traceId)}`;
  const question = { sql, from, to: from + experiment.answers.length + 1, environments: [], signal };
  const rows = await queryRows(api, z.object({ span_id: z.string() }), question);
  return new Set(rows.map(({ span_id }) => span_id));
}

interface Access {
  /** Takes spans. */
  readonly sends: PlatformApi;
  /** Shows what is there. */
  readonly reads: PlatformApi;
  readonly wait: (milliseconds: number) => Promise<unknown>;
}

function accessOf({ writeToken, readToken, ...connection }: LogfireScoreOptions): Access {
  const { wait = sleep } = connection;
  const reads = logfireApi({ ...connection, key: readToken }, "PLATFORM_FAILED", "readToken");
  const sends = platformApi({
    ...connection,
    service: "logfire",
    headers: { authorization: writeToken },
    failure: "PLATFORM_FAILED",
    credentialsHint: "check that writeToken is of this project and region",
  });
  return { sends, reads, wait };
}

async function send({ sends }: Access, spans: readonly OtlpSpan[], signal: AbortSignal): Promise<void> {
  for (let start = 0; start < spans.length; start += SPANS_AT_ONCE) {
    const body = otlpRequest("promptgate", spans.slice(start, start + SPANS_AT_ONCE), SCOPE);
    await sends.send({ method: "POST", path: "/v1/traces", body, signal });
  }
}

/** How many of the spans are not shown, at last. */
async function unseen(
  { reads, wait }: Access,
  experiment: Experiment,
  all: readonly OtlpSpan[],
  signal: AbortSignal,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const shown = await shownSpans(reads, experiment, signal);
    const left = all.filter(({ spanId }) => !shown.has(spanId)).length;
    if (left === 0 || attempt === SHOWN_TRIES) return left;
    await wait(SHOWN_MS);
  }
}

function exportedOf({ answers }: Experiment, left: number): Exported {
  const lost = answers.filter(({ output }) => output === null).length;
  const late = `${left} spans were sent and are not shown yet: export again in some minutes at the earliest`;
  return {
    answers: answers.length,
    scores: answers.reduce((total, answer) => total + Object.keys(scoresOf(answer)).length, 0),
    url: null,
    notes: [
      ...(lost === 0 ? [] : [`${lost} answers are no longer kept here: their scores went without them`]),
      ...(left === 0 ? [] : [late]),
    ],
  };
}

/** Answers as traces of an experiment. What is there already is not sent again, as Logfire would show it twice. */
export function logfireScores(options: LogfireScoreOptions): ScoreExport {
  const access = accessOf(options);
  return {
    kind: "scores",
    async write(experiment, signal) {
      const cases = experiment.answers.map((answer, index) => caseSpan(experiment, answer, index));
      const spans = [rootSpan(experiment), ...cases];
      const shown = await shownSpans(access.reads, experiment, signal);
      const missing = spans.filter(({ spanId }) => !shown.has(spanId));
      await send(access, missing, signal);
      return exportedOf(experiment, await unseen(access, experiment, spans, signal));
    },
  };
}
