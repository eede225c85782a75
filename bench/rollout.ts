import type { Observation, Observations } from "../src/domain/metrics.ts";
import type { DecideInput } from "../src/domain/rollout-decision.ts";
import type { RolloutState } from "../src/domain/rollout-state.ts";
import { judgeMetrics } from "../src/rollout/judge-metric.ts";
import { observationRequest, stepData } from "../src/rollout/step-data.ts";
import { seededRandom, type Random } from "../src/stats/random.ts";
import { canaryState } from "./rollout/canary.ts";
import { errors, fresh, HOUR, LOOKS, shipped, START, sticky, type Hours } from "./rollout/draws.ts";
import { benchPolicy } from "./rollout/policy.ts";

// How often a rollout is wrong, by simulation of the judgement itself: hourly looks at a canary step of 5 % of the units.

const RUNS = 1000;

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

const isJudged = benchRollout();
const isPolicy = benchPolicy(RUNS);
process.exitCode = isJudged && isPolicy ? 0 : 1;
