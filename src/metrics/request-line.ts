import type { MetricQuery } from "../domain/metrics.ts";

/** One served request as the application logged it. */
export interface ServedRequest {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly prompt: string;
  readonly version: string;
  /** Null where nobody knows whom it was for. */
  readonly unit: string | null;
  readonly fields: Readonly<Record<string, unknown>>;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)$/;

/** Milliseconds of an ISO 8601 time that says its zone; NaN for any other text. */
function timeOf(text: unknown): number {
  return typeof text === "string" && text.length < 40 && TIME.test(text) ? Date.parse(text) : Number.NaN;
}

function unitOf(value: unknown): string | null {
  if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
  return typeof value === "string" && value !== "" ? value : null;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(fields: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined;
}

const LEADING_TIME = /^\s*\{\s*"at"\s*:\s*"([^"\\]{16,40})"\s*,/;

/** The time of a line that begins with it, without reading the rest; NaN for any other line. */
export function leadingTime(text: string): number {
  return timeOf(LEADING_TIME.exec(text)?.[1]);
}

/** The request that a line tells of; null when it is no JSON object with `at`, `prompt` and `version`. */
export function readRequestLine(text: string): ServedRequest | null {
  let fields: unknown;
  try {
    fields = JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch {
    return null;
  }
  if (!isRecord(fields)) return null;
  const at = timeOf(own(fields, "at"));
  const prompt = own(fields, "prompt");
  const version = own(fields, "version");
  if (Number.isNaN(at) || typeof prompt !== "string" || typeof version !== "string") return null;
  return { at, prompt, version, unit: unitOf(own(fields, "unit")), fields };
}

/** What a request says of a metric: a number, null = nothing, or why it can be none. */
export type RequestValue = number | null | { readonly fault: string };

/** Fields beside `scores` that are metrics of their own, by the metric's name. */
const FIELDS: Readonly<Record<string, string>> = {
  error_rate: "error",
  latency: "latencyMs",
  cost: "costUsd",
};

function rawValue(name: string, fields: Readonly<Record<string, unknown>>): RequestValue | boolean {
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  const scores = own(fields, "scores") ?? {};
  if (field === undefined && !isRecord(scores)) return { fault: "scores is not a mapping" };
  const value = field === undefined ? own(scores as Record<string, unknown>, name) : own(fields, field);
  if (value === undefined || value === null) return null;
  const word = field ?? "a score";
  if (field === "error") {
    return typeof value === "boolean" ? value : { fault: "error is neither true nor false" };
  }
  if (typeof value === "boolean" && field === undefined) return value;
  if (typeof value !== "number" || !Number.isFinite(value)) return { fault: `${word} is not a number` };
  return field !== undefined && value < 0 ? { fault: `${word} is negative` } : value;
}

/** The value of a metric in one request, transformed; `true` counts 1. */
export function requestValue(query: MetricQuery, fields: Readonly<Record<string, unknown>>): RequestValue {
  const raw = rawValue(query.name, fields);
  const value = typeof raw === "boolean" ? Number(raw) : raw;
  if (typeof value !== "number") return value;
  if (query.kind === "proportion" && value !== 0 && value !== 1) {
    return { fault: "a share counts true and false, or 1 and 0" };
  }
  if (query.transform === "none") return value;
  return value > 0 ? Math.log(value) : { fault: "a logarithm needs a number above 0" };
}
