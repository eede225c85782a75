import { probit } from "simple-statistics";

const LOG_SQRT_TWO_PI = Math.log(Math.sqrt(2 * Math.PI));

/** Density of the standard normal distribution. */
export function normalDensity(x: number): number {
  return Math.exp(-0.5 * x * x - LOG_SQRT_TWO_PI);
}

/** Mass from 0 to x by the power series of Marsaglia (2004), "Evaluating the Normal Distribution". */
function centralMass(x: number): number {
  let term = x;
  let sum = x;
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) {
    term *= (x * x) / odd;
    sum += term;
  }
  return sum * normalDensity(x);
}

/** P(Z > x) for x >= 3 by the continued fraction of Laplace (Abramowitz and Stegun 26.2.14). */
function farTail(x: number): number {
  let denominator = x;
  for (let level = 80; level >= 1; level -= 1) denominator = x + level / denominator;
  return normalDensity(x) / denominator;
}

/** P(Z > x), accurate to about 1e-14 of its own size also far in the tail. */
export function normalUpperTail(x: number): number {
  if (x > 3) return farTail(x);
  if (x < -3) return 1 - farTail(-x);
  return 0.5 - centralMass(x);
}

/** P(Z <= x). */
export function normalCdf(x: number): number {
  return normalUpperTail(-x);
}

/** The x with P(Z <= x) = p, p in (0,1); -Infinity and Infinity at the ends. */
export function normalQuantile(p: number): number {
  if (!(p > 0)) return Number.NEGATIVE_INFINITY;
  if (p >= 1) return Number.POSITIVE_INFINITY;
  if (p > 0.5) return -normalQuantile(1 - p);
  // The library's value is good to 1e-3 only; Newton's steps on the log of the tail make it exact.
  let x = Math.max(probit(Math.max(p, 1e-15)), -38);
  for (let step = 0; step < 60; step += 1) {
    const tail = normalUpperTail(-x);
    const change = ((Math.log(tail) - Math.log(p)) * tail) / normalDensity(x);
    x -= change;
    if (Math.abs(change) < 1e-14 * Math.max(1, Math.abs(x))) break;
  }
  return x;
}
