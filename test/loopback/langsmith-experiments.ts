import { randomUUID } from "node:crypto";
import type { langsmithTraffic } from "./langsmith-traffic.ts";
import type { PlatformAnswer, PlatformCall } from "./platform-server.ts";

interface Example {
  readonly id: string;
  readonly inputs: unknown;
  readonly outputs: unknown;
  readonly metadata: unknown;
}

interface Dataset {
  readonly id: string;
  readonly name: string;
  /** Each change makes a version; the newest is the last one. */
  readonly versions: { readonly at: number; readonly examples: ReadonlyMap<string, Example> }[];
  readonly tags: Map<string, number>;
}

const TENANT = "5f2b7c1e-8a44-4f0b-9d0c-3a1f5c1d2e3f";

const missing = (what: string): PlatformAnswer => ({ status: 404, body: { detail: `${what} not found` } });
const json = (body: unknown, status = 200): PlatformAnswer => ({ status, body });
/** With microseconds and without a zone, which is UTC. */
const written = (time: number): string => new Date(time).toISOString().replace("Z", "000");

function empty(name: string): Dataset {
  return { id: randomUUID(), name, versions: [], tags: new Map() };
}

function versionAt({ versions }: Dataset, at: number): Dataset["versions"][number] | undefined {
  return versions.findLast((version) => version.at <= at);
}

/** Datasets and experiments of one workspace; runs and feedback go where those of applications are. */
export function langsmithExperiments(traffic: ReturnType<typeof langsmithTraffic>) {
  const datasets = new Map<string, Dataset>();
  const sessions = new Map<string, Record<string, unknown>>();
  /** Runs as they were posted, by id. */
  const posted = new Map<string, Record<string, unknown>>();

  function list(query: URLSearchParams): PlatformAnswer {
    const found = [...datasets.values()].filter(
      ({ name }) => query.get("name") === null || name === query.get("name"),
    );
    const at = written(0);
    return json(
      found.map(({ id, name }) => ({ id, name, tenant_id: TENANT, session_count: 0, modified_at: `${at}Z` })),
    );
  }

  function version(id: string, query: URLSearchParams): PlatformAnswer {
    const dataset = [...datasets.values()].find((one) => one.id === id);
    const tag = query.get("tag") ?? "";
    const at = tag === "latest" ? dataset?.versions.at(-1)?.at : dataset?.tags.get(tag);
    return at === undefined ? missing("Dataset version") : json({ tags: [tag], as_of: written(at) });
  }

  function examples(query: URLSearchParams): PlatformAnswer {
    const dataset = [...datasets.values()].find(({ id }) => id === query.get("dataset"));
    const asked = query.get("as_of");
    const at = asked === null || asked === "latest" ? Number.POSITIVE_INFINITY : Date.parse(asked);
    const found = dataset === undefined ? undefined : versionAt(dataset, at);
    const [limit, offset] = [Number(query.get("limit") ?? 100), Number(query.get("offset") ?? 0)];
    const sorted = [...(found?.examples.values() ?? [])].sort((left, right) => (left.id < right.id ? -1 : 1));
    const rows = sorted.slice(offset, offset + limit);
    return json(rows.map((row) => ({ ...row, dataset_id: dataset?.id, name: "example" })));
  }

  function createSession(body: Record<string, unknown>): PlatformAnswer {
    const known = sessions.get(String(body["name"]));
    const session = { ...known, ...body, id: known?.["id"] ?? body["id"], tenant_id: TENANT };
    sessions.set(String(body["name"]), session);
    return json(session);
  }

  /** A batch with a run that is there already is refused as a whole. */
  function postRuns(runs: readonly Record<string, unknown>[]): PlatformAnswer {
    if (runs.some(({ id }) => posted.has(String(id))))
      return json({ error: "payloads already received" }, 409);
    for (const run of runs) {
      posted.set(String(run["id"]), run);
      const { id, trace_id, session_id, start_time, end_time, extra } = run as Record<string, string>;
      const { metadata } = extra as unknown as { metadata: Record<string, unknown> };
      const place = { id: id ?? "", trace_id: trace_id ?? "", session_id: session_id ?? "" };
      const times = { start_time: start_time ?? "", end_time: end_time ?? null };
      traffic.runs.push({ ...place, ...times, status: "success", error: null, total_cost: null, metadata });
    }
    return json({}, 202);
  }

  function postFeedback(body: Record<string, unknown>): PlatformAnswer {
    if (traffic.scores.some(({ id }) => id === body["id"])) return json({ detail: "exists" }, 409);
    const { id, run_id = null, session_id, key, score, created_at } = body as Record<string, string | null>;
    traffic.scores.push({
      id: id ?? randomUUID(),
      run_id,
      session_id: session_id ?? null,
      key: key ?? "",
      score: Number(score),
      value: null,
      created_at: created_at ?? new Date(0).toISOString(),
    });
    return json({ id, run_id, session_id, key, score });
  }

  return {
    sessions,
    posted,
    /** Somebody adds or changes an example; each change is a version. */
    put(name: string, { id, inputs, outputs, metadata }: Example, at: number): void {
      const dataset = datasets.get(name) ?? empty(name);
      const before = dataset.versions.at(-1);
      const examples = new Map(before?.examples).set(id, { id, inputs, outputs, metadata });
      dataset.versions.push({ at: Math.max(at, (before?.at ?? -1) + 1), examples });
      datasets.set(name, dataset);
    },
    tag(name: string, tag: string): void {
      const dataset = datasets.get(name);
      dataset?.tags.set(tag, dataset.versions.at(-1)?.at ?? 0);
    },
    empty: (name: string): void => void datasets.set(name, empty(name)),
    answer({ method, query, body }: PlatformCall, path: string): PlatformAnswer | null {
      const values = (body ?? {}) as Record<string, unknown>;
      if (path === "/datasets") return list(query);
      if (path === "/examples") return examples(query);
      if (path === "/info") return json({ version: "0.13.4" });
      const [, dataset] = /^\/datasets\/([^/]+)\/version$/.exec(path) ?? [];
      if (dataset !== undefined) return version(dataset, query);
      if (method !== "POST") return null;
      if (path === "/sessions") return createSession(values);
      if (path === "/runs/batch") return postRuns(values["post"] as Record<string, unknown>[]);
      return path === "/feedback" ? postFeedback(values) : null;
    },
  };
}
