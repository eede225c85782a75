import { betaCdf, betaQuantile } from "./beta.ts";
import { normalQuantile } from "./normal.ts";

type Bounds = [number, number];

/** Estimate ± z · standard error. Leaves [0,1] near the ends: for comparison with other tools only. */
export function waldInterval(successes: number, trials: number, level = 0.95): Bounds {
  const share = successes / trials;
  const reach = normalQuantile((1 + level) / 2) * Math.sqrt((share * (1 - share)) / trials);
  return [share - reach, share + reach];
}

/** Wilson's (1927) score interval of a proportion. */
export function wilsonInterval(successes: number, trials: number, level = 0.95): Bounds {
  const z = normalQuantile((1 + level) / 2);
  const share = successes / trials;
  const center = share + (z * z) / (2 * trials);
  const reach = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  return [(center - reach) / scale, (center + reach) / scale];
}

/** The exact interval of Clopper and Pearson (1934). */
export function clopperPearsonInterval(successes: number, trials: number, level = 0.95): Bounds {
  const tail = (1 - level) / 2;
  return [
    successes === 0 ? 0 : betaQuantile(tail, successes, trials - successes + 1),
    successes === trials ? 1 : betaQuantile(1 - tail, successes + 1, trials - successes),
  ];
}

/** Central credible interval under a uniform prior. */
export function uniformPriorInterval(successes: number, trials: number, level = 0.95): Bounds {
  const tail = (1 - level) / 2;
  const [a, b] = [successes + 1, trials - successes + 1];
  return [betaQuantile(tail, a, b), betaQuantile(1 - tail, a, b)];
}

/** P(the candidate wins more often than it loses) under a uniform prior on the share of wins among decided cases. */
export function probabilityBetter(wins: number, losses: number): number {
  return 1 - betaCdf(0.5, wins + 1, losses + 1);
}
