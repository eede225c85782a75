import * as z from "zod";
import { queryRows, sqlAttribute, sqlText, type LogfireQuestion } from "../http/logfire-query.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import type { RowScore } from "./scored-rows.ts";

/** One span in which a prompt was used. */
export interface LogfireSpan {
  readonly id: string;
  readonly traceId: string;
  /** ISO 8601. */
  readonly at: string;
  /** The version by name, as promptgate's client marks the span; null = it does not. */
  readonly version: string | null;
  /** Logfire's number of the version, as its SDK for Python marks the span; null = it does not. */
  readonly number: number | null;
  /** The label, as Logfire's SDKs mark the span. */
  readonly label: string | null;
  readonly unit: string | null;
  /** Null where the record does not say how it went. */
  readonly isError: boolean | null;
  readonly latencyMs: number | null;
  readonly costUsd: number | null;
  /** What the SDK that reported it is written in. */
  readonly language: string | null;
}

export interface SpanQuestion extends Omit<LogfireQuestion, "sql"> {
  readonly prompt: string;
  /** Logfire's name of the prompt. */
  readonly variable: string;
  /** The attribute that names the unit; null = none does. */
  readonly unit: string | null;
}

const instant = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "expected a time");
const numeric = z.union([z.number(), z.string().transform(Number)]).pipe(z.number());

const span = z.object({
  span_id: z.string(),
  trace_id: z.string(),
  start_timestamp: instant,
  /** Seconds. */
  duration: z.number().nullable(),
  is_error: z.boolean().nullable(),
  telemetry_sdk_language: z.string().nullish(),
  version: z.string().nullable(),
  number: numeric.nullable().catch(null),
  label: z.string().nullable(),
  unit: z.string().nullable(),
  cost: numeric.nullable().catch(null),
});

const score = z.object({
  trace_id: z.string(),
  parent_span_id: z.string().nullish(),
  start_timestamp: instant,
  name: z.string(),
  value: z.string().nullable(),
});

/** Calls of a model that stand for a served request where Logfire's own SDK chose the version. */
const OPERATIONS = ["chat", "generate_content", "text_completion"].map(sqlText).join(", ");
const DAY_MS = 86_400_000;

function isOfPrompt({ prompt, variable }: SpanQuestion): string {
  const marked = `${sqlAttribute("prompt.name")} = ${sqlText(prompt)}`;
  const resolved = `${sqlAttribute(`logfire.variables.${variable}`)} IS NOT NULL`;
  // Baggage is copied to every span below; one of them is the request.
  return `(${marked} OR (${resolved} AND ${sqlAttribute("gen_ai.operation.name")} IN (${OPERATIONS})))`;
}

function isWithin(from: string, to: string): string {
  return `start_timestamp >= ${sqlText(from)} AND start_timestamp < ${sqlText(to)}`;
}

function spanSql(question: SpanQuestion): LogfireQuestion["sql"] {
  const { prompt, variable, unit } = question;
  const owned = `CASE WHEN ${sqlAttribute("prompt.name")} = ${sqlText(prompt)} THEN ${sqlAttribute("prompt.version")} END`;
  const fields = [
    "span_id, trace_id, start_timestamp, duration, telemetry_sdk_language",
    // Spans that went well have no status: of nothing else is nothing known.
    "(level >= 'error' OR coalesce(is_exception, false) OR coalesce(otel_status_code, '') = 'ERROR') AS is_error",
    `${owned} AS version`,
    `${sqlAttribute(`logfire.variables.${variable}.version`)} AS number`,
    `${sqlAttribute(`logfire.variables.${variable}`)} AS label`,
    `${unit === null ? "NULL" : sqlAttribute(unit)} AS unit`,
    `${sqlAttribute("operation.cost")} AS cost`,
  ];
  return (from, to) =>
    `SELECT ${fields.join(", ")} FROM records WHERE ${isWithin(from, to)} AND ${isOfPrompt(question)}`;
}

/** The spans in which a prompt was used in a time, whatever its version. */
export async function readSpans(api: PlatformApi, question: SpanQuestion): Promise<LogfireSpan[]> {
  const rows = await queryRows(api, span, { ...question, sql: spanSql(question) });
  // The end of one part of the time may be the beginning of the next.
  const unique = [...new Map(rows.map((row) => [row.span_id, row])).values()];
  return unique.map((row) => ({
    id: row.span_id,
    traceId: row.trace_id,
    at: row.start_timestamp,
    version: row.version,
    number: row.number,
    label: row.label,
    unit: row.unit,
    isError: row.is_error,
    latencyMs: row.duration === null ? null : row.duration * 1000,
    costUsd: row.cost,
    language: row.telemetry_sdk_language ?? null,
  }));
}

/** A score as a number or a truth value; null for words, which are neither. */
function scoreValue(text: string | null): number | boolean | null {
  if (text === null || text.trim() === "") return null;
  if (text === "true" || text === "false") return text === "true";
  const value = Number(text);
  return Number.isNaN(value) ? null : value;
}

/** Scores with these names of these traces, given until a day after the time. */
export async function readScores(
  api: PlatformApi,
  names: readonly string[],
  spans: readonly LogfireSpan[],
  question: SpanQuestion,
): Promise<RowScore[]> {
  if (names.length === 0 || spans.length === 0) return [];
  const name = sqlAttribute("gen_ai.evaluation.name");
  const fields = `trace_id, parent_span_id, start_timestamp, ${name} AS name, ${sqlAttribute("gen_ai.evaluation.score.value")} AS value`;
  const wanted = `${name} IN (${names.map(sqlText).join(", ")})`;
  const sql: LogfireQuestion["sql"] = (from, to) =>
    `SELECT ${fields} FROM records WHERE ${isWithin(from, to)} AND ${wanted}`;
  const rows = await queryRows(api, score, { ...question, to: question.to + DAY_MS, sql });
  const ids = new Set(spans.map(({ id }) => id));
  const traces = new Set(spans.map(({ traceId }) => traceId));
  return rows.flatMap((row) => {
    const value = scoreValue(row.value);
    if (value === null || !traces.has(row.trace_id)) return [];
    const parent = row.parent_span_id ?? "";
    const place = { traceId: row.trace_id, rowId: ids.has(parent) ? parent : null };
    return [{ name: row.name, value, ...place, timestamp: row.start_timestamp }];
  });
}
