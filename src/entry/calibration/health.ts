import type { Digest } from "../../domain/digest.ts";
import type { GateLevel } from "../../domain/scores.ts";
import { visibleLine } from "../../domain/visible.ts";
import { clopperPearsonInterval } from "../../stats/proportion.ts";
import type { UnchangedDraw } from "./unchanged-draws.ts";

/** How one metric fared over all draws. */
interface MetricHealth {
  readonly name: string;
  readonly level: GateLevel;
  readonly blocked: number;
  readonly passed: number;
  /** Why it failed, from the first draw in which it did; null = it never did. */
  readonly reason: string | null;
}

/** `unknown`: the draws cannot tell. */
export type HealthVerdict = "healthy" | "unhealthy" | "unknown";

/** What `aa --json` prints. */
export interface Health {
  readonly schema: "promptgate/aa@1";
  readonly verdict: HealthVerdict;
  /** Why it is not healthy; empty when it is. */
  readonly reasons: readonly string[];
  readonly warnings: readonly string[];
  readonly prompt: string;
  readonly version: string;
  readonly digest: Digest;
  /** Cases with enough samples, and how many samples they have in all. */
  readonly cases: number;
  readonly samples: number;
  readonly runs: number;
  /** Share of false blocks that the gate promises at most. */
  readonly nominal: number;
  /** Bounds with 95 % confidence each. */
  readonly falseBlock: {
    readonly count: number;
    readonly rate: number;
    readonly low: number;
    readonly high: number;
  };
  readonly passRate: number;
  readonly averageCases: number;
  readonly metrics: readonly MetricHealth[];
  /** True when every sample of every case was the same. */
  readonly deterministic: boolean;
  readonly seed: number;
}

/** Counts of draws so far. */
export interface Tally {
  runs: number;
  blocked: number;
  passed: number;
  cases: number;
  nominal: number;
  readonly metrics: Map<string, { -readonly [Key in keyof MetricHealth]: MetricHealth[Key] }>;
}

export function emptyTally(): Tally {
  return { runs: 0, blocked: 0, passed: 0, cases: 0, nominal: 0, metrics: new Map() };
}

export function countDraw(tally: Tally, { verdict, metrics, cases }: UnchangedDraw): void {
  tally.runs += 1;
  tally.cases += cases;
  if (verdict === "fail") tally.blocked += 1;
  if (verdict === "pass") tally.passed += 1;
  for (const metric of metrics) {
    if (metric.level === "off") continue;
    if (metric.level === "error") tally.nominal = Math.max(tally.nominal, metric.alphaBlock);
    const { name, level } = metric;
    const health = tally.metrics.get(name) ?? { name, level, blocked: 0, passed: 0, reason: null };
    tally.metrics.set(name, health);
    if (metric.verdict === "pass") health.passed += 1;
    if (metric.verdict !== "fail") continue;
    health.blocked += 1;
    health.reason ??= metric.reason;
  }
}

/** Bounds of the true rate, each with 95 % confidence (Clopper and Pearson 1934). */
export function blockRate({ blocked, runs }: Pick<Tally, "blocked" | "runs">): Health["falseBlock"] {
  const [low, high] = clopperPearsonInterval(blocked, runs, 0.9);
  return { count: blocked, rate: blocked / runs, low, high };
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}

function blockedMetrics({ metrics }: Tally): string[] {
  return [...metrics.values()]
    .filter(({ level, blocked }) => level === "error" && blocked > 0)
    .sort((left, right) => right.blocked - left.blocked)
    .map(
      ({ name, blocked, reason }) => `${visibleLine(name, 64)} failed in ${blocked} draws, e.g.: ${reason}`,
    );
}

type Ruling = Pick<Health, "verdict" | "reasons">;

function unknown(reason: string): Ruling {
  return { verdict: "unknown", reasons: [reason] };
}

/** A rate that may be this many times the nominal one was not measured. */
const WIDEST = 2;

/**
 * Whether the gate keeps its promise: unhealthy when the rate is above nominal beyond doubt, healthy when the observed
 * one is not above and more than twice as much is ruled out. Other draws tell nothing, and neither do those of a version
 * without any noise or of a gate that passes nothing.
 */
export function judgeHealth(tally: Tally, deterministic: boolean): Ruling {
  const { low, high, rate } = blockRate(tally);
  const { nominal } = tally;
  if (nominal === 0) return unknown("no metric has level error, so the gate blocks nothing");
  if (low > nominal) {
    const found = `the gate blocks ${percent(rate)} of unchanged candidates, at least ${percent(low)}; ${percent(nominal)} are allowed`;
    return { verdict: "unhealthy", reasons: [found, ...blockedMetrics(tally)] };
  }
  if (deterministic) {
    return unknown("this model answers the same every time, so the A/A test shows nothing about its noise");
  }
  if (tally.passed === 0) {
    return unknown(
      "the gate passed an unchanged candidate in no draw: the dataset is too small for its margins",
    );
  }
  if (rate > nominal || high > WIDEST * nominal) {
    return unknown(
      `${tally.runs} draws leave ${percent(low)} to ${percent(high)} open, and ${percent(nominal)} are allowed: raise --runs`,
    );
  }
  return { verdict: "healthy", reasons: [] };
}
