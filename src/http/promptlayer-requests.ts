import * as z from "zod";
import { GateError } from "../domain/errors.ts";
import type { JsonAnswer } from "./json-client.ts";
import { pause } from "./pause.ts";
import type { PlatformApi } from "./platform-api.ts";
import { promptLayerTime } from "./promptlayer.ts";

/** Which logged requests are meant. */
export interface RequestQuestion {
  /** PromptLayer's number of the prompt. */
  readonly promptId: number;
  /** Null = all versions. */
  readonly version: number | null;
  /** Only those that went so; null = however they went. */
  readonly status: "success" | "error" | null;
  /** What they must be tagged with; null = anything. */
  readonly tag: string | null;
  /** Milliseconds since 1970; `to` is exclusive. */
  readonly from: number;
  readonly to: number;
}

/** One logged request. */
interface LoggedRequest {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly latencyMs: number | null;
  /** Null where nobody said what it cost: PromptLayer notes 0 then. */
  readonly costUsd: number | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** In [0,1], by name. */
  readonly scores: Readonly<Record<string, number>>;
}

const PER_PAGE = 25;
/** PromptLayer answers ten searches a minute. */
const FREE_SEARCHES = 10;
const PACE_MS = 6100;
const MINUTE_MS = 60_000;

const time = z.string().refine((text) => promptLayerTime(text) !== null, "expected a time");
const score = z.object({ name: z.string().nullish(), score: z.number().min(0).max(100) });
const loggedRequest = z.object({
  id: z.int().positive(),
  request_start_time: time,
  /** Seconds. */
  latency: z.number().nullish(),
  price: z.number().nullish(),
  metadata: z.array(z.record(z.string(), z.unknown())).nullish(),
  scores: z.array(score).nullish(),
});
const requestPage = z.object({
  items: z.array(loggedRequest),
  total: z.int().nonnegative(),
  has_next: z.boolean(),
});

function filterGroup({ promptId, version, status, tag, from, to }: RequestQuestion): object {
  // Both ends are meant: the last microsecond is the nearest to an end that is not.
  const last = new Date(to - 1).toISOString().replace("Z", "999Z");
  return {
    logic: "AND",
    filters: [
      { field: "prompt_id", operator: "is", value: promptId },
      { field: "request_start_time", operator: "between", value: [new Date(from).toISOString(), last] },
      ...(version === null ? [] : [{ field: "prompt_version_number", operator: "eq", value: version }]),
      ...(status === null ? [] : [{ field: "status", operator: "is", value: status }]),
      ...(tag === null ? [] : [{ field: "tags", operator: "contains", value: tag }]),
    ],
  };
}

function requestOf(row: z.infer<typeof loggedRequest>): LoggedRequest {
  const { id, latency, price } = row;
  return {
    id,
    at: Date.parse(promptLayerTime(row.request_start_time) ?? ""),
    latencyMs: latency === null || latency === undefined ? null : latency * 1000,
    costUsd: price === null || price === undefined || price === 0 ? null : price,
    metadata: Object.assign({}, ...(row.metadata ?? [])) as Readonly<Record<string, unknown>>,
    scores: Object.fromEntries((row.scores ?? []).map((one) => [one.name ?? "default", one.score / 100])),
  };
}

/** Searches at the speed that PromptLayer allows. */
export interface RequestSearch {
  /** How many there are. */
  count(question: RequestQuestion, signal: AbortSignal): Promise<number>;
  /** All of them, oldest first. */
  read(question: RequestQuestion, signal: AbortSignal): Promise<LoggedRequest[]>;
}

/** `wait` is handed in by tests. */
export function requestSearch(
  api: PlatformApi,
  wait: ((milliseconds: number) => Promise<unknown>) | undefined,
): RequestSearch {
  let searches = 0;

  async function page(
    question: RequestQuestion,
    { number, size }: { readonly number: number; readonly size: number },
    signal: AbortSignal,
  ): Promise<z.infer<typeof requestPage>> {
    const order = { sort_by: "request_start_time", sort_order: "asc" };
    const body = { filter_group: filterGroup(question), ...order, page: number, per_page: size };
    const path = "/api/public/v2/requests/search";
    const ask = (): Promise<JsonAnswer> => api.send({ method: "POST", path, body, repeatable: true, signal });
    searches += 1;
    if (searches > FREE_SEARCHES) await pause(PACE_MS, { wait, signal });
    try {
      return api.read(requestPage, await ask());
    } catch (error) {
      if (!(error instanceof GateError) || error.code !== "RATE_LIMITED") throw error;
      // Somebody else with the same key has used the minute up.
      await pause(MINUTE_MS, { wait, signal });
      return api.read(requestPage, await ask());
    }
  }

  return {
    async count(question, signal) {
      return (await page(question, { number: 1, size: 1 }, signal)).total;
    },
    async read(question, signal) {
      const found = new Map<number, LoggedRequest>();
      for (let number = 1; ; number += 1) {
        const { items, has_next } = await page(question, { number, size: PER_PAGE }, signal);
        // Requests that arrive while pages are read may push others from one page to the next.
        for (const row of items) found.set(row.id, requestOf(row));
        if (!has_next || items.length === 0) break;
      }
      return [...found.values()].filter(({ at }) => at >= question.from && at < question.to);
    },
  };
}

const counted = z.object({
  customCharts: z
    .array(
      z.object({
        data: z.array(
          z.object({ label: z.union([z.string(), z.number()]), value: z.number().nonnegative() }),
        ),
      }),
    )
    .length(1),
});

/** How many requests each version was served, by PromptLayer's numbers; those without a version are left out. */
export async function countByVersion(
  api: PlatformApi,
  question: RequestQuestion,
  signal: AbortSignal,
): Promise<ReadonlyMap<number, number>> {
  const chart = { id: "requests", chartType: "bar", metric: "count", limit: 100 };
  const customCharts = [{ ...chart, groupByField: "prompt_version_number" }];
  const body = { filter_group: filterGroup(question), customCharts };
  const path = "/api/public/v2/requests/analytics/custom-analytics";
  const answer = await api.send({ method: "POST", path, body, repeatable: true, signal });
  const rows = api.read(counted, answer).customCharts[0]?.data ?? [];
  return new Map(rows.map(({ label, value }) => [Number(label), value]));
}
