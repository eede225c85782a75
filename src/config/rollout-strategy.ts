import { FULL_WEIGHT } from "../domain/release.ts";
import type { RolloutMetric, RolloutStep, RolloutStrategy } from "../domain/rollout.ts";
import type { WrittenRollout, WrittenRolloutMetric, WrittenStep } from "./rollout-schema.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Below it no interval is trusted: the burn-in of the confidence sequence. */
const LEAST_SAMPLE = 100;

const STEPS: readonly WrittenStep[] = [
  { name: "staging", minSoak: DAY_MS, maxSoak: 3 * DAY_MS, minSample: 200 },
  { name: "canary5", weight: 0.05, minSoak: DAY_MS, maxSoak: 2 * DAY_MS, minSample: 300 },
  { name: "canary25", weight: 0.25, minSoak: DAY_MS, maxSoak: 2 * DAY_MS },
  { name: "canary50", weight: 0.5, minSoak: DAY_MS, maxSoak: 2 * DAY_MS },
  { name: "full", weight: 1, bake: DAY_MS, holdback: 0.05 },
];

const PLAIN = { unit: "unit", dryRun: false, designEffect: 1, min: null, max: null } as const;

const METRICS: readonly RolloutMetric[] = [
  {
    ...PLAIN,
    name: "quality",
    kind: "mean",
    transform: "none",
    direction: "up",
    margin: 0.03,
    harmAt: 0.01,
    action: "rollback",
  },
  {
    ...PLAIN,
    name: "error_rate",
    kind: "proportion",
    transform: "none",
    direction: "down",
    margin: 0.01,
    harmAt: 0,
    action: "rollback",
  },
  {
    ...PLAIN,
    name: "latency",
    kind: "mean",
    transform: "ln",
    direction: "down",
    margin: 0.1,
    harmAt: 0.1,
    action: "hold",
  },
  {
    ...PLAIN,
    name: "cost",
    kind: "mean",
    transform: "ln",
    direction: "down",
    margin: 0.1,
    harmAt: 0.1,
    action: "rollback",
  },
];

function weightOf(share: number | undefined): number {
  return Math.round((share ?? 0) * FULL_WEIGHT);
}

function stepOf({ approval, ...written }: WrittenStep): RolloutStep {
  const minSoakMs = written.bake ?? written.minSoak ?? DAY_MS;
  return {
    name: written.name,
    weight: weightOf(written.weight),
    minSoakMs,
    maxSoakMs: written.maxSoak ?? 2 * minSoakMs,
    minSample: written.minSample ?? LEAST_SAMPLE,
    approvals: typeof approval === "number" ? approval : approval === undefined ? 0 : 1,
    approvers: typeof approval === "object" ? approval : [],
    holdback: weightOf(written.holdback),
  };
}

function defaultHarmAt({ kind, transform, margin }: WrittenRolloutMetric): number {
  if (kind === "proportion") return 0;
  return transform === "ln" ? margin : margin / 3;
}

function metricOf({ harmAt, min, max, ...written }: WrittenRolloutMetric): RolloutMetric {
  return {
    ...written,
    harmAt: harmAt ?? defaultHarmAt({ ...written, harmAt }),
    min: min ?? null,
    max: max ?? null,
  };
}

/** The strategy of one prompt, its own keys over those of the whole config, over the shipped ones. */
export function rolloutStrategy(
  shared: WrittenRollout | undefined,
  own: WrittenRollout | undefined,
): RolloutStrategy {
  const written: WrittenRollout = { ...shared, ...own };
  const { mutexGroup = "app", onInconclusive, blindLimit, alpha } = written;
  return {
    steps: (written.steps ?? STEPS).map(stepOf),
    metrics: written.metrics?.map(metricOf) ?? METRICS,
    mutexGroup: mutexGroup === false ? null : mutexGroup,
    dependsOn: written.dependsOn ?? [],
    onNewCandidate: written.onNewCandidate ?? "queue",
    inconclusive: {
      graceMs: onInconclusive?.grace ?? DAY_MS,
      outcome: onInconclusive?.then ?? "rollback",
    },
    onSampleRatio: written.onSampleRatio ?? "hold",
    blindLimitMs: {
      low: blindLimit?.["<=25"] ?? 6 * HOUR_MS,
      high: blindLimit?.["<100"] ?? 2 * HOUR_MS,
    },
    settleDelayMs: written.settleDelay ?? 2 * HOUR_MS,
    bucketMs: written.bucket ?? HOUR_MS,
    cooldownMs: written.cooldown ?? DAY_MS,
    driftGraceMs: written.driftGrace ?? HOUR_MS,
    undoVersions: written.undoWindow?.versions ?? 3,
    alpha: { rollout: 0.05, advance: 0.05, srm: 0.001, ...definedOf(alpha) },
    freeze: (written.freeze ?? []).map(({ cron, for: durationMs, tz }) => ({
      cron,
      durationMs,
      timeZone: tz,
    })),
    advanceHours: written.advanceHours ?? null,
  };
}

function definedOf(alpha: WrittenRollout["alpha"]): Partial<RolloutStrategy["alpha"]> {
  const { rollout, advance, srm } = alpha ?? {};
  return {
    ...(rollout === undefined ? {} : { rollout }),
    ...(advance === undefined ? {} : { advance }),
    ...(srm === undefined ? {} : { srm }),
  };
}
