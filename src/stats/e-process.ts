/** Evidence after one more unit, as odds against the hypothesis; by Ville's inequality it passes 1/alpha with chance alpha at most. */
export interface EvidenceStep {
  readonly passStake: number;
  readonly failStake: number;
  /** Against "worse by the margin or more". */
  readonly passEvidence: number;
  /** Against "not worse". */
  readonly failEvidence: number;
}

export interface BettingInput {
  readonly margin: number;
  /** Planned standard deviation of the differences. */
  readonly sigma: number;
  /** Weight of the planned figures, in units. */
  readonly priorUnits?: number;
}

/**
 * Betting e-processes of differences in [-1,1] (Waudby-Smith and Ramdas 2020): valid at any number of units and looks,
 * and the comparison may be continued with new cases. Each stake is fixed before its unit is seen.
 */
export function evidenceSteps(d: Iterable<number>, input: BettingInput): EvidenceStep[] {
  const { margin, sigma, priorUnits = 5 } = input;
  const steps: EvidenceStep[] = [];
  let sum = 0;
  let squares = 0;
  let passEvidence = 1;
  let failEvidence = 1;
  for (const value of d) {
    const weight = steps.length + priorUnits;
    const mu = sum / weight;
    const variance = (squares + priorUnits * sigma * sigma) / weight - mu * mu;
    const passGain = Math.max(0, mu) + margin;
    const failGain = Math.max(margin, -mu);
    const passStake = Math.min(passGain / (variance + passGain * passGain), 0.9 / (1 - margin));
    const failStake = Math.min(failGain / (variance + failGain * failGain), 0.9);
    passEvidence *= 1 + passStake * (value + margin);
    failEvidence *= 1 - failStake * value;
    steps.push({ passStake, failStake, passEvidence, failEvidence });
    sum += value;
    squares += value * value;
  }
  return steps;
}

/** Predictable plug-in stakes for values in [0,1], before their cut at c/m, with one fake value of mean 1/2 and variance 1/4. */
export function plugInStakes(values: readonly number[], alpha: number): number[] {
  const stakes: number[] = [];
  let sum = 0.5;
  let squares = 0.25;
  for (const [index, value] of values.entries()) {
    const count = index + 1;
    const variance = squares / count;
    stakes.push(Math.sqrt((2 * Math.log(2 / alpha)) / (count * Math.log1p(count) * variance)));
    sum += value;
    squares += (value - sum / (count + 1)) ** 2;
  }
  return stakes;
}

/** What the mean of the remaining cases has to be when the mean of all `total` cases is `mean`. */
export function remainingMean(mean: number, total: number, seen: { count: number; sum: number }): number {
  return (total * mean - seen.sum) / (total - seen.count);
}

/** Half-width of the asymptotic confidence sequence (Waudby-Smith et al. 2021). Blind to unseen breaks: never gate on it. */
export function asymptoticHalfWidth(size: number, deviation: number, rho: number, alpha: number): number {
  const scaled = size * rho * rho + 1;
  return deviation * Math.sqrt((scaled / (size * rho) ** 2) * 2 * Math.log(Math.sqrt(scaled) / alpha));
}
