import type { Observation, Observations, Sample } from "../src/domain/metrics.ts";
import type { DecideInput } from "../src/domain/rollout-decision.ts";
import type { RolloutState } from "../src/domain/rollout-state.ts";
import { rolloutStrategy } from "../src/config/rollout-strategy.ts";
import { judgeMetrics } from "../src/rollout/judge-metric.ts";
import { observationRequest, stepData } from "../src/rollout/step-data.ts";
import { runCommand } from "../src/rollout/run-command.ts";
import { seededRandom, type Random } from "../src/stats/random.ts";

// How often a rollout is wrong, by simulation of the judgement itself: hourly looks at a canary step of 5 % of the units.

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 5);
const LOOKS = 48;
const RUNS = 300;
const DEVIATION = 0.2;

const digest = (letter: string): `sha256:${string}` => `sha256:${letter.repeat(64)}`;
const shipped = { ...rolloutStrategy(undefined, undefined), settleDelayMs: 0 };

/** The state of a rollout in its step of 5 %, entered at the start. */
function canaryState(strategy: DecideInput["strategy"]): RolloutState {
  const since = new Date(START).toISOString();
  const started = runCommand({
    prompt: "desk",
    state: null,
    strategy,
    registry: { labels: [{ name: "production", version: "1.0.0", since, by: "bench" }], release: null },
    others: [],
    freeze: null,
    clock: { now: START, store: null },
    by: "bench",
    reason: "bench",
    command: {
      kind: "start",
      candidate: { version: "1.1.0", digest: digest("b"), tier: "minor", minCanaryMs: null },
      stable: { version: "1.0.0", digest: digest("a") },
      supersede: false,
    },
  });
  if (started.kind === "refused" || started.decision.state === null)
    throw new Error("the rollout did not start");
  return { ...started.decision.state, phase: "canary", step: 1 };
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A score in [0,1] as judges give them: most are good, some are bad. */
function score(random: Random, mean: number): number {
  return Math.min(1, Math.max(0, mean + DEVIATION * normal(random)));
}

function moments(values: readonly number[]): Sample {
  const n = values.length;
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { kind: "mean", n, mean, variance: n > 1 ? squares / (n - 1) : 0 };
}

interface Drawn {
  readonly candidate: Sample;
  readonly control: Sample;
}

type Hours = (random: Random) => (hour: number) => Drawn;

/** Fresh units in every hour. */
function fresh(perHour: readonly [candidate: number, control: number], drop: number): Hours {
  return (random) => () => ({
    candidate: moments(Array.from({ length: perHour[0] }, () => score(random, 0.6 - drop))),
    control: moments(Array.from({ length: perHour[1] }, () => score(random, 0.6))),
  });
}

/** Errors of fresh requests. */
function errors(perHour: readonly [number, number], rates: readonly [number, number]): Hours {
  return (random) => () => {
    const count = (n: number, rate: number): Sample => ({
      kind: "proportion",
      n,
      errors: Array.from({ length: n }, () => (random() < rate ? 1 : 0)).reduce(
        (sum, one) => sum + one,
        0 as number,
      ),
    });
    return { candidate: count(perHour[0], rates[0]), control: count(perHour[1], rates[1]) };
  };
}

/**
 * The same few people in every hour, each with a level of their own. By unit: a person is one sample, in the hour that
 * sees them first; by request: every request is one.
 */
function sticky(people: number, perHour: number, by: "unit" | "request"): Hours {
  return (random) => {
    const arm = (): ((hour: number) => Sample) => {
      const level = Array.from({ length: people }, () => 0.6 + 0.1 * normal(random));
      const seen = new Set<number>();
      return () => {
        const values: number[] = [];
        for (let request = 0; request < perHour; request += 1) {
          const person = Math.floor(random() * people);
          const value = (level[person] ?? 0) + 0.17 * normal(random);
          if (by === "request") values.push(value);
          else if (!seen.has(person)) values.push(value);
          seen.add(person);
        }
        return values.length === 0 ? { kind: "mean", n: 0, mean: 0, variance: 0 } : moments(values);
      };
    };
    const sides = { candidate: arm(), control: arm() };
    return (hour) => ({ candidate: sides.candidate(hour), control: sides.control(hour) });
  };
}

interface World {
  readonly name: string;
  readonly metric: "quality" | "error_rate";
  /** `policy`: the shipped error rates; `single`: one metric in one step at 0.05, harm from 0 on. */
  readonly level: "policy" | "single";
  readonly hours: Hours;
  readonly bound: readonly ["at most" | "at least", number] | null;
}

const worlds: readonly World[] = [
  {
    name: "no change, 50/950",
    metric: "quality",
    level: "single",
    hours: fresh([50, 950], 0),
    bound: ["at most", 0.05],
  },
  {
    name: "no change, 50/950",
    metric: "quality",
    level: "policy",
    hours: fresh([50, 950], 0),
    bound: ["at most", 0.05],
  },
  {
    name: "no change, 50/50",
    metric: "quality",
    level: "single",
    hours: fresh([50, 50], 0),
    bound: ["at most", 0.05],
  },
  {
    name: "5 points worse, 50/950",
    metric: "quality",
    level: "policy",
    hours: fresh([50, 950], 0.05),
    bound: ["at least", 0.99],
  },
  {
    name: "equal errors 1 %, 50/950",
    metric: "error_rate",
    level: "single",
    hours: errors([50, 950], [0.01, 0.01]),
    bound: ["at most", 0.05],
  },
  {
    name: "errors 10 % for 2 %, 50/950",
    metric: "error_rate",
    level: "policy",
    hours: errors([50, 950], [0.1, 0.02]),
    bound: ["at least", 0.99],
  },
  {
    name: "200 people, by unit",
    metric: "quality",
    level: "single",
    hours: sticky(200, 50, "unit"),
    bound: ["at most", 0.05],
  },
  {
    name: "1000 people, by unit",
    metric: "quality",
    level: "single",
    hours: sticky(1000, 50, "unit"),
    bound: ["at most", 0.05],
  },
  {
    name: "200 people, by request",
    metric: "quality",
    level: "single",
    hours: sticky(200, 50, "request"),
    bound: null,
  },
];

function strategyOf({ metric, level }: World): DecideInput["strategy"] {
  const metrics = shipped.metrics.filter(({ name }) => name === metric);
  if (level === "policy") {
    // Four guardrails in four steps share the error rate as they do when all of them are watched.
    return { ...shipped, metrics, alpha: { ...shipped.alpha, rollout: shipped.alpha.rollout / 4 } };
  }
  const steps = shipped.steps.length - 1;
  return {
    ...shipped,
    metrics: metrics.map((one) => ({ ...one, harmAt: 0 })),
    alpha: { ...shipped.alpha, rollout: 0.05 * steps },
  };
}

/** The hour in which harm was proven, or null. */
function firstHarm(world: World, state: RolloutState, random: Random): number | null {
  const draw = world.hours(random);
  const observations: Observation[] = [];
  let planned: RolloutState["plannedWeights"] = {};
  for (let hour = 1; hour <= LOOKS; hour += 1) {
    const bucket = START + (hour - 1) * HOUR;
    const drawn = draw(hour);
    observations.push(
      { metric: world.metric, version: "1.1.0", bucket, sample: drawn.candidate },
      { metric: world.metric, version: "1.0.0", bucket, sample: drawn.control },
    );
    const now = START + hour * HOUR;
    const seen: RolloutState = { ...state, plannedWeights: planned };
    if (observationRequest(seen, now) === null) throw new Error("a canary is observed");
    const observed: Observations = { basis: "unit", observations, assignments: [], errors: [] };
    const [judged] = judgeMetrics(seen, stepData(seen, now, observed));
    if (judged?.verdict === "harm") return hour;
    if (judged !== undefined && judged.plannedWeight !== null)
      planned = { [world.metric]: judged.plannedWeight };
  }
  return null;
}

function benchRollout(): boolean {
  console.log(`rollout: ${RUNS} rollouts a row, ${LOOKS} hourly looks, canary/control samples an hour`);
  console.log("metric      level   world                          harm found  bound          median hour");
  let kept = true;
  for (const [index, world] of worlds.entries()) {
    const state = canaryState(strategyOf(world));
    const random = seededRandom(7_000 + index);
    const found = Array.from({ length: RUNS }, () => firstHarm(world, state, random))
      .filter((hour) => hour !== null)
      .toSorted((left, right) => left - right);
    const share = found.length / RUNS;
    const [word, limit] = world.bound ?? ["at most", 1];
    const isKept = word === "at most" ? share <= limit : share >= limit;
    kept &&= isKept;
    const median = found[Math.floor(found.length / 2)] ?? "-";
    const bound = world.bound === null ? "(shows why)" : `${word} ${100 * limit} %`;
    console.log(
      `${world.metric.padEnd(12)}${world.level.padEnd(8)}${world.name.padEnd(30)}${`${(100 * share).toFixed(1)} %`.padStart(10)}  ${bound.padEnd(15)}${median}${isKept ? "" : "  ! missed"}`,
    );
  }
  return kept;
}

process.exitCode = benchRollout() ? 0 : 1;
