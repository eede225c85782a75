import type { MetricResult } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import { isCostLike, LARGEST_MARGIN_SHARE } from "./claims.ts";
import { percent, points, score } from "./format.ts";

function metricWarnings(metric: MetricResult): string[] {
  const name = visibleLine(metric.name, 64);
  const warnings: string[] = [];
  if (metric.level === "warn" && metric.verdict === "fail") {
    warnings.push(`${name}: ${metric.reason}; it does not block at level warn`);
  }
  if (metric.level === "warn" && metric.verdict === "inconclusive") {
    warnings.push(`${name} (level warn): ${metric.reason}`);
  }
  const { margin, baseline } = metric;
  if (isCostLike(metric.kind) || margin === null || baseline === null || baseline === 0) return warnings;
  if (margin > LARGEST_MARGIN_SHARE * baseline + 1e-9) {
    warnings.push(
      `${name}: a margin of ${points(margin)} is ${percent(margin / baseline)} of the baseline's ${score(baseline)}; more than ${percent(LARGEST_MARGIN_SHARE)} certifies little`,
    );
  }
  return warnings;
}

/** What a person should know besides the verdict. Metrics of level `off` have no say here either. */
export function decisionWarnings(metrics: readonly MetricResult[]): string[] {
  return metrics.filter(({ level }) => level !== "off").flatMap(metricWarnings);
}
