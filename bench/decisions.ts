import type { MetricRule } from "../src/domain/scores.ts";
import { claimsOf, judgeClaim } from "../src/gate/claims.ts";
import { planBoundaries, planGate } from "../src/gate/plan.ts";
import { seededRandom } from "../src/stats/random.ts";
import { roundScore, weightedSample, type Sample } from "../src/stats/sample.ts";
import { worlds, type World } from "./decisions/worlds.ts";

// How often the gate is wrong, by simulation: an equal candidate must not fail, one that is 5 points worse must not pass.
// The bounds are those of the reference's own simulation of the same rule.

const RUNS = 10_000;
const ERROR = 0.05;
const SIZES = [50, 200, 800] as const;

/** PASS share of an equal candidate and its average cases, as published for each world and dataset size. */
const published: Readonly<Record<string, readonly (readonly [pass: number, cases: number])[]>> = {
  A: [
    [0.23, 49],
    [0.71, 153],
    [0.94, 225],
  ],
  B: [
    [0.17, 49],
    [0.49, 167],
    [0.94, 394],
  ],
  C: [
    [0.29, 49],
    [0.93, 122],
    [0.93, 126],
  ],
  D: [
    [0, 50],
    [1, 111],
    [1, 125],
  ],
};

const rule: MetricRule = {
  name: "score",
  kind: "check",
  level: "error",
  margin: 0.05,
  maxIncrease: null,
  min: null,
  max: null,
  alphaMiss: ERROR,
  alphaBlock: ERROR,
};

interface Cell {
  readonly falseBlock: number;
  readonly missed: number;
  readonly pass: number;
  readonly cases: number;
}

/** Differences seen so far as value -> count; worlds have few distinct values. */
function tallySample(tally: ReadonlyMap<number, number>): Sample {
  return weightedSample(Float64Array.from(tally.keys()), Float64Array.from(tally.values()));
}

/** Plays one world at one dataset size through the gate's own plan, boundaries and claims. */
function simulate(world: World, size: number): Cell {
  const entries = Array.from({ length: size }, (_, index) => ({ id: `case-${index}` }));
  const plan = planGate({ entries, rules: [rule], sigma: { score: world.sigma }, seed: 1, sequential: true });
  const boundaries = planBoundaries(plan.looks, ERROR);
  const [claim] = claimsOf(rule, null, true);
  if (claim === undefined) throw new Error("a rule with a margin makes a claim");
  const random = seededRandom(size * 1_000 + world.name.charCodeAt(0));
  const run = (candidate: "equal" | "worse"): { outcome: string; cases: number } => {
    const tally = new Map<number, number>();
    let drawn = 0;
    for (const [look, { units }] of plan.looks.entries()) {
      for (; drawn < units; drawn += 1) {
        const value = roundScore(world.draw(random, candidate));
        tally.set(value, (tally.get(value) ?? 0) + 1);
      }
      const sample = tallySample(tally);
      const boundary = boundaries[look] as number;
      const samples = { worst: sample, best: sample, scored: sample };
      const outcome = judgeClaim(claim, samples, { pass: boundary, fail: boundary });
      if (outcome !== "open") return { outcome, cases: drawn };
    }
    return { outcome: "open", cases: drawn };
  };
  const count = { falseBlock: 0, missed: 0, pass: 0, cases: 0 };
  for (let index = 0; index < RUNS; index += 1) {
    const equal = run("equal");
    if (equal.outcome === "fail") count.falseBlock += 1;
    if (equal.outcome === "pass") count.pass += 1;
    count.cases += equal.cases;
    if (run("worse").outcome === "pass") count.missed += 1;
  }
  return {
    falseBlock: count.falseBlock / RUNS,
    missed: count.missed / RUNS,
    pass: count.pass / RUNS,
    cases: count.cases / RUNS,
  };
}

/** What is wrong with a cell, in words. */
function faults(cell: Cell, [pass, cases]: readonly [number, number]): string[] {
  const largest = ERROR + 2 * Math.sqrt((ERROR * (1 - ERROR)) / RUNS);
  return [
    ...(cell.falseBlock > largest ? [`false block above ${(100 * largest).toFixed(1)} %`] : []),
    ...(cell.missed > largest ? [`missed above ${(100 * largest).toFixed(1)} %`] : []),
    ...(Math.abs(cell.pass - pass) > 0.03 ? [`PASS share off ${(100 * pass).toFixed(0)} %`] : []),
    ...(Math.abs(cell.cases / cases - 1) > 0.1 ? [`cases off ${cases}`] : []),
  ];
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`.padStart(11);
}

function benchDecisions(): boolean {
  console.log(`decisions: ${RUNS} runs a cell, margin 0.05, both error rates 5 %`);
  console.log("world   N  false block     missed       PASS  cases");
  const bad: string[] = [];
  for (const world of worlds) {
    for (const [index, size] of SIZES.entries()) {
      const cell = simulate(world, size);
      const found = faults(cell, published[world.name]?.[index] ?? [0, 0]);
      const figures = [cell.falseBlock, cell.missed, cell.pass].map(percent).join("");
      console.log(
        `${world.name.padEnd(5)}${String(size).padStart(4)} ${figures}${cell.cases.toFixed(0).padStart(7)}${found.map((fault) => `  ! ${fault}`).join("")}`,
      );
      if (found.length > 0) bad.push(`${world.name} ${size}: ${found.join(", ")}`);
    }
  }
  for (const cell of bad) console.error(`decisions: ${cell}`);
  return bad.length === 0;
}

process.exitCode = benchDecisions() ? 0 : 1;
