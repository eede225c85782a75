import type { LangfuseAnswer } from "./langfuse-prompts.ts";

/** v4 keeps events only; v3 has the older tables and none of the newer reads. */
export type LangfuseMode = "v3" | "v4";

/** A generation of a model as Langfuse stored it. */
export interface LangfuseObservation {
  readonly id: string;
  readonly traceId: string;
  readonly startTime: string;
  readonly type: string;
  readonly name: string;
  readonly environment: string;
  readonly level: string | null;
  readonly version: string | null;
  readonly promptName: string | null;
  readonly promptVersion: number | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  /** Seconds. */
  readonly latency: number | null;
  readonly totalCost: number | null;
}

export interface LangfuseScore {
  readonly id: string;
  readonly name: string;
  readonly value: number | boolean | string;
  readonly traceId: string;
  /** Null = of the whole trace. */
  readonly observationId: string | null;
  readonly timestamp: string;
}

interface Condition {
  readonly type: string;
  readonly column: keyof LangfuseObservation;
  readonly operator: string;
  readonly value: unknown;
}

function matches(row: LangfuseObservation, { type, column, operator, value }: Condition): boolean {
  const own = row[column];
  if (type === "datetime") {
    const difference = Date.parse(String(own)) - Date.parse(String(value));
    return operator === ">=" ? difference >= 0 : difference < 0;
  }
  if (type === "stringOptions") return (value as unknown[]).includes(own);
  return own === value;
}

const price = { modelId: null, inputPrice: null, outputPrice: null, totalPrice: null };

function observationV2(row: LangfuseObservation): object {
  const { latency, totalCost, ...core } = row;
  return {
    ...core,
    ...price,
    endTime: null,
    projectId: "project",
    parentObservationId: null,
    latency,
    totalCost,
  };
}

function observationV1(row: LangfuseObservation): object {
  const { userId: _user, sessionId: _session, totalCost, ...core } = row;
  return {
    ...core,
    level: row.level ?? "DEFAULT",
    ...price,
    endTime: null,
    completionStartTime: null,
    model: null,
    modelParameters: {},
    input: null,
    output: null,
    metadata: null,
    usage: { input: 0, output: 0, total: 0, unit: "TOKENS" },
    usageDetails: {},
    costDetails: {},
    statusMessage: null,
    parentObservationId: null,
    promptId: null,
    timeToFirstToken: null,
    calculatedInputCost: null,
    calculatedOutputCost: null,
    calculatedTotalCost: totalCost,
  };
}

function typeOf({ value }: LangfuseScore): string {
  if (typeof value === "boolean") return "BOOLEAN";
  return typeof value === "number" ? "NUMERIC" : "CATEGORICAL";
}

function scoreBase({ id, name, timestamp }: LangfuseScore): object {
  const times = { timestamp, createdAt: timestamp, updatedAt: timestamp };
  return { id, name, ...times, projectId: "project", source: "API", environment: "production" };
}

function scoreV3(score: LangfuseScore): object {
  const { traceId, observationId, value } = score;
  const subject =
    observationId === null
      ? { kind: "trace", id: traceId }
      : { kind: "observation", id: observationId, traceId };
  return { ...scoreBase(score), dataType: typeOf(score), value, subject };
}

function scoreV2(score: LangfuseScore): object {
  const { traceId, observationId, value } = score;
  const text = typeof value === "string" ? { value: 0, stringValue: value } : { value: Number(value) };
  const named = typeof value === "boolean" ? { stringValue: value ? "True" : "False" } : {};
  const subject = { traceId, observationId, sessionId: null, datasetRunId: null };
  return {
    ...scoreBase(score),
    ...subject,
    ...text,
    ...named,
    dataType: typeOf(score),
    comment: null,
    authorUserId: null,
    configId: null,
    queueId: null,
    metadata: null,
    trace: null,
  };
}

function inPages(rows: readonly unknown[], query: URLSearchParams): LangfuseAnswer {
  const page = Number(query.get("page") ?? 1);
  const limit = Number(query.get("limit") ?? 50);
  const meta = { page, limit, totalItems: rows.length, totalPages: Math.ceil(rows.length / limit) };
  return { status: 200, body: { data: rows.slice((page - 1) * limit, page * limit), meta } };
}

function byCursor(rows: readonly unknown[], query: URLSearchParams, most: number): LangfuseAnswer {
  const limit = Number(query.get("limit") ?? 50);
  if (limit > most) return { status: 400, body: { message: "Invalid request data", error: [] } };
  const start = Number(query.get("cursor") ?? 0);
  const cursor = start + limit < rows.length ? { cursor: String(start + limit) } : {};
  return { status: 200, body: { data: rows.slice(start, start + limit), meta: { limit, ...cursor } } };
}

const missing = (message: string): LangfuseAnswer => ({
  status: 404,
  body: { message, error: "LangfuseNotFoundError" },
});

/** What applications reported, and the reads that this kind of server has. */
export function langfuseTraffic(mode: LangfuseMode) {
  const observations: LangfuseObservation[] = [];
  const scores: LangfuseScore[] = [];
  function asked(query: URLSearchParams): LangfuseObservation[] {
    const filter = query.get("filter");
    const conditions = filter === null ? [] : (JSON.parse(filter) as Condition[]);
    return observations.filter((row) => conditions.every((condition) => matches(row, condition)));
  }

  function scoresOf(query: URLSearchParams): LangfuseScore[] {
    const traces = query.get("traceId")?.split(",");
    const names = query.get("name")?.split(",");
    return scores.filter(
      ({ traceId, name }) => (traces?.includes(traceId) ?? true) && (names?.includes(name) ?? true),
    );
  }

  return {
    observations,
    scores,
    answer(path: string, query: URLSearchParams): LangfuseAnswer {
      const isNew = ["/api/public/v2/observations", "/api/public/v3/scores"].includes(path);
      if (mode === "v3" && isNew) {
        return missing("This endpoint is only available in a Langfuse v4 write mode");
      }
      if (mode === "v4" && !isNew) {
        return missing(
          "This endpoint is not available on deployments running in Langfuse v4 events_only mode",
        );
      }
      switch (path) {
        case "/api/public/v2/observations":
          return byCursor(asked(query).map(observationV2), query, 1000);
        case "/api/public/observations":
          return inPages(asked(query).map(observationV1), query);
        case "/api/public/v3/scores":
          return byCursor(scoresOf(query).map(scoreV3), query, 100);
        case "/api/public/v2/scores":
          return inPages(scoresOf(query).map(scoreV2), query);
      }
      return missing("Not found");
    },
  };
}
