import { randomUUID } from "node:crypto";
import type { PlatformAnswer, PlatformCall } from "./platform-server.ts";

/** A run as LangSmith stored it. */
export interface StoredRun {
  readonly id: string;
  readonly trace_id: string;
  readonly session_id: string;
  readonly start_time: string;
  readonly end_time: string | null;
  readonly status: "success" | "error" | "pending";
  readonly error: string | null;
  readonly total_cost: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

interface StoredFeedback {
  readonly id: string;
  /** Null = of a whole project. */
  readonly run_id: string | null;
  readonly session_id?: string | null;
  readonly key: string;
  readonly score: number | boolean | null;
  readonly value: string | null;
  readonly created_at: string;
}

type Test = (run: StoredRun) => boolean;

/** What stands between the brackets of a call, cut at the commas that no other brackets hold. */
function argumentsOf(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [at, character] of Array.from(text).entries()) {
    if (character === "(") depth += 1;
    if (character === ")") depth -= 1;
    if (character !== "," || depth > 0) continue;
    parts.push(text.slice(start, at));
    start = at + 1;
  }
  return [...parts, text.slice(start)].map((part) => part.trim());
}

/** LangSmith's language of filters, as far as anybody here speaks it; throws on the rest. */
function parseFilter(text: string): Test {
  const [, verb, inside] = /^(\w+)\((.*)\)$/s.exec(text) ?? [];
  if (verb === undefined || inside === undefined) throw new Error(`no filter: ${text}`);
  const parts = argumentsOf(inside);
  if (verb === "and" || verb === "or") {
    const tests = parts.map(parseFilter);
    return (run) => (verb === "and" ? tests.every((test) => test(run)) : tests.some((test) => test(run)));
  }
  const [field, value] = [parts[0], JSON.parse(parts[1] ?? "") as unknown];
  if (field === "start_time") {
    const time = Date.parse(String(value));
    if (verb === "gte") return (run) => Date.parse(run.start_time) >= time;
    if (verb === "lt") return (run) => Date.parse(run.start_time) < time;
  }
  // Key and value are looked for apart from each other.
  if (verb === "eq" && field === "metadata_key") return (run) => String(value) in run.metadata;
  if (verb === "eq" && field === "metadata_value") {
    return (run) => Object.values(run.metadata).includes(value);
  }
  throw new Error(`no filter: ${text}`);
}

/** Times have no zone there: they are UTC. */
function bare(time: string): string {
  return time.replace(/Z$/, "");
}

function runBody({ metadata, ...run }: StoredRun): Record<string, unknown> {
  return {
    ...run,
    start_time: bare(run.start_time),
    end_time: run.end_time === null ? null : bare(run.end_time),
    name: "answer",
    run_type: "chain",
    dotted_order: `${run.start_time}${run.id}`,
    app_path: `/runs/${run.id}`,
    extra: { metadata, runtime: {} },
  };
}

function query(runs: readonly StoredRun[], body: Record<string, unknown>): PlatformAnswer {
  const limit = Number(body["limit"] ?? 100);
  const sessions = body["session"] as string[];
  const ids = body["id"] as string[] | undefined;
  if (limit > 100 || (ids?.length ?? 0) > 100) return { status: 422, body: { detail: [] } };
  const filter = typeof body["filter"] === "string" ? parseFilter(body["filter"]) : () => true;
  const found = runs.filter(
    (run) => sessions.includes(run.session_id) && (ids === undefined ? filter(run) : ids.includes(run.id)),
  );
  const start = Number(body["cursor"] ?? 0);
  const next = start + limit < found.length ? String(start + limit) : null;
  const page = found.slice(start, start + limit).map(runBody);
  return { status: 200, body: { runs: page, cursors: { next, prev: null } } };
}

function feedback(stored: readonly StoredFeedback[], asked: URLSearchParams): PlatformAnswer {
  const [runs, keys] = [asked.getAll("run"), asked.getAll("key")];
  const [limit, offset] = [Number(asked.get("limit") ?? 100), Number(asked.get("offset") ?? 0)];
  const sessions = asked.getAll("session");
  const found = stored.filter(
    ({ run_id, session_id, key }) =>
      (keys.length === 0 || keys.includes(key)) &&
      (asked.get("level") === "session"
        ? run_id === null && sessions.includes(session_id ?? "")
        : run_id !== null && runs.includes(run_id)),
  );
  const page = found.slice(offset, offset + limit).map((one) => {
    const time = bare(one.created_at);
    return { ...one, created_at: time, modified_at: time };
  });
  return { status: 200, body: page };
}

/** What applications reported, by tracing project. */
export function langsmithTraffic() {
  const runs: StoredRun[] = [];
  const scores: StoredFeedback[] = [];
  const projects = new Map([["production", randomUUID()]]);
  return {
    runs,
    scores,
    projects,
    answer({ query: asked, body }: PlatformCall, path: string): PlatformAnswer | null {
      if (path === "/runs/query") return query(runs, body as Record<string, unknown>);
      if (path === "/feedback") return feedback(scores, asked);
      if (path !== "/sessions") return null;
      const wanted = asked.get("name");
      const named = [...projects].filter(([name]) => wanted === null || name === wanted);
      const found = named.map(([name, id]) => ({ id, name, tenant_id: randomUUID() }));
      return { status: 200, body: found.slice(0, Number(asked.get("limit") ?? 100)) };
    },
  };
}
