import type { PrometheusQueries, Sample } from "../domain/metrics.ts";
import { visibleLine } from "../domain/visible.ts";

/** The numbers of one version and bucket by the query's key, as the server wrote them; absent = no series. */
export type Numbers = Readonly<Record<string, string | undefined>>;

export type NumbersSample =
  | Sample
  /** Nobody was served, or nothing was measured. */
  | { readonly kind: "none" }
  /** Some series have the bucket and one does not. */
  | { readonly kind: "incomplete"; readonly missing: string };

/** Extrapolated counts are a little above or below a whole number. */
const ALMOST = 1e-9;

function invalid(reason: string): Sample {
  return { kind: "invalid", reason };
}

/** `increase` extrapolates to the whole window, so that counts come with fractions; a part of a sample is none. */
export function wholeCount(count: number): number {
  return Math.floor(count + ALMOST);
}

function meanSample(n: number, mean: number, variance: number): Sample {
  const whole = wholeCount(n);
  if (whole < 2) return { kind: "mean", n: whole, mean, variance: 0 };
  // Differences of large sums leave a little less than 0 where all values are equal.
  if (variance < -1e-9 * mean * mean) return invalid(`the variance is ${variance}`);
  return { kind: "mean", n: whole, mean, variance: Math.max(0, variance) };
}

function rateSample(n: number, errors: number): Sample {
  const whole = wholeCount(n);
  if (Math.round(errors) > Math.ceil(n)) return invalid(`${errors} errors among ${n}`);
  return { kind: "proportion", n: whole, errors: Math.min(whole, Math.round(errors)) };
}

/** Which of the numbers are counts, so that they cannot be negative. */
const COUNTS = new Set(["n", "errors", "sumOfSquares"]);

function numberFault(key: string, text: string): string | null {
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === "") return `${key} is ${visibleLine(text, 40)}`;
  return COUNTS.has(key) && value < 0 ? `${key} is negative: ${visibleLine(text, 40)}` : null;
}

/** The sample that the numbers of a metric's queries amount to. */
export function numbersSample(read: PrometheusQueries, numbers: Numbers): NumbersSample {
  const keys = Object.keys(read).filter((key) => key !== "kind");
  if (keys.every((key) => numbers[key] === undefined)) return { kind: "none" };
  const { n: count } = numbers;
  if (count === undefined) return { kind: "incomplete", missing: "n" };
  const countFault = numberFault("n", count);
  if (countFault !== null) return invalid(countFault);
  const n = Number(count);
  // Means of nothing are NaN, which is no fault.
  if (wholeCount(n) === 0) return { kind: "none" };
  const missing = keys.find((key) => numbers[key] === undefined);
  if (missing !== undefined) return { kind: "incomplete", missing };
  const needsVariance = wholeCount(n) > 1;
  const fault = keys
    .filter((key) => key !== "variance" || needsVariance)
    .map((key) => numberFault(key, numbers[key] ?? ""))
    .find((reason) => reason !== null);
  if (fault !== undefined && fault !== null) return invalid(fault);
  const value = (key: string): number => Number(numbers[key]);
  switch (read.kind) {
    case "proportion":
      return rateSample(n, value("errors"));
    case "sums": {
      const mean = value("sum") / n;
      return meanSample(n, mean, (value("sumOfSquares") - n * mean * mean) / (n - 1));
    }
    case "moments":
      return meanSample(n, value("mean"), value("variance"));
  }
}
