import type { Assertion } from "../domain/case.ts";

/** Quantities that every run measures; all other metrics are scores. */
export const MEASURES = ["latency", "cost", "tokens"] as const;

export function isMeasure(metric: string): boolean {
  return (MEASURES as readonly string[]).includes(metric);
}

/** Why an assertion may not count under its metric, or null. */
export function reservedMetricMessage({ type, metric }: Pick<Assertion, "type" | "metric">): string | null {
  if (!isMeasure(metric)) return null;
  const how = type === metric ? `; for this check write e.g. metric: ${type}-limit` : "";
  return `expected another metric: ${metric} is the name of the measured quantity${how}`;
}
