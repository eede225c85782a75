import type { PlatformAnswer } from "./platform-server.ts";

/** A request that an application logged. */
export interface PromptLayerRequest {
  readonly id: number;
  /** ISO 8601. */
  readonly startTime: string;
  readonly promptId: number;
  readonly promptVersion: number;
  readonly status: "SUCCESS" | "WARNING" | "ERROR";
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** 0 where nobody said what it cost. */
  readonly price: number;
  /** Seconds. */
  readonly latency: number | null;
  /** 0 to 100. */
  readonly scores: readonly { readonly name: string; readonly score: number }[];
}

interface Filter {
  readonly field: string;
  readonly operator: string;
  readonly value: unknown;
}
interface Query {
  readonly filter_group?: { readonly filters: readonly Filter[] };
  readonly page?: number;
  readonly per_page?: number;
  readonly customCharts?: readonly { readonly id: string; readonly groupByField: string }[];
}

function matches(row: PromptLayerRequest, { field, operator, value }: Filter): boolean {
  switch (`${field} ${operator}`) {
    case "prompt_id is":
      return row.promptId === value;
    case "prompt_version_number eq":
      return row.promptVersion === value;
    case "status is":
      return row.status.toLowerCase() === value;
    case "tags contains":
      return row.tags.includes(String(value));
    case "request_start_time between": {
      const [from = 0, to = 0] = (value as [string, string]).map((text) => Date.parse(text));
      const at = Date.parse(row.startTime);
      return at >= from && at <= to;
    }
  }
  throw new Error(`no such filter: ${field} ${operator}`);
}

/** Metadata is a list of single pairs. */
function itemOf(row: PromptLayerRequest): object {
  const { id, startTime, tags, metadata, scores, latency, price } = row;
  const end = new Date(Date.parse(startTime) + (latency ?? 0) * 1000).toISOString();
  return {
    id,
    engine: "gpt-4o-mini",
    provider_type: "openai",
    input_tokens: 10,
    output_tokens: 20,
    price,
    request_start_time: startTime,
    request_end_time: end,
    ...(latency === null ? {} : { latency }),
    tags_array: tags,
    metadata: Object.entries(metadata).map(([key, value]) => ({ [key]: value })),
    scores,
    prompt_name: null,
  };
}

/** What applications logged, and how it is searched and counted. */
export function promptLayerTraffic() {
  const requests: PromptLayerRequest[] = [];
  const asked = ({ filter_group }: Query): PromptLayerRequest[] =>
    requests.filter((row) => filter_group?.filters.every((filter) => matches(row, filter)) ?? true);

  return {
    requests,
    search(body: unknown): PlatformAnswer {
      const query = body as Query;
      const page = query.page ?? 1;
      const perPage = query.per_page ?? 10;
      if (perPage > 25) return { status: 400, body: { success: false, message: "per_page is at most 25" } };
      const rows = asked(query).sort((one, other) => Date.parse(one.startTime) - Date.parse(other.startTime));
      const pages = Math.ceil(rows.length / perPage);
      const items = rows.slice((page - 1) * perPage, page * perPage).map(itemOf);
      const place = { page, pages, per_page: perPage, total: rows.length };
      const next = { has_next: page < pages, has_prev: page > 1 };
      return {
        status: 200,
        body: { success: true, items, ...place, ...next, next_num: null, prev_num: null },
      };
    },
    count(body: unknown): PlatformAnswer {
      const query = body as Query;
      const counts = new Map<number, number>();
      for (const { promptVersion } of asked(query)) {
        counts.set(promptVersion, (counts.get(promptVersion) ?? 0) + 1);
      }
      const customCharts = (query.customCharts ?? []).map(({ id }) => ({
        id,
        title: id,
        chartType: "bar",
        series: [{ key: "value", label: "Requests", unit: "count" }],
        data: [...counts].map(([label, value]) => ({ label: String(label), value })),
      }));
      return { status: 200, body: { success: true, customCharts } };
    },
  };
}
