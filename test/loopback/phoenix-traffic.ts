import type { PlatformAnswer, PlatformCall } from "./platform-server.ts";

/** A span as Phoenix stored it. */
export interface StoredSpan {
  readonly spanId: string;
  readonly traceId: string;
  readonly start: string;
  readonly end: string;
  readonly status: "OK" | "ERROR" | "UNSET";
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Dollars; undefined = Phoenix worked out nothing. */
  readonly cost?: number;
}

/** What somebody said of a span or of a trace. */
export interface StoredAnnotation {
  readonly kind: "span" | "trace";
  readonly of: string;
  readonly name: string;
  readonly score: number | null;
  readonly label: string | null;
  readonly at: string;
}

const notFound = (text: string): PlatformAnswer => ({ status: 404, text });

/** Times are written as Python does. */
const pythonTime = (text: string): string => text.replace("Z", "+00:00");

function hasAttribute(span: StoredSpan, filter: string): boolean {
  const split = filter.indexOf(":");
  let value: unknown = filter.slice(split + 1);
  try {
    value = JSON.parse(String(value));
  } catch {
    // Anything that is no JSON is a text.
  }
  return span.attributes[filter.slice(0, split)] === value;
}

function shown(span: StoredSpan, number: number): object {
  return {
    id: `span-${number}`,
    name: "answer",
    context: { trace_id: span.traceId, span_id: span.spanId },
    span_kind: "LLM",
    parent_id: null,
    start_time: pythonTime(span.start),
    end_time: pythonTime(span.end),
    status_code: span.status,
    status_message: "",
    attributes: span.attributes,
    events: [],
  };
}

function shownAnnotation({ kind, of, name, score, label, at }: StoredAnnotation, number: number): object {
  const place = kind === "span" ? { span_id: of } : { trace_id: of };
  const times = { created_at: pythonTime(at), updated_at: pythonTime(at) };
  const rest = { source: "API", user_id: null, annotator_kind: "LLM", metadata: {}, identifier: "" };
  return {
    id: `annotation-${number}`,
    name,
    result: { label, score, explanation: null },
    ...times,
    ...rest,
    ...place,
  };
}

/** Newest first; a cursor is the first row of the next page. */
function page(rows: readonly object[], query: URLSearchParams): PlatformAnswer {
  const limit = Number(query.get("limit") ?? 100);
  const start = Math.max(
    0,
    rows.findIndex((row) => (row as { id: string }).id === query.get("cursor")),
  );
  const next = rows[start + limit] as { id: string } | undefined;
  return { status: 200, body: { data: rows.slice(start, start + limit), next_cursor: next?.id ?? null } };
}

/** What applications reported to one project, and how Phoenix tells it. */
export function phoenixTraffic(project = "default") {
  const spans: StoredSpan[] = [];
  const annotations: StoredAnnotation[] = [];

  const inTime = ({ start }: StoredSpan, from: string, to: string): boolean =>
    Date.parse(start) >= Date.parse(from) && Date.parse(start) < Date.parse(to);

  function readSpans(query: URLSearchParams): PlatformAnswer {
    const [from, to] = [query.get("start_time") ?? "", query.get("end_time") ?? ""];
    const rows = spans.flatMap((span, at) =>
      inTime(span, from, to) && query.getAll("attribute").every((filter) => hasAttribute(span, filter))
        ? [shown(span, at)]
        : [],
    );
    return page(rows.reverse(), query);
  }

  function readAnnotations(kind: StoredAnnotation["kind"], query: URLSearchParams): PlatformAnswer {
    const ids = query.getAll(`${kind}_ids`);
    const names = query.getAll("include_annotation_names");
    const isKnown = spans.some(({ spanId, traceId }) => ids.includes(kind === "span" ? spanId : traceId));
    if (!isKnown) return notFound(`None of the supplied ${kind}_ids exist in this project`);
    const rows = annotations.flatMap((one, at) =>
      one.kind === kind && ids.includes(one.of) && names.includes(one.name) ? [shownAnnotation(one, at)] : [],
    );
    return page(rows.reverse(), query);
  }

  return {
    spans,
    annotations,
    /** Null = it is none of the calls about what was served. */
    answer({ path, query }: PlatformCall): PlatformAnswer | null {
      const [, encoded, listing] =
        /^\/v1\/projects\/([^/]+)(?:\/(spans|span_annotations|trace_annotations))?$/.exec(path) ?? [];
      if (path === "/v1/projects") return { status: 200, body: { data: [], next_cursor: null } };
      if (encoded === undefined) return null;
      const name = decodeURIComponent(encoded);
      if (name !== project) return notFound(`Project with name ${name} not found`);
      if (listing === "spans") return readSpans(query);
      if (listing === "span_annotations") return readAnnotations("span", query);
      if (listing === "trace_annotations") return readAnnotations("trace", query);
      return { status: 200, body: { data: { id: "UHJvamVjdDox", name, description: null } } };
    },
    /** Costs of marked spans, as the web page asks for them. */
    queryCosts(variables: Readonly<Record<string, unknown>>): object {
      const {
        project: asked,
        time,
        filter,
        after,
      } = variables as {
        project: string;
        time: { start: string; end: string };
        filter: string;
        after: string | null;
      };
      if (asked !== project) return { getProjectByName: null };
      const name = JSON.parse(
        /^attributes\["prompt"\]\["name"\] == (".*")$/.exec(filter)?.[1] ?? "null",
      ) as unknown;
      const nodes = spans
        .filter((span) => inTime(span, time.start, time.end) && span.attributes["prompt.name"] === name)
        .map(({ spanId, traceId, cost }) => {
          const ofTrace = spans.filter((one) => one.traceId === traceId).map((one) => one.cost ?? 0);
          const total = ofTrace.reduce((sum, one) => sum + one, 0);
          const own = cost === undefined ? null : { total: { cost } };
          return { node: { spanId, costSummary: own, trace: { costSummary: { total: { cost: total } } } } };
        });
      const start = after === null ? 0 : Number(after);
      const end = start + 1000;
      const pageInfo = { hasNextPage: nodes.length > end, endCursor: String(end) };
      return { getProjectByName: { spans: { edges: nodes.slice(start, end), pageInfo } } };
    },
  };
}
