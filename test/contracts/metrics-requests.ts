import { expect } from "vitest";
import type { MetricQuery, Observations, ObserveRequest, Sample } from "../../src/domain/metrics.ts";
import type { Served } from "../metrics/memory-metrics.ts";

export const HOUR = 3_600_000;
export const START = Date.UTC(2026, 10, 20, 9);

export const quality: MetricQuery = { name: "quality", kind: "mean", transform: "none" };
export const errorRate: MetricQuery = { name: "error_rate", kind: "proportion", transform: "none" };
export const latency: MetricQuery = { name: "latency", kind: "mean", transform: "ln" };

/** `10:05` of the day of the tests. */
function at(clock: string): string {
  return `2026-11-20T${clock}:00Z`;
}

export function aRequest(changes: Partial<ObserveRequest> = {}): ObserveRequest {
  return {
    prompt: "desk",
    versions: ["1.0.0", "2.0.0"],
    metrics: [quality, errorRate, latency],
    from: START,
    to: START + 4 * HOUR,
    bucketMs: HOUR,
    ...changes,
  };
}

/** What two versions did from 9 to 12; nothing happens from 11 to 12 but an answer of version 2. */
export const PRODUCTION: readonly Served[] = [
  {
    at: at("09:10"),
    prompt: "desk",
    version: "1.0.0",
    scores: { quality: 0.5 },
    error: false,
    latencyMs: 100,
  },
  { at: at("09:20"), prompt: "desk", version: "1.0.0", scores: { quality: 1 }, error: true, latencyMs: 400 },
  { at: at("09:30"), prompt: "desk", version: "1.0.0", error: false, latencyMs: 200 },
  {
    at: at("09:40"),
    prompt: "desk",
    version: "2.0.0",
    scores: { quality: 0.25 },
    error: false,
    latencyMs: 100,
  },
  {
    at: at("10:15"),
    prompt: "desk",
    version: "2.0.0",
    scores: { quality: 0.75 },
    error: true,
    latencyMs: 50,
  },
  {
    at: at("10:45"),
    prompt: "desk",
    version: "2.0.0",
    scores: { quality: 0.25 },
    error: true,
    latencyMs: 50,
  },
  {
    at: at("10:50"),
    prompt: "other",
    version: "2.0.0",
    scores: { quality: 0 },
    error: true,
    latencyMs: 9000,
  },
  { at: at("11:30"), prompt: "desk", version: "2.0.0" },
  { at: at("12:30"), prompt: "desk", version: "3.0.0", scores: { quality: 0 }, error: true, latencyMs: 9 },
];

export const withUnits = (...units: readonly string[]): Served[] =>
  PRODUCTION.map((served, index) => ({ ...served, unit: units[index] ?? `u${index}` }));

export function sampleOf(
  { observations }: Observations,
  metric: string,
  version: string,
  hour: number,
): Sample | undefined {
  const found = observations.filter(
    (one) => one.metric === metric && one.version === version && one.bucket === START + hour * HOUR,
  );
  expect(found.length).toBeLessThan(2);
  return found[0]?.sample;
}

export function isMean(sample: Sample | undefined, n: number, mean: number, variance: number): void {
  expect(sample).toEqual({
    kind: "mean",
    n,
    mean: expect.closeTo(mean, 9),
    variance: expect.closeTo(variance, 9),
  });
}

/** The same observations with numbers that sums in another order leave alike. */
export function withoutNoise(observations: Observations["observations"]): unknown[] {
  return observations.map(({ sample, ...place }) => ({
    ...place,
    sample: Object.entries(sample).map(([key, value]) => [
      key,
      typeof value === "number" ? value.toFixed(9) : value,
    ]),
  }));
}
