import { normalQuantile } from "./normal.ts";

/** What a comparison has to be able to tell: noise per unit, tolerated drop and the chance of a wrong pass. */
export interface PlanningInput {
  /** Standard deviation of the paired difference. */
  readonly sigma: number;
  readonly margin: number;
  readonly alphaMiss: number;
}

/** Units for a non-inferiority test with the given power: ((z(1-alpha) + z(power)) · sigma / margin)², not rounded. */
export function nonInferioritySize(input: PlanningInput, power: number): number {
  return (((normalQuantile(1 - input.alphaMiss) + normalQuantile(power)) * input.sigma) / input.margin) ** 2;
}

/** Units that an unchanged candidate needs at least: ln(alpha) / ln(1 - margin), rounded up; Infinity for margin 0. */
export function floorSize(margin: number, alphaMiss: number): number {
  if (margin <= 0) return Number.POSITIVE_INFINITY;
  return margin >= 1 ? 1 : Math.ceil(Math.log(alphaMiss) / Math.log1p(-margin) - 1e-9);
}

/** Where a sequential comparison stops at the latest: max(1.12 · n(power 0.95), 3 · floor), at most `available`. */
export function maximumSize(input: PlanningInput, available: number): number {
  const required = 1.12 * nonInferioritySize(input, 0.95);
  const floor = 3 * floorSize(input.margin, input.alphaMiss);
  return Math.min(available, Math.ceil(Math.max(required, floor)));
}

/** Smallest true drop that `size` units show with the given power; never below what an unseen break could hide. */
export function minimumDetectableDrop(
  input: { readonly sigma: number; readonly alphaMiss: number },
  size: number,
  power = 0.8,
): number {
  if (size <= 0) return 1;
  const drop =
    ((normalQuantile(1 - input.alphaMiss) + normalQuantile(power)) * input.sigma) / Math.sqrt(size);
  return Math.min(1, Math.max(drop, 1 - input.alphaMiss ** (1 / size)));
}

/** Cumulative sizes of the looks: at most 16, at least 10 apart, the first at 20 or later unless there are fewer units. */
export function lookSchedule(maximum: number): number[] {
  const step = Math.max(10, Math.ceil(maximum / 16));
  const looks: number[] = [];
  for (let size = Math.max(20, step); size < maximum; size += step) looks.push(size);
  return [...looks, maximum];
}

/** Variance parts of a paired difference: of the true difference between cases, and of one sample on either side. */
export interface VarianceParts {
  readonly between: number;
  readonly candidate: number;
  readonly baseline: number;
}

/** Units to show a difference two-sided (Miller 2024), not rounded: (z + z)² · (between + samples' noise / repeats) / delta². */
export function twoSidedSize(
  parts: VarianceParts,
  repeats: { readonly candidate: number; readonly baseline: number },
  test: { readonly delta: number; readonly alpha: number; readonly power: number },
): number {
  const variance = parts.between + parts.candidate / repeats.candidate + parts.baseline / repeats.baseline;
  return (
    ((normalQuantile(1 - test.alpha / 2) + normalQuantile(test.power)) ** 2 * variance) / test.delta ** 2
  );
}
