import { normalDensity, normalQuantile, normalUpperTail } from "./normal.ts";

/** Error spent up to information fraction t in (0,1], of a total of alpha (one-sided). */
export type Spending = (fraction: number, alpha: number) => number;

/** alpha · t^1.5: the power family of Kim and DeMets (1987) with rho = 1.5. */
const kimDeMetsSpending: Spending = (fraction, alpha) => alpha * fraction ** 1.5;

/** 2 - 2 Phi(z(1 - alpha/2) / sqrt t): the O'Brien-Fleming type of Lan and DeMets (1983). */
export const obrienFlemingSpending: Spending = (fraction, alpha) =>
  2 * normalUpperTail(normalQuantile(1 - alpha / 2) / Math.sqrt(fraction));

/** Density of the Brownian path at one look, on a grid, among the paths that have not crossed so far. */
interface SubDensity {
  readonly start: number;
  readonly spacing: number;
  /** Density times the weight of Simpson's rule. */
  readonly mass: Float64Array;
}

/** Points of the grid per standard deviation of the next increment; the error of a boundary stays below 1e-5. */
const POINTS_PER_DEVIATION = 10;
const REACH = 8.5;

/** Grid from far below 0 up to the boundary; `next` is the deviation of the increment that will be integrated. */
function grid(
  top: number,
  deviation: number,
  next: number,
): { start: number; spacing: number; points: number } {
  const start = Math.min(-REACH * deviation, top - 1e-9);
  const halves = Math.max(
    20,
    Math.ceil(((top - start) * POINTS_PER_DEVIATION) / Math.min(next, deviation) / 2),
  );
  return { start, spacing: (top - start) / (2 * halves), points: 2 * halves + 1 };
}

function subDensity(
  shape: { start: number; spacing: number; points: number },
  density: (position: number) => number,
): SubDensity {
  const mass = new Float64Array(shape.points);
  for (let index = 0; index < shape.points; index += 1) {
    const simpson = index === 0 || index === shape.points - 1 ? 1 : index % 2 === 1 ? 4 : 2;
    mass[index] = (density(shape.start + index * shape.spacing) * simpson * shape.spacing) / 3;
  }
  return { start: shape.start, spacing: shape.spacing, mass };
}

/** Sums `kernel((target - x) / deviation)` over the part of the density within reach of the target. */
function integrate(
  previous: SubDensity,
  target: number,
  deviation: number,
  kernel: (distance: number) => number,
): number {
  const last = previous.mass.length - 1;
  const from = Math.max(0, Math.floor((target - REACH * deviation - previous.start) / previous.spacing));
  let sum = 0;
  for (let index = from; index <= last; index += 1) {
    const distance = (target - previous.start - index * previous.spacing) / deviation;
    if (distance < -REACH && kernel === normalDensity) break;
    sum += (previous.mass[index] as number) * kernel(distance);
  }
  return sum;
}

/** The level that paths cross for the first time at this look with probability `error`. */
function crossingLevel(previous: SubDensity, error: number, deviation: number): number {
  let low = previous.start;
  let high = previous.start + previous.spacing * (previous.mass.length - 1) + REACH * deviation;
  for (let step = 0; step < 60 && high - low > 1e-10; step += 1) {
    const middle = (low + high) / 2;
    if (integrate(previous, middle, deviation, normalUpperTail) > error) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Upper boundaries of a standard normal statistic at looks with the given rising information fractions (the last is 1)
 * that spend `alpha` one-sided, by recursive integration (Armitage, McPherson and Rowe 1969).
 */
export function spendingBoundaries(
  fractions: readonly number[],
  alpha: number,
  spending: Spending = kimDeMetsSpending,
): number[] {
  const boundaries: number[] = [];
  let previous: SubDensity | null = null;
  let spent = 0;
  for (const [look, fraction] of fractions.entries()) {
    const target = spending(Math.min(1, fraction), alpha);
    const increment = Math.sqrt(fraction - (look === 0 ? 0 : (fractions[look - 1] as number)));
    const deviation = Math.sqrt(fraction);
    const before: SubDensity | null = previous;
    const level: number =
      before === null
        ? normalQuantile(1 - target) * deviation
        : crossingLevel(before, target - spent, increment);
    boundaries.push(level / deviation);
    spent = target;
    const following = fractions[look + 1];
    if (following === undefined) break;
    const shape = grid(level, deviation, Math.sqrt(following - fraction));
    previous = subDensity(shape, (position) =>
      before === null
        ? normalDensity(position / deviation) / deviation
        : integrate(before, position, increment, normalDensity) / increment,
    );
  }
  return boundaries;
}
