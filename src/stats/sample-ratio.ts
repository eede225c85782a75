import { gammaln } from "simple-statistics";

function logBeta(a: number, b: number): number {
  return gammaln(a) + gammaln(b) - gammaln(a + b);
}

/** How far around the promised share the alternative spreads: as if so many units had been seen already. */
const PRIOR_UNITS = 1000;

/**
 * Evidence that units do not come in the promised shares: a beta mixture against the promised binomial (after Lindon
 * and Malek 2020). At least 1 / alpha is reached with chance alpha at most, at any number of looks. `share` is the
 * candidate's, in (0,1); units are counted once.
 */
export function sampleRatioEvidence(candidate: number, control: number, share: number): number {
  const a = PRIOR_UNITS * share;
  const b = PRIOR_UNITS * (1 - share);
  const logarithm =
    logBeta(a + candidate, b + control) -
    logBeta(a, b) -
    candidate * Math.log(share) -
    control * Math.log(1 - share);
  return Math.min(Math.exp(logarithm), Number.MAX_VALUE);
}
