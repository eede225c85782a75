import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import { phoenixPageInfo, phoenixPages, phoenixQuery, phoenixRows } from "../http/phoenix.ts";
import type { PlatformApi } from "../http/platform-api.ts";
import type { RowScore } from "./scored-rows.ts";

/** A span that says which version of the prompt it was for. */
export interface PhoenixSpan {
  readonly id: string;
  readonly traceId: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  /** Null of a span without a length: it marks a moment and measured no time. */
  readonly latencyMs: number | null;
  readonly isError: boolean;
  readonly version: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** What spans cost in dollars, by id: their own cost, and that of their whole trace. */
export type PhoenixCosts = ReadonlyMap<
  string,
  { readonly own: number | null; readonly trace: number | null }
>;

export interface SpanQuestion {
  readonly project: string;
  readonly prompt: string;
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
}

const PAGE = 1000;
const IDS_AT_ONCE = 150;

const instant = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "expected a time");
const spanRow = z.object({
  context: z.object({ span_id: z.string(), trace_id: z.string() }),
  start_time: instant,
  end_time: instant,
  status_code: z.string(),
  attributes: z.record(z.string(), z.unknown()).default({}),
});
const annotationRow = z.object({
  name: z.string(),
  updated_at: instant,
  result: z.object({ score: z.number().nullish() }).nullish(),
  span_id: z.string().optional(),
  trace_id: z.string().optional(),
});

/** With the thousandths of a millisecond that a span has, and a date has not. */
function milliseconds(text: string): number {
  return Date.parse(text) + Number(`0.${/\.\d{3}(\d+)/.exec(text)?.[1] ?? 0}`);
}

function projectPath(project: string, listing: string): string {
  return `/v1/projects/${encodeURIComponent(project)}/${listing}`;
}

/** Throws `METRICS_FAILED` for a project that does not exist: a mistyped name must not look like no traffic. */
export async function checkProject(api: PlatformApi, { project, signal }: SpanQuestion): Promise<void> {
  const path = `/v1/projects/${encodeURIComponent(project)}`;
  const { status } = await api.send({ method: "GET", path, accept: [404], signal });
  if (status !== 404) return;
  throw new GateError("METRICS_FAILED", `phoenix: there is no project ${visibleLine(project, 80)}`, {
    hint: "check metrics.project; Phoenix makes a project with its first span",
  });
}

/** The spans that the client marked with a prompt, in a time, whatever their version. */
export async function readSpans(api: PlatformApi, question: SpanQuestion): Promise<PhoenixSpan[]> {
  const { project, prompt, from, to, signal } = question;
  const rows = await phoenixRows(api, spanRow, {
    path: projectPath(project, "spans"),
    limit: PAGE,
    query: {
      // In quotes: a name such as 12 or true would be taken for a number or a truth value.
      attribute: `prompt.name:${JSON.stringify(prompt)}`,
      start_time: new Date(from).toISOString(),
      end_time: new Date(to).toISOString(),
    },
    signal,
  });
  const spans = rows.flatMap(
    ({ context, start_time: start, end_time: end, status_code: status, attributes }) => {
      const version = attributes["prompt.version"];
      if (typeof version !== "string") return [];
      const length = milliseconds(end) - milliseconds(start);
      const latencyMs = length === 0 ? null : length;
      const { span_id: id, trace_id: traceId } = context;
      return [
        {
          id,
          traceId,
          start: Date.parse(start),
          latencyMs,
          isError: status === "ERROR",
          version,
          attributes,
        },
      ];
    },
  );
  // Spans that arrive while pages are read may push others from one page to the next.
  return [...new Map(spans.map((span) => [span.id, span])).values()];
}

/** Scores with these names of spans or of traces; words are no numbers and are left out. */
export async function readScores(
  api: PlatformApi,
  kind: "span" | "trace",
  { ids, names }: { readonly ids: readonly string[]; readonly names: readonly string[] },
  { project, signal }: SpanQuestion,
): Promise<RowScore[]> {
  const rows: z.infer<typeof annotationRow>[] = [];
  for (let start = 0; start < ids.length && names.length > 0; start += IDS_AT_ONCE) {
    const asked = new URLSearchParams();
    for (const id of ids.slice(start, start + IDS_AT_ONCE)) asked.append(`${kind}_ids`, id);
    for (const name of names) asked.append("include_annotation_names", name);
    const path = `${projectPath(project, `${kind}_annotations`)}?${asked.toString()}`;
    // None of these is there any more: somebody deletes old traces.
    rows.push(...(await phoenixRows(api, annotationRow, { path, limit: PAGE, mayBeMissing: true, signal })));
  }
  // Newest first, and times are whole seconds: turned round, the newer one of a second is the later one.
  return rows.reverse().flatMap(({ name, updated_at: timestamp, result, span_id: span, trace_id: trace }) => {
    const value = result?.score;
    if (value === null || value === undefined) return [];
    return [{ name, value, timestamp, rowId: kind === "span" ? (span ?? "") : null, traceId: trace ?? "" }];
  });
}

const COSTS = `query ($project: String!, $time: TimeRange!, $filter: String!, $after: String) {
  getProjectByName(name: $project) {
    spans(first: ${PAGE}, after: $after, timeRange: $time, filterCondition: $filter) {
      edges { node { spanId costSummary { total { cost } } trace { costSummary { total { cost } } } } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;
const cost = z.object({ total: z.object({ cost: z.number().nullable() }) }).nullable();
const costPage = z.object({
  getProjectByName: z
    .object({
      spans: z.object({
        edges: z.array(
          z.object({
            node: z.object({ spanId: z.string(), costSummary: cost, trace: z.object({ costSummary: cost }) }),
          }),
        ),
        pageInfo: phoenixPageInfo,
      }),
    })
    .nullable(),
});

/** What Phoenix worked out that spans cost; only its web page's query tells. */
export async function readCosts(
  api: PlatformApi,
  { project, prompt, from, to, signal }: SpanQuestion,
): Promise<PhoenixCosts> {
  const costs = new Map<string, { own: number | null; trace: number | null }>();
  const time = { start: new Date(from).toISOString(), end: new Date(to).toISOString() };
  const filter = `attributes["prompt"]["name"] == ${JSON.stringify(prompt)}`;
  await phoenixPages(api, async (after) => {
    const variables = { project, time, filter, after };
    const { getProjectByName: found } = await phoenixQuery(api, costPage, {
      query: COSTS,
      variables,
      signal,
    });
    for (const { node } of found?.spans.edges ?? []) {
      const trace = node.trace.costSummary?.total.cost ?? 0;
      // Of models without a price Phoenix says that their trace cost 0.
      costs.set(node.spanId, { own: node.costSummary?.total.cost ?? null, trace: trace > 0 ? trace : null });
    }
    return found?.spans.pageInfo ?? "enough";
  });
  return costs;
}
