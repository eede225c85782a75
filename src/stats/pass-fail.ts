import { gammaln } from "simple-statistics";

/** Cases that only the candidate, or only the baseline, passed. */
export interface DiscordantPairs {
  readonly wins: number;
  readonly losses: number;
}

export interface McNemarTest {
  /** Chance of so few on the smaller side, if both sides were equally likely. */
  readonly pOneSided: number;
  readonly pTwoSided: number;
  readonly midP: number;
  /** (wins - losses) / sqrt(wins + losses): negative when the candidate lost more. */
  readonly z: number;
}

/** Exact McNemar test: the binomial distribution of the discordant pairs. It tests "no difference", never a margin. */
export function mcnemarExact({ wins, losses }: DiscordantPairs): McNemarTest {
  const total = wins + losses;
  if (total === 0) return { pOneSided: 1, pTwoSided: 1, midP: 0.5, z: 0 };
  const smaller = Math.min(wins, losses);
  const probability = (count: number): number =>
    Math.exp(gammaln(total + 1) - gammaln(count + 1) - gammaln(total - count + 1) - total * Math.LN2);
  let tail = 0;
  for (let count = 0; count <= smaller; count += 1) tail += probability(count);
  return {
    pOneSided: Math.min(1, tail),
    pTwoSided: Math.min(1, 2 * tail),
    midP: tail - probability(smaller) / 2,
    z: (wins - losses) / Math.sqrt(total),
  };
}

/** Tango's (1998) score statistic of "the candidate is worse by `margin`"; margin may be negative. */
export function tangoScore(
  pairs: DiscordantPairs & { readonly size: number },
  margin: number,
): {
  readonly winRate: number;
  readonly z: number;
} {
  const { wins, losses, size } = pairs;
  const b = wins + losses + margin * (losses - wins - 2 * size);
  const root = Math.sqrt(Math.max(0, b * b + 8 * size * wins * margin * (1 - margin)));
  const winRate = (b + root) / (4 * size);
  const variance = size * (2 * winRate + margin - margin * margin);
  return { winRate, z: variance <= 0 ? 0 : (wins - losses + size * margin) / Math.sqrt(variance) };
}

/** Tango's interval of the difference of the pass rates by inversion; `z` is the two-sided normal quantile. */
export function tangoInterval(
  pairs: DiscordantPairs & { readonly size: number },
  z: number,
): [number, number] {
  const estimate = (pairs.wins - pairs.losses) / pairs.size;
  const bound = (outer: number): number => {
    let outside = outer;
    let inside = estimate;
    for (let step = 0; step < 60; step += 1) {
      const middle = (outside + inside) / 2;
      if (Math.abs(tangoScore(pairs, -middle).z) > z) outside = middle;
      else inside = middle;
    }
    return inside;
  };
  return [bound(-1), bound(1)];
}
