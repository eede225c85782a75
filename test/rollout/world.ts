import { textDigest } from "../../src/domain/digest.ts";
import type { Observations, ObserveRequest } from "../../src/domain/metrics.ts";
import type { RolloutMetric, RolloutStep, RolloutStrategy } from "../../src/domain/rollout.ts";
import { rolloutStrategy } from "../../src/config/rollout-strategy.ts";

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const START = Date.UTC(2026, 10, 16);

export const STABLE = { version: "2.3.1", digest: textDigest("stable") };
export const CANDIDATE = {
  version: "2.4.0",
  digest: textDigest("candidate"),
  tier: "minor" as const,
  minCanaryMs: 48 * HOUR,
};

/** The shipped strategy with what matters to the test. */
export function aStrategy(fields: Partial<RolloutStrategy> = {}): RolloutStrategy {
  return { ...rolloutStrategy(undefined, undefined), ...fields };
}

export function aStep(fields: Partial<RolloutStep> = {}): RolloutStep {
  return {
    name: "canary5",
    weight: 5000,
    minSoakMs: DAY,
    maxSoakMs: 2 * DAY,
    minSample: 100,
    approvals: 0,
    approvers: [],
    holdback: 0,
    ...fields,
  };
}

export function aMetric(fields: Partial<RolloutMetric> = {}): RolloutMetric {
  return {
    name: "quality",
    kind: "mean",
    transform: "none",
    direction: "up",
    margin: 0.03,
    harmAt: 0.01,
    action: "rollback",
    unit: "unit",
    dryRun: false,
    min: null,
    max: null,
    designEffect: 1,
    ...fields,
  };
}

/** What production shows in an hour, exactly as its parameters say: no noise. */
export interface Traffic {
  readonly perHour: number;
  /** Share of the candidate at a time; where nothing is said, in staging, 50 runs an hour. */
  readonly share: (at: number) => number;
  readonly quality?: (version: string, at: number) => number;
  readonly errorRate?: (version: string) => number;
  readonly latency?: (version: string) => number;
  readonly cost?: (version: string) => number;
}

const none: Observations = { basis: "unit", observations: [], assignments: [], errors: [] };

/** Observations without noise; variances are those of real ones. */
export function observing(traffic: Traffic): (request: ObserveRequest) => Observations {
  const mean = (metric: string, version: string, bucket: number): number => {
    if (metric === "quality") return traffic.quality?.(version, bucket) ?? 0.8;
    if (metric === "latency") return traffic.latency?.(version) ?? 6.5;
    return traffic.cost?.(version) ?? -7;
  };
  return ({ versions, metrics, from, to, bucketMs }) => {
    let all = none;
    for (let bucket = from; bucket < to; bucket += bucketMs) {
      const [candidate = "", stable = ""] = versions;
      const share = traffic.share(bucket);
      const sizes = [
        [candidate, Math.round(share === 0 ? 50 : traffic.perHour * share)],
        [stable, Math.round(traffic.perHour * (1 - share))],
      ] as const;
      for (const [version, n] of sizes) {
        if (n === 0 || traffic.perHour === 0) continue;
        const observations = metrics.map(({ name, kind }) => ({
          metric: name,
          version,
          bucket,
          sample:
            kind === "mean"
              ? { kind: "mean" as const, n, mean: mean(name, version, bucket), variance: 0.04 }
              : { kind: "proportion" as const, n, errors: n * (traffic.errorRate?.(version) ?? 0.01) },
        }));
        all = {
          ...all,
          observations: [...all.observations, ...observations],
          assignments: [...all.assignments, { version, bucket, n, newUnits: n }],
        };
      }
    }
    return all;
  };
}
