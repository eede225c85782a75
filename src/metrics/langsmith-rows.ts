import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import { langsmithTime } from "../http/langsmith.ts";
import type { PlatformApi } from "../http/platform-api.ts";

/** A run that names the prompt it was made with, or the root of its trace. */
export interface LangsmithRun {
  readonly id: string;
  /** The id of the root. */
  readonly traceId: string;
  /** Milliseconds since 1970. */
  readonly startTime: number;
  /** Null while it runs, and where the server does not say how it went. */
  readonly isError: boolean | null;
  readonly latencyMs: number | null;
  readonly costUsd: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A score of one run. */
export interface LangsmithFeedback {
  readonly runId: string;
  readonly key: string;
  readonly score: number | boolean;
  /** Milliseconds since 1970. */
  readonly at: number;
}

export interface RunQuestion {
  /** Id of the tracing project. */
  readonly session: string;
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
}

const instant = z
  .string()
  .transform(langsmithTime)
  .refine((time) => !Number.isNaN(time), "expected a time");

const run = z.object({
  id: z.string(),
  trace_id: z.string(),
  start_time: instant,
  end_time: instant.nullish(),
  status: z.string().nullish(),
  error: z.string().nullish(),
  /** Text or number, by the server's age. */
  total_cost: z.union([z.number(), z.string().transform(Number)]).nullish(),
  extra: z.object({ metadata: z.record(z.string(), z.unknown()).nullish() }).nullish(),
});

const runPage = z.object({
  runs: z.array(run),
  cursors: z.object({ next: z.string().nullish() }).nullish(),
});

const feedbackRow = z.object({
  run_id: z.string().nullish(),
  key: z.string(),
  score: z.union([z.number(), z.boolean()]).nullish(),
  created_at: instant.nullish(),
  modified_at: instant.nullish(),
});

const FIELDS = ["id", "trace_id", "start_time", "end_time", "status", "error", "total_cost", "extra"];
const PAGE = 100;
const MOST_PAGES = 2000;
const RUNS_AT_ONCE = 50;

function tooMany({ failure }: PlatformApi, what: string): GateError {
  return new GateError(failure, `langsmith: there are more than ${MOST_PAGES * PAGE} ${what}`, {
    hint: "ask for less: a shorter soak, or an export that source jsonl reads",
  });
}

function isErrorOf({ status, error }: z.infer<typeof run>): boolean | null {
  if (status === "error" || (typeof error === "string" && error !== "")) return true;
  return status === "success" ? false : null;
}

function runOf(row: z.infer<typeof run>): LangsmithRun {
  const { end_time: end, total_cost: cost } = row;
  return {
    id: row.id,
    traceId: row.trace_id,
    startTime: row.start_time,
    isError: isErrorOf(row),
    latencyMs: end === null || end === undefined ? null : end - row.start_time,
    costUsd: cost ?? null,
    metadata: row.extra?.metadata ?? {},
  };
}

/** All runs that a query lets through. */
async function queryRuns(
  api: PlatformApi,
  query: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
): Promise<LangsmithRun[]> {
  // Runs that arrive while pages are read may push others from one page to the next.
  const runs = new Map<string, LangsmithRun>();
  let cursor: string | null = null;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const place: object = cursor === null ? {} : { cursor };
    const body = { ...query, select: FIELDS, limit: PAGE, ...place };
    const request = { method: "POST", path: "/runs/query", body, repeatable: true, signal } as const;
    const read = api.read(runPage, await api.send(request));
    for (const row of read.runs) runs.set(row.id, runOf(row));
    cursor = read.cursors?.next ?? null;
    if (cursor === null || read.runs.length === 0) return [...runs.values()];
  }
  throw tooMany(api, "runs");
}

/** The id of a tracing project. */
export async function readProject(api: PlatformApi, name: string, signal: AbortSignal): Promise<string> {
  const request = { method: "GET", path: "/sessions", query: { name, limit: 1 }, signal } as const;
  const [found] = api.read(z.array(z.object({ id: z.string() })), await api.send(request));
  if (found !== undefined) return found.id;
  throw new GateError(api.failure, `langsmith: there is no tracing project "${visibleLine(name, 100)}"`, {
    hint: "set metrics.project to the project that production reports to",
  });
}

/** Runs with one of these keys of metadata and this value. */
export async function readTaggedRuns(
  api: PlatformApi,
  tag: { readonly keys: readonly string[]; readonly value: string },
  { session, from, to, signal }: RunQuestion,
): Promise<LangsmithRun[]> {
  const value = `eq(metadata_value, ${JSON.stringify(tag.value)})`;
  const tagged = tag.keys.map((key) => `and(eq(metadata_key, ${JSON.stringify(key)}), ${value})`);
  const [start, end] = [from, to].map((time) => JSON.stringify(new Date(time).toISOString()));
  const filter = `and(gte(start_time, ${start}), lt(start_time, ${end}), or(${tagged.join(", ")}))`;
  const query = { session: [session], start_time: new Date(from).toISOString(), filter };
  return queryRuns(api, query, signal);
}

/** Runs by id; those that the server does not have are left out. */
export async function readRuns(
  api: PlatformApi,
  ids: readonly string[],
  { session, signal }: RunQuestion,
): Promise<LangsmithRun[]> {
  const runs: LangsmithRun[] = [];
  for (let start = 0; start < ids.length; start += PAGE) {
    const query = { session: [session], id: ids.slice(start, start + PAGE) };
    runs.push(...(await queryRuns(api, query, signal)));
  }
  return runs;
}

/** Scores with these keys of these runs; words and categories are no numbers and are left out. */
export async function readFeedback(
  api: PlatformApi,
  keys: readonly string[],
  ids: readonly string[],
  { signal }: RunQuestion,
): Promise<LangsmithFeedback[]> {
  const found: LangsmithFeedback[] = [];
  for (let start = 0; start < ids.length; start += RUNS_AT_ONCE) {
    const asked = new URLSearchParams();
    for (const key of keys) asked.append("key", key);
    for (const id of ids.slice(start, start + RUNS_AT_ONCE)) asked.append("run", id);
    const path = `/feedback?${asked.toString()}`;
    for (let offset = 0; ; offset += PAGE) {
      if (offset >= MOST_PAGES * PAGE) throw tooMany(api, "scores");
      const request = { method: "GET", path, query: { limit: PAGE, offset }, signal } as const;
      const rows = api.read(z.array(feedbackRow), await api.send(request));
      for (const { run_id: runId, key, score, modified_at, created_at } of rows) {
        if (typeof runId !== "string" || score === null || score === undefined) continue;
        found.push({ runId, key, score, at: modified_at ?? created_at ?? 0 });
      }
      if (rows.length < PAGE) break;
    }
  }
  return found.filter(({ key }) => keys.includes(key));
}
