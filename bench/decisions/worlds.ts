import { normalQuantile } from "../../src/stats/normal.ts";
import type { Random } from "../../src/stats/random.ts";

/** A source of paired differences in [-1,1] with a known mean: 0 for an equal candidate, -0.05 for a worse one. */
export interface World {
  readonly name: string;
  readonly draw: (random: Random, candidate: "equal" | "worse") => number;
  /** Standard deviation of a worse candidate's differences, as a plan would know it from earlier runs of the suite. */
  readonly sigma: number;
}

const DROP = 0.05;

/**
 * Pass/fail of a baseline that passes 85 % and a candidate that passes as often or 5 points less; `correlation` of the
 * two results fixes how many cases both pass.
 */
function passFailWorld(name: string, correlation: number): World {
  const shares = (passRate: number): { wins: number; losses: number } => {
    const both = 0.85 * passRate + correlation * Math.sqrt(0.85 * 0.15 * passRate * (1 - passRate));
    return { wins: passRate - both, losses: 0.85 - both };
  };
  const worlds = { equal: shares(0.85), worse: shares(0.85 - DROP) };
  return {
    name,
    draw: (random, candidate) => {
      const { wins, losses } = worlds[candidate];
      const point = random();
      return point < losses ? -1 : point < losses + wins ? 1 : 0;
    },
    sigma: Math.sqrt(worlds.worse.wins + worlds.worse.losses - DROP * DROP),
  };
}

/**
 * A judge's scores in steps of 0.1: normal differences, rounded up or down at random so that the mean stays exact, with
 * a standard deviation of 0.21 in all.
 */
function judgeWorld(name: string): World {
  const sigma = 0.21;
  const step = 0.1;
  const noise = Math.sqrt(sigma * sigma - (step * step) / 6);
  return {
    name,
    draw: (random, candidate) => {
      const mean = candidate === "equal" ? 0 : -DROP;
      const value = mean + noise * normalQuantile(Math.max(random(), 1e-12));
      const rounded = Math.floor(value / step + random()) / (1 / step);
      return Math.max(-1, Math.min(1, rounded));
    },
    sigma,
  };
}

/** 5 % of the cases break and nothing else changes; the equal candidate changes nothing at all. */
function collapseWorld(name: string): World {
  return {
    name,
    draw: (random, candidate) => (candidate === "worse" && random() < DROP ? -1 : 0),
    sigma: Math.sqrt(DROP * (1 - DROP)),
  };
}

export const worlds: readonly World[] = [
  passFailWorld("A", 0.7),
  passFailWorld("B", 0.4),
  judgeWorld("C"),
  collapseWorld("D"),
];
