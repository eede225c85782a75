import { randomUUID } from "node:crypto";
import type { LangfuseAnswer } from "./langfuse-prompts.ts";
import type { LangfuseMode } from "./langfuse-traffic.ts";
import type { PlatformCall } from "./platform-server.ts";

/** One state of an item; a later one with the same id replaces it, and an archived one hides it. */
interface ItemState {
  readonly id: string;
  readonly from: number;
  readonly status: "ACTIVE" | "ARCHIVED";
  readonly input: unknown;
  readonly expectedOutput: unknown;
  readonly metadata: unknown;
}

interface Dataset {
  readonly id: string;
  readonly name: string;
  readonly states: ItemState[];
}

interface RunItem {
  readonly id: string;
  readonly datasetItemId: string;
  readonly traceId: string;
  readonly observationId: string | null;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, string | number | boolean>>;
}

/** A span as it arrived, its attributes by key. */
export interface LangfuseSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly startTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, string | number | boolean | undefined>>;
}

const missing = (message: string): LangfuseAnswer => ({
  status: 404,
  body: { message, error: "LangfuseNotFoundError" },
});

const NOT_HERE = "This endpoint is not available on deployments running in Langfuse v4 events_only mode";

/** The items that count at a time: the last state of each id. */
function itemsAt({ states }: Dataset, at: number): ItemState[] {
  const last = new Map<string, ItemState>();
  for (const state of states) if (state.from <= at) last.set(state.id, state);
  return [...last.values()].filter(({ status }) => status === "ACTIVE");
}

function createdAt({ states }: Dataset, id: string): string {
  return new Date(states.find((state) => state.id === id)?.from ?? 0).toISOString();
}

/** Datasets, their runs, traces and scores of one project on Langfuse; `v3` keeps runs as rows, `v4` makes them of spans. */
export function langfuseDatasets(mode: LangfuseMode) {
  const datasets = new Map<string, Dataset>();
  const runs = new Map<string, { readonly id: string; readonly items: RunItem[] }>();
  /** By trace and span: the same again replaces what was there. */
  const spans = new Map<string, LangfuseSpan>();
  const scores = new Map<string, Record<string, unknown>>();
  /** True = this server is too old to look back. */
  const habits = { ignoresVersions: false };

  function read(name: string): LangfuseAnswer {
    const dataset = datasets.get(name);
    if (dataset === undefined) return missing("Dataset not found");
    const at = "2026-11-01T00:00:00.000Z";
    const schemas = { inputSchema: null, expectedOutputSchema: null };
    const { id } = dataset;
    const times = { createdAt: at, updatedAt: at };
    return {
      status: 200,
      body: { id, name, description: null, metadata: null, ...schemas, projectId: "project", ...times },
    };
  }

  function items(query: URLSearchParams): LangfuseAnswer {
    const dataset = datasets.get(query.get("datasetName") ?? "");
    if (dataset === undefined) return missing("Dataset not found");
    const version = query.get("version");
    const at = version === null || habits.ignoresVersions ? Infinity : Date.parse(version);
    const page = Number(query.get("page") ?? 1);
    const limit = Number(query.get("limit") ?? 50);
    if (limit > 100) return { status: 400, body: { message: "Invalid request data", error: [] } };
    // The newest first, as the page shows them.
    const rows = itemsAt(dataset, at).toReversed();
    const data = rows.slice((page - 1) * limit, page * limit).map(({ from: _from, ...row }) => ({
      ...row,
      sourceTraceId: null,
      sourceObservationId: null,
      datasetId: dataset.id,
      datasetName: dataset.name,
      createdAt: createdAt(dataset, row.id),
      updatedAt: createdAt(dataset, row.id),
      mediaReferences: [],
    }));
    const meta = { page, limit, totalItems: rows.length, totalPages: Math.ceil(rows.length / limit) };
    return { status: 200, body: { data, meta } };
  }

  async function addRunItem(body: Record<string, unknown>): Promise<LangfuseAnswer> {
    const name = String(body["runName"]);
    const known = runs.get(name);
    // Several at once find no run yet and each makes one: the last one stays.
    if (known === undefined) await new Promise((resolve) => void setImmediate(resolve));
    const run = known ?? { id: mode === "v3" ? randomUUID() : `experiment-${name}`, items: [] };
    if (known === undefined) runs.set(name, run);
    const item: RunItem = {
      id: randomUUID(),
      datasetItemId: String(body["datasetItemId"]),
      traceId: String(body["traceId"]),
      observationId: (body["observationId"] as string | undefined) ?? null,
    };
    if (mode === "v3") run.items.push(item);
    return { status: 200, body: runItem(name, run.id, item) };
  }

  function runItem(name: string, runId: string, item: RunItem): object {
    const at = "2026-11-20T12:00:00.000Z";
    return { ...item, datasetRunId: runId, datasetRunName: name, createdAt: at, updatedAt: at };
  }

  function readRun(dataset: string, name: string): LangfuseAnswer {
    if (mode === "v4") return missing(NOT_HERE);
    const run = runs.get(name);
    const owner = datasets.get(dataset);
    if (run === undefined || owner === undefined) return missing("Dataset run not found");
    const at = "2026-11-20T12:00:00.000Z";
    const described = { name, description: null, metadata: null, datasetId: owner.id, datasetName: dataset };
    return {
      status: 200,
      body: {
        id: run.id,
        ...described,
        createdAt: at,
        updatedAt: at,
        datasetRunItems: run.items.map((item) => runItem(name, run.id, item)),
      },
    };
  }

  function takeSpans(body: unknown): LangfuseAnswer {
    const { resourceSpans } = body as {
      readonly resourceSpans: readonly {
        readonly scopeSpans: readonly {
          readonly spans: readonly (Omit<LangfuseSpan, "attributes"> & {
            readonly attributes: readonly OtlpAttribute[];
          })[];
        }[];
      }[];
    };
    const arrived = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((one) => one.spans));
    for (const span of arrived) {
      const attributes = Object.fromEntries(
        span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
      );
      spans.set(`${span.traceId} ${span.spanId} ${span.startTimeUnixNano}`, { ...span, attributes });
    }
    return { status: 200, body: {} };
  }

  function takeScore(body: Record<string, unknown>): LangfuseAnswer {
    const id = typeof body["id"] === "string" ? body["id"] : randomUUID();
    scores.set(id, body);
    return { status: 200, body: { id } };
  }

  return {
    spans,
    scores,
    runs,
    habits,
    /** Somebody makes or edits an item; `at` in milliseconds. */
    put(name: string, item: Omit<ItemState, "status" | "from">, at: number): void {
      const dataset = datasets.get(name) ?? { id: `dataset-${datasets.size}`, name, states: [] };
      datasets.set(name, dataset);
      dataset.states.push({ ...item, status: "ACTIVE", from: at });
    },
    archive(name: string, id: string, at: number): void {
      const dataset = datasets.get(name);
      const last = dataset?.states.findLast((state) => state.id === id);
      if (last !== undefined) dataset?.states.push({ ...last, status: "ARCHIVED", from: at });
    },
    /** Null for what is none of this. */
    answer({ method, path, query, body }: PlatformCall): LangfuseAnswer | Promise<LangfuseAnswer> | null {
      const values = (body ?? {}) as Record<string, unknown>;
      const [, name] = /^\/api\/public\/v2\/datasets\/([^/]+)$/.exec(path) ?? [];
      if (name !== undefined) return read(decodeURIComponent(name));
      const [, dataset, run] = /^\/api\/public\/datasets\/([^/]+)\/runs\/([^/]+)$/.exec(path) ?? [];
      if (dataset !== undefined && run !== undefined) {
        return readRun(decodeURIComponent(dataset), decodeURIComponent(run));
      }
      switch (`${method} ${path}`) {
        case "GET /api/public/dataset-items":
          return items(query);
        case "POST /api/public/dataset-run-items":
          return addRunItem(values);
        case "POST /api/public/otel/v1/traces":
          return takeSpans(body);
        case "POST /api/public/scores":
          return takeScore(values);
        case "GET /api/public/v2/datasets": {
          const data = [...datasets.keys()].map((one) => read(one).body);
          const meta = { page: 1, limit: 50, totalItems: data.length, totalPages: 1 };
          return { status: 200, body: { data, meta } };
        }
        case "GET /api/public/health":
          return { status: 200, body: { version: mode === "v4" ? "4.16.0" : "3.225.4", status: "OK" } };
        case "GET /api/public/projects": {
          const organization = { id: "organization", name: "Acme" };
          return {
            status: 200,
            body: { data: [{ id: "project", name: "support", organization, metadata: {} }] },
          };
        }
      }
      return null;
    },
  };
}
