import type { Sample } from "../../src/domain/metrics.ts";
import { rolloutStrategy } from "../../src/config/rollout-strategy.ts";
import type { Random } from "../../src/stats/random.ts";

export const HOUR = 3_600_000;
export const START = Date.UTC(2026, 0, 5);
export const LOOKS = 48;
const DEVIATION = 0.2;

/** The shipped strategy; scores come at once. */
export const shipped = { ...rolloutStrategy(undefined, undefined), settleDelayMs: 0 };

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

export type Hours = (random: Random) => (hour: number) => Drawn;

/** Fresh units in every hour. */
export function fresh(perHour: readonly [candidate: number, control: number], drop: number): Hours {
  return (random) => () => ({
    candidate: moments(Array.from({ length: perHour[0] }, () => score(random, 0.6 - drop))),
    control: moments(Array.from({ length: perHour[1] }, () => score(random, 0.6))),
  });
}

function counted(random: Random, n: number, rate: number): Sample {
  let errors = 0;
  for (let request = 0; request < n; request += 1) if (random() < rate) errors += 1;
  return { kind: "proportion", n, errors };
}

/** Errors of fresh requests. */
export function errors(perHour: readonly [number, number], rates: readonly [number, number]): Hours {
  return (random) => () => ({
    candidate: counted(random, perHour[0], rates[0]),
    control: counted(random, perHour[1], rates[1]),
  });
}

/**
 * The same few people in every hour, each with a level of their own. By unit: a person is one sample, in the hour that
 * sees them first; by request: every request is one.
 */
export function sticky(people: number, perHour: number, by: "unit" | "request"): Hours {
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
