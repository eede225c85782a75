import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { LangfuseApi } from "../http/langfuse.ts";

/** One generation that names the prompt it was made with. */
export interface LangfuseGeneration {
  readonly id: string;
  readonly traceId: string;
  /** ISO 8601. */
  readonly startTime: string;
  /** Langfuse's number of the prompt version. */
  readonly promptVersion: number;
  /** Null where the server does not say how it went. */
  readonly isError: boolean | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly latencyMs: number | null;
  readonly costUsd: number | null;
}

/** A score of one generation, or of the trace that it belongs to (`observationId` null). */
export interface LangfuseScore {
  readonly name: string;
  readonly value: number | boolean;
  readonly traceId: string;
  readonly observationId: string | null;
  readonly timestamp: string;
}

export interface RowQuestion {
  readonly name: string;
  readonly environments: readonly string[];
  readonly from: number;
  readonly to: number;
  readonly signal: AbortSignal;
}

const instant = z.string().refine((text) => !Number.isNaN(Date.parse(text)), "expected a time");

const observation = z.object({
  id: z.string(),
  traceId: z.string().nullish(),
  startTime: instant,
  level: z.string().nullish(),
  promptVersion: z.int().nullish(),
  userId: z.string().nullish(),
  sessionId: z.string().nullish(),
  /** Seconds. */
  latency: z.number().nullish(),
  totalCost: z.number().nullish(),
  calculatedTotalCost: z.number().nullish(),
});
const cursorPage = <Row extends z.ZodType>(row: Row) =>
  z.object({ data: z.array(row), meta: z.object({ cursor: z.string().nullish() }) });
const numberedPage = <Row extends z.ZodType>(row: Row) =>
  z.object({ data: z.array(row), meta: z.object({ totalPages: z.int().nonnegative() }) });

const scoreFields = {
  name: z.string(),
  value: z.union([z.number(), z.boolean(), z.string()]).nullish(),
  dataType: z.string(),
  timestamp: instant,
};
const newScore = z.object({
  ...scoreFields,
  subject: z.object({ kind: z.string(), id: z.string(), traceId: z.string().nullish() }).nullish(),
});
const oldScore = z.object({
  ...scoreFields,
  traceId: z.string().nullish(),
  observationId: z.string().nullish(),
});

const MOST_PAGES = 2000;
const TRACES_AT_ONCE = 100;

interface Place {
  readonly path: string;
  readonly limit: number;
  readonly query: Readonly<Record<string, string>>;
}

function tooMany(path: string): GateError {
  return new GateError(
    "METRICS_FAILED",
    `langfuse: ${path} has more than ${MOST_PAGES} pages for this time`,
    {
      hint: "choose a shorter soak, or export the requests and read them with source jsonl",
    },
  );
}

/** All rows of a listing with cursors; null when this kind of server has no such listing. */
async function byCursor<Row extends z.ZodType>(
  api: LangfuseApi,
  row: Row,
  { path, limit, query }: Place,
  signal: AbortSignal,
): Promise<z.infer<Row>[] | null> {
  const rows: z.infer<Row>[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const request = {
      method: "GET",
      path,
      query: { ...query, limit, cursor },
      signal,
      accept: [404],
    } as const;
    const answer = await api.send(request);
    if (answer.status === 404) return null;
    const { data, meta } = api.read(cursorPage(row), answer);
    rows.push(...data);
    const next = meta.cursor ?? undefined;
    if (next === undefined || next === cursor) return rows;
    cursor = next;
  }
  throw tooMany(path);
}

/** All rows of a listing with numbered pages. */
async function byNumber<Row extends z.ZodType>(
  api: LangfuseApi,
  row: Row,
  { path, limit, query }: Place,
  signal: AbortSignal,
): Promise<z.infer<Row>[]> {
  const rows: z.infer<Row>[] = [];
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const answer = await api.send({ method: "GET", path, query: { ...query, limit, page }, signal });
    const { data, meta } = api.read(numberedPage(row), answer);
    rows.push(...data);
    if (page >= meta.totalPages || data.length === 0) return rows;
  }
  throw tooMany(path);
}

function timeFilter(operator: string, at: number): object {
  return { type: "datetime", column: "startTime", operator, value: new Date(at).toISOString() };
}

function filterOf({ name, environments, from, to }: RowQuestion): string {
  return JSON.stringify([
    { type: "string", column: "promptName", operator: "=", value: name },
    { type: "string", column: "type", operator: "=", value: "GENERATION" },
    { type: "stringOptions", column: "environment", operator: "any of", value: environments },
    timeFilter(">=", from),
    timeFilter("<", to),
  ]);
}

/**
 * The generations of a prompt in a time, whatever their version: filters by version are ignored or refused by some
 * servers. Servers of the older kind do not say whom a generation was for.
 */
export async function readGenerations(
  api: LangfuseApi,
  question: RowQuestion,
): Promise<LangfuseGeneration[]> {
  const { signal } = question;
  const query = { filter: filterOf(question) };
  const fields = { ...query, fields: "core,basic,prompt,usage,metrics" };
  const newer = { path: "/api/public/v2/observations", limit: 1000, query: fields };
  const older = { path: "/api/public/observations", limit: 100, query };
  const rows =
    (await byCursor(api, observation, newer, signal)) ?? (await byNumber(api, observation, older, signal));
  // Rows that arrive while pages are read may push others from one page to the next.
  const unique = [...new Map(rows.map((row) => [row.id, row])).values()];
  return unique.flatMap((row) => {
    const { promptVersion, latency, totalCost, calculatedTotalCost } = row;
    if (promptVersion === null || promptVersion === undefined) return [];
    return [
      {
        id: row.id,
        traceId: row.traceId ?? "",
        startTime: row.startTime,
        promptVersion,
        isError: row.level === null || row.level === undefined ? null : row.level === "ERROR",
        userId: row.userId ?? null,
        sessionId: row.sessionId ?? null,
        latencyMs: latency === null || latency === undefined ? null : latency * 1000,
        costUsd: totalCost ?? calculatedTotalCost ?? null,
      },
    ];
  });
}

function scoreValue(dataType: string, value: unknown): number | boolean | null {
  if (dataType === "BOOLEAN") return typeof value === "boolean" ? value : Number(value) === 1;
  return dataType === "NUMERIC" && typeof value === "number" ? value : null;
}

/** Scores with these names of these traces; words and categories are no numbers and are left out. */
export async function readScores(
  api: LangfuseApi,
  names: readonly string[],
  traces: readonly string[],
  { from, signal }: RowQuestion,
): Promise<LangfuseScore[]> {
  const wanted = new Set(traces);
  const scores: LangfuseScore[] = [];
  const add = (
    row: z.infer<typeof oldScore> | z.infer<typeof newScore>,
    traceId: string,
    observationId: string | null,
  ): void => {
    const value = scoreValue(row.dataType, row.value);
    const isAsked = names.includes(row.name) && wanted.has(traceId);
    if (value === null || !isAsked) return;
    scores.push({ name: row.name, value, traceId, observationId, timestamp: row.timestamp });
  };
  for (let start = 0; start < traces.length; start += TRACES_AT_ONCE) {
    const traceId = traces.slice(start, start + TRACES_AT_ONCE).join(",");
    const query = { traceId, name: names.join(","), fields: "subject" };
    const rows = await byCursor(api, newScore, { path: "/api/public/v3/scores", limit: 100, query }, signal);
    if (rows === null) {
      for (const name of names) {
        // The older listing takes one name, and a trace at a time would be a call for each request.
        const older = { name, fromTimestamp: new Date(from).toISOString() };
        const all = { path: "/api/public/v2/scores", limit: 100, query: older };
        for (const row of await byNumber(api, oldScore, all, signal))
          add(row, row.traceId ?? "", row.observationId ?? null);
      }
      return scores;
    }
    for (const row of rows) {
      if (row.subject?.kind === "trace") add(row, row.subject.id, null);
      if (row.subject?.kind === "observation") add(row, row.subject.traceId ?? "", row.subject.id);
    }
  }
  return scores;
}
