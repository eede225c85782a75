/** A row of Logfire's table `records`, as far as it is asked for. */
export interface LogfireRecord {
  readonly span_id: string;
  readonly trace_id: string;
  readonly parent_span_id: string | null;
  readonly start_timestamp: string;
  /** Seconds; null for a log. */
  readonly duration: number | null;
  readonly level: "info" | "warn" | "error" | null;
  readonly is_exception: boolean | null;
  readonly otel_status_code: "OK" | "ERROR" | null;
  readonly deployment_environment: string | null;
  readonly telemetry_sdk_language: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

interface QueryBody {
  readonly sql?: string;
  readonly min_timestamp?: string;
  readonly max_timestamp?: string;
  readonly limit?: number;
  readonly deployment_environment?: readonly string[];
}

const TEXT = "'((?:[^']|'')*)'";

function unquoted(text: string | undefined): string {
  return (text ?? "").replaceAll("''", "'");
}

/** The texts of `… IN ('a', 'b')`. */
function listed(text: string | undefined): string[] {
  return Array.from((text ?? "").matchAll(new RegExp(TEXT, "g")), (match) => unquoted(match[1]));
}

/** `->>`: texts as they are, everything else as JSON. */
function attribute({ attributes }: LogfireRecord, name: string): string | null {
  const value = attributes[name];
  if (value === undefined || value === null) return null;
  return typeof value === "string" ? value : JSON.stringify(value);
}

type Condition = (record: LogfireRecord) => boolean;

/**
 * Reads the conditions that a query may have here. Braces and operators are read as PostgreSQL has them: what stands
 * between `OR` and `AND` in other places is refused, so that a query that says something else fails the test.
 */
function conditionOf(where: string): Condition {
  const any = /^\((.+) OR \((.+)\)\)$/.exec(where);
  if (any !== null) {
    const [left, right] = [conditionOf(any[1] ?? ""), conditionOf(any[2] ?? "")];
    return (record) => left(record) || right(record);
  }
  const [first, ...rest] = where.split(" AND ");
  if (rest.length > 0) {
    const both = [conditionOf(first ?? ""), conditionOf(rest.join(" AND "))];
    return (record) => both.every((condition) => condition(record));
  }
  const name = `\\(attributes->>${TEXT}\\)`;
  const equals = new RegExp(`^${name} = ${TEXT}$`).exec(where);
  if (equals !== null) {
    return (record) => attribute(record, unquoted(equals[1])) === unquoted(equals[2]);
  }
  const present = new RegExp(`^${name} IS NOT NULL$`).exec(where);
  if (present !== null) return (record) => attribute(record, unquoted(present[1])) !== null;
  const within = new RegExp(`^${name} IN \\((.*)\\)$`).exec(where);
  if (within !== null) {
    return (record) => listed(within[2]).includes(attribute(record, unquoted(within[1])) ?? "");
  }
  const trace = new RegExp(`^trace_id = ${TEXT}$`).exec(where);
  if (trace !== null) return ({ trace_id: id }) => id === unquoted(trace[1]);
  const time = new RegExp(`^start_timestamp (>=|<) ${TEXT}$`).exec(where);
  if (time === null) throw new Error(`a condition that is not understood: ${where}`);
  const bound = Date.parse(unquoted(time[2]));
  const isAfter = time[1] === ">=";
  return ({ start_timestamp: at }) => (isAfter ? Date.parse(at) >= bound : Date.parse(at) < bound);
}

const IS_ERROR =
  "(level >= 'error' OR coalesce(is_exception, false) OR coalesce(otel_status_code, '') = 'ERROR')";

function fieldOf(expression: string, record: LogfireRecord): unknown {
  const name = `\\(attributes->>${TEXT}\\)`;
  const plain = new RegExp(`^${name}$`).exec(expression);
  if (plain !== null) return attribute(record, unquoted(plain[1]));
  const owned = new RegExp(`^CASE WHEN (.+) THEN (${name}) END$`).exec(expression);
  if (owned !== null) return conditionOf(owned[1] ?? "")(record) ? fieldOf(owned[2] ?? "", record) : null;
  if (expression === "NULL") return null;
  if (expression === IS_ERROR) {
    const { level, is_exception: isException, otel_status_code: status } = record;
    if (level === "error" || isException === true || status === "ERROR") return true;
    // Three-valued: without a level nobody knows.
    return level === null ? null : false;
  }
  if (!(expression in record)) throw new Error(`a field that is not understood: ${expression}`);
  return record[expression as keyof LogfireRecord];
}

function rowOf(fields: string, record: LogfireRecord): Record<string, unknown> {
  // Commas between braces belong to a field.
  const entries = fields.split(/, (?![^(]*\))/).map((field) => {
    const [, expression = field, name = field] = / AS /.test(field)
      ? (/^(.*) AS (\w+)$/.exec(field) ?? [])
      : [field, field, field];
    return [name, fieldOf(expression, record)] as const;
  });
  return Object.fromEntries(entries);
}

interface OtlpValue {
  readonly stringValue?: string;
  readonly intValue?: number;
  readonly doubleValue?: number;
}
interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { readonly key: string; readonly value: OtlpValue }[];
}
interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope: { readonly name: string };
      readonly spans: readonly SentSpan[];
    }[];
  }[];
}

function otlpSpans({ resourceSpans }: OtlpBody): SentSpan[] {
  const scopes = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans);
  const foreign = scopes.find(({ scope }) => scope.name !== "pydantic-evals");
  if (foreign !== undefined) throw new Error(`spans of ${foreign.scope.name} are no experiment`);
  return scopes.flatMap(({ spans }) => [...spans]);
}

/** Attributes that the span's schema calls objects are stored as such. */
function recordOf(span: SentSpan): LogfireRecord {
  const sent = span.attributes.map(({ key, value }) => {
    return [key, value.stringValue ?? value.intValue ?? value.doubleValue] as const;
  });
  const { "logfire.json_schema": schema, ...attributes } = Object.fromEntries(sent) as Record<
    string,
    unknown
  >;
  const { properties } = JSON.parse(String(schema)) as { properties: Record<string, { type?: string }> };
  const read = Object.entries(attributes).map(([key, value]) => {
    const type = properties[key]?.type;
    return [key, type === "object" || type === "array" ? JSON.parse(String(value)) : value] as const;
  });
  const start = Number(BigInt(span.startTimeUnixNano) / 1_000_000n);
  return {
    span_id: span.spanId,
    trace_id: span.traceId,
    parent_span_id: span.parentSpanId ?? null,
    start_timestamp: new Date(start).toISOString(),
    duration: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e9,
    level: "info",
    is_exception: false,
    otel_status_code: null,
    deployment_environment: null,
    telemetry_sdk_language: null,
    attributes: Object.fromEntries(read),
  };
}

const failed = (status: number, detail: string): Answer => ({ status, body: { detail } });

/** What applications reported, and the SQL that this server understands. */
export function logfireRecords() {
  const records: LogfireRecord[] = [];
  return {
    records,
    /** Spans in OpenTelemetry's JSON; one that is sent twice is there twice. */
    ingest(body: unknown): Answer {
      for (const span of otlpSpans(body as OtlpBody)) records.push(recordOf(span));
      return { status: 200, body: {} };
    },
    answer(body: QueryBody): Answer {
      const { sql = "", min_timestamp: min, max_timestamp: max, limit = 100 } = body;
      if (min === undefined || Number.isNaN(Date.parse(min))) return failed(422, "min_timestamp is required");
      if (limit > 10_000) return failed(422, "limit must be at most 10000");
      const match = /^SELECT (.+) FROM records WHERE (.+)$/.exec(sql);
      if (match === null) return failed(400, "the query cannot be parsed");
      const [, fields = "", where = ""] = match;
      const condition = conditionOf(where);
      const environments = body.deployment_environment;
      const rows = records.filter(
        (record) =>
          Date.parse(record.start_timestamp) >= Date.parse(min) &&
          (max === undefined || Date.parse(record.start_timestamp) <= Date.parse(max)) &&
          (environments?.includes(record.deployment_environment ?? "") ?? true) &&
          condition(record),
      );
      const data = rows.slice(0, limit).map((record) => rowOf(fields, record));
      return { status: 200, body: { schema: { fields: [], metadata: {} }, data } };
    },
  };
}
