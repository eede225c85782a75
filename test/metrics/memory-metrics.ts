import { GateError } from "../../src/domain/errors.ts";
import type {
  Assignment,
  MetricQuery,
  MetricsSource,
  Observation,
  Observations,
  ObserveRequest,
  Sample,
} from "../../src/domain/metrics.ts";

/** A served request as an application logs it. */
export interface Served {
  readonly at: string;
  readonly prompt: string;
  readonly version: string;
  readonly unit?: string;
  readonly scores?: Readonly<Record<string, number>>;
  readonly error?: boolean;
  readonly latencyMs?: number;
  readonly costUsd?: number;
}

type Placed<Fact> = Fact & { readonly prompt: string };

export interface MemoryMetrics extends MetricsSource {
  /** Requests one by one; the samples are made of them. */
  serve(...requests: readonly Served[]): void;
  /** A finished sample, for tests that care for numbers and not for where they come from. */
  put(...observations: readonly Placed<Observation>[]): void;
  assign(...assignments: readonly Placed<Assignment>[]): void;
  /** Every further question fails with this, until null. */
  fail(error: GateError | null): void;
  /** Questions about this metric end in its entry in `errors`, until null. */
  failMetric(metric: string, message: string | null): void;
  /** What was asked so far. */
  readonly requests: readonly ObserveRequest[];
}

function valueOf({ name, transform }: MetricQuery, served: Served): number | undefined {
  const byField: Record<string, number | undefined> = {
    error_rate: served.error === undefined ? undefined : Number(served.error),
    latency: served.latencyMs,
    cost: served.costUsd,
  };
  const value = name in byField ? byField[name] : served.scores?.[name];
  return value !== undefined && transform === "ln" ? Math.log(value) : value;
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** One entry a unit, or a request where units are unknown: how many values, and their sum. */
function sampleOf(kind: MetricQuery["kind"], entries: readonly { n: number; sum: number }[]): Sample {
  const [count, n] = [entries.length, sumOf(entries.map((entry) => entry.n))];
  const mean = sumOf(entries.map(({ sum }) => sum)) / n;
  if (kind === "proportion") return { kind, n, errors: mean * n };
  const squares = sumOf(entries.map((entry) => (entry.sum - mean * entry.n) ** 2));
  const variance = count < 2 ? 0 : ((count / (count - 1)) * squares * count) / n ** 2;
  return { kind, n: count, mean, variance };
}

function groups<Item>(items: readonly Item[], keyOf: (item: Item) => string | number): Item[][] {
  const map = new Map<string | number, Item[]>();
  for (const item of items) map.set(keyOf(item), [...(map.get(keyOf(item)) ?? []), item]);
  return [...map.values()];
}

type Timed = Served & { readonly bucket: number };

/** Requests by unit, each with the first bucket of the unit; without units each request is one of its own. */
function byUnit(served: readonly Timed[]): { readonly first: number; readonly entries: readonly Timed[] }[] {
  const keyed = served.map((entry, index) => ({ ...entry, key: `${entry.version} ${entry.unit ?? index}` }));
  return groups(keyed, ({ key }) => key).map((entries) => ({
    first: Math.min(...entries.map(({ bucket }) => bucket)),
    entries,
  }));
}

function observeServed(served: readonly Served[], request: ObserveRequest): Observations {
  const { versions, metrics, from, to, bucketMs, prompt } = request;
  const asked = served
    .map((entry) => ({ ...entry, time: Date.parse(entry.at) }))
    .filter((entry) => entry.prompt === prompt && versions.includes(entry.version))
    .filter(({ time }) => time >= from && time < to)
    .map((entry) => ({ ...entry, bucket: entry.time - (entry.time % bucketMs) }));
  const basis = asked.some(({ unit }) => unit !== undefined) ? "unit" : "request";
  const known = asked.filter(({ unit }) => basis === "request" || unit !== undefined);
  const cells = groups(known, ({ version, bucket }) => `${bucket} ${version}`).map(([one]) => ({
    version: one?.version ?? "",
    bucket: one?.bucket ?? 0,
  }));
  const units = byUnit(known);
  const unitsOf = (version: string): typeof units =>
    units.filter(({ entries }) => entries[0]?.version === version);
  const observations = metrics.flatMap((query) =>
    cells.flatMap(({ version, bucket }) => {
      const values = unitsOf(version)
        .filter(({ first }) => first === bucket)
        .map(({ entries }) =>
          entries.map((one) => valueOf(query, one)).filter((value) => value !== undefined),
        )
        .filter((entry) => entry.length > 0)
        .map((entry) => ({ n: entry.length, sum: sumOf(entry) }));
      if (values.length === 0) return [];
      return [{ metric: query.name, version, bucket, sample: sampleOf(query.kind, values) }];
    }),
  );
  const assignments = cells.map(({ version, bucket }) => {
    const present = unitsOf(version).filter(({ entries }) => entries.some((one) => one.bucket === bucket));
    const newUnits = present.filter(({ first }) => first === bucket).length;
    return { version, bucket, n: present.length, newUnits };
  });
  return { basis, observations, assignments, errors: [], notes: [] };
}

/** Metrics that live as long as their process and keep the promises of the port. */
export function memoryMetrics(): MemoryMetrics {
  const served: Served[] = [];
  const put: Placed<Observation>[] = [];
  const assigned: Placed<Assignment>[] = [];
  const requests: ObserveRequest[] = [];
  const failing = new Map<string, string>();
  let failure: GateError | null = null;

  return {
    requests,
    serve: (...further) => void served.push(...further),
    put: (...further) => void put.push(...further),
    assign: (...further) => void assigned.push(...further),
    fail: (error) => {
      failure = error;
    },
    failMetric: (metric, message) => {
      if (message === null) failing.delete(metric);
      else failing.set(metric, message);
    },
    async observe(request, signal) {
      requests.push(request);
      if (signal.aborted) throw new GateError("INTERRUPTED", "the question was interrupted");
      if (failure !== null) throw failure;
      const { prompt, versions, metrics, from, to } = request;
      const names = metrics.map(({ name }) => name);
      const isAsked = (fact: Placed<Assignment> | Placed<Observation>): boolean =>
        fact.prompt === prompt && versions.includes(fact.version) && fact.bucket >= from && fact.bucket < to;
      const counted = observeServed(served, request);
      return {
        ...counted,
        observations: [
          ...counted.observations,
          ...put
            .filter((entry) => isAsked(entry) && names.includes(entry.metric))
            .map(({ metric, version, bucket, sample }) => ({ metric, version, bucket, sample })),
        ].filter(({ metric }) => !failing.has(metric)),
        assignments: [
          ...counted.assignments,
          ...assigned
            .filter(isAsked)
            .map(({ version, bucket, n, newUnits }) => ({ version, bucket, n, newUnits })),
        ],
        errors: names.flatMap((metric) => {
          const message = failing.get(metric);
          return message === undefined ? [] : [{ metric, message }];
        }),
      };
    },
  };
}
