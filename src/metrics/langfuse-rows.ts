import * as z from "zod";
import { cursorRows, numberedRows } from "../http/langfuse-pages.ts";
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

const TRACES_AT_ONCE = 100;

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
  const newer = { path: "/api/public/v2/observations", limit: 1000, query: fields, signal };
  const older = { path: "/api/public/observations", limit: 100, query, signal };
  const rows = (await cursorRows(api, observation, newer)) ?? (await numberedRows(api, observation, older));
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

/** A score as a number or a truth value; null for words and categories, which are neither. */
function scoreOf(
  row: z.infer<typeof oldScore> | z.infer<typeof newScore>,
  traceId: string | null | undefined,
  observationId: string | null,
): LangfuseScore[] {
  const { name, dataType, timestamp } = row;
  const given = row.value;
  // The older listing writes truth values as 1 and 0.
  const value = dataType === "BOOLEAN" && typeof given === "number" ? given === 1 : given;
  const isMeasured =
    (dataType === "BOOLEAN" && typeof value === "boolean") ||
    (dataType === "NUMERIC" && typeof value === "number");
  if (!isMeasured || typeof traceId !== "string") return [];
  return [{ name, value, traceId, observationId, timestamp }];
}

/** The older listing takes one name at a time and one trace, so that all traces are read and most left out. */
async function readOldScores(
  api: LangfuseApi,
  names: readonly string[],
  traces: ReadonlySet<string>,
  { from, signal }: RowQuestion,
): Promise<LangfuseScore[]> {
  const scores: LangfuseScore[] = [];
  for (const name of names) {
    const query = { name, fromTimestamp: new Date(from).toISOString() };
    const rows = await numberedRows(api, oldScore, {
      path: "/api/public/v2/scores",
      limit: 100,
      query,
      signal,
    });
    scores.push(...rows.flatMap((row) => scoreOf(row, row.traceId, row.observationId ?? null)));
  }
  return scores.filter(({ name, traceId }) => names.includes(name) && traces.has(traceId));
}

/** Scores with these names of these traces; words and categories are no numbers and are left out. */
export async function readScores(
  api: LangfuseApi,
  names: readonly string[],
  traces: readonly string[],
  question: RowQuestion,
): Promise<LangfuseScore[]> {
  const scores: LangfuseScore[] = [];
  for (let start = 0; start < traces.length; start += TRACES_AT_ONCE) {
    const traceId = traces.slice(start, start + TRACES_AT_ONCE).join(",");
    const query = { traceId, name: names.join(","), fields: "subject" };
    const listing = { path: "/api/public/v3/scores", limit: 100, query, signal: question.signal };
    const rows = await cursorRows(api, newScore, listing);
    if (rows === null) return readOldScores(api, names, new Set(traces), question);
    for (const row of rows) {
      const { subject } = row;
      if (subject?.kind === "trace") scores.push(...scoreOf(row, subject.id, null));
      if (subject?.kind === "observation") scores.push(...scoreOf(row, subject.traceId, subject.id));
    }
  }
  return scores.filter(({ name }) => names.includes(name));
}
