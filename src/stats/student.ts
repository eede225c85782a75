import { betaCdf, betaQuantile } from "./beta.ts";

/** P(T > t) for Student's t with `degrees` > 0 degrees of freedom. */
export function studentUpperTail(t: number, degrees: number): number {
  const half = betaCdf(degrees / (degrees + t * t), degrees / 2, 0.5) / 2;
  return t >= 0 ? half : 1 - half;
}

/** The t with P(T <= t) = p, p in (0,1). */
export function studentQuantile(p: number, degrees: number): number {
  if (p < 0.5) return -studentQuantile(1 - p, degrees);
  const x = betaQuantile(2 * (1 - p), degrees / 2, 0.5);
  return Math.sqrt((degrees * (1 - x)) / x);
}

/** Wallace's (1959) conversion of a t statistic to a standard normal one. */
export function studentToNormal(t: number, degrees: number): number {
  const size = Math.sqrt(degrees * Math.log1p((t * t) / degrees));
  return (Math.sign(t) * size * (8 * degrees + 1)) / (8 * degrees + 3);
}
