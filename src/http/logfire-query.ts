import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { PlatformApi } from "./platform-api.ts";

/** The most rows that one answer has. */
const MOST_ROWS = 10_000;

export interface LogfireQuestion {
  /** The SQL of the rows of a part of the time: its beginning, and its end, which does not belong to it. */
  readonly sql: (from: string, to: string) => string;
  /** Milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** Deployment environments that count; empty = all. */
  readonly environments: readonly string[];
  readonly signal: AbortSignal;
}

/** A text as SQL has it. */
export function sqlText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** An attribute of a record as text; null where the record has none. */
export function sqlAttribute(name: string): string {
  return `(attributes->>${sqlText(name)})`;
}

interface Part {
  readonly from: number;
  readonly to: number;
}

async function ask<Row extends z.ZodType>(
  api: PlatformApi,
  row: Row,
  { sql, environments, signal }: LogfireQuestion,
  { from, to }: Part,
): Promise<z.infer<Row>[]> {
  const [start, end] = [from, to].map((at) => new Date(at).toISOString()) as [string, string];
  const body = {
    sql: sql(start, end),
    min_timestamp: start,
    max_timestamp: end,
    limit: MOST_ROWS,
    ...(environments.length === 0 ? {} : { deployment_environment: environments }),
  };
  const answer = await api.send({ method: "POST", path: "/v2/query", body, repeatable: true, signal });
  return api.read(z.object({ data: z.array(row) }), answer).data;
}

/** All rows of a time. An answer that is full may lack rows, so that its time is asked for again in halves. */
export async function queryRows<Row extends z.ZodType>(
  api: PlatformApi,
  row: Row,
  question: LogfireQuestion,
): Promise<z.infer<Row>[]> {
  const rows: z.infer<Row>[] = [];
  const parts: Part[] = [{ from: question.from, to: question.to }];
  for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
    const found = await ask(api, row, question, part);
    if (found.length < MOST_ROWS) {
      for (const one of found) rows.push(one);
      continue;
    }
    const middle = Math.floor((part.from + part.to) / 2);
    if (middle === part.from) {
      throw new GateError(api.failure, `logfire: ${MOST_ROWS} rows or more in one millisecond`, {
        hint: "ask for less: an export that source jsonl reads",
      });
    }
    parts.push({ from: part.from, to: middle }, { from: middle, to: part.to });
  }
  return rows;
}
