import type { MetricResult } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import { isCostLike, LARGEST_MARGIN_SHARE } from "./claims.ts";
import { percent, points, score } from "./format.ts";
import { isUnreliable, SMALLEST_CONSISTENCY } from "./judging.ts";

/** Sums of decimal scores miss 0 by the last bits. */
const ROUNDING = 1e-9;

/** A pass that longer outputs alone may have earned. */
function lengthWarnings({ name, verdict, delta, lengthAdjusted }: MetricResult): string[] {
  if (verdict !== "pass" || lengthAdjusted === null || !(lengthAdjusted.delta < -ROUNDING)) return [];
  const raw = delta === null ? "" : `, against ${points(delta)} without`;
  return [
    `${visibleLine(name, 64)}: passes, but at equal length of the outputs the difference is ${points(lengthAdjusted.delta)} (standard error ${points(lengthAdjusted.standardError)})${raw}: the judge may be paying for length`,
  ];
}

function judgeWarnings({ name, judging }: MetricResult): string[] {
  if (judging?.kind !== "pairwise" || !isUnreliable(judging)) return [];
  const { consistency, firstSlotRate } = judging;
  const place =
    firstSlotRate === null ? "" : `, and ${percent(firstSlotRate)} of its preferences go to the first place`;
  return [
    `${visibleLine(name, 64)} does not decide: the judge prefers the same output in both orders in ${percent(consistency)} of the comparisons, at least ${percent(SMALLEST_CONSISTENCY)} are needed${place}`,
  ];
}

function metricWarnings(metric: MetricResult): string[] {
  const name = visibleLine(metric.name, 64);
  const warnings: string[] = [];
  if (metric.level === "warn" && metric.verdict === "fail") {
    warnings.push(`${name}: ${metric.reason}; it does not block at level warn`);
  }
  if (metric.level === "warn" && metric.verdict === "inconclusive") {
    warnings.push(`${name} (level warn): ${metric.reason}`);
  }
  warnings.push(...lengthWarnings(metric), ...judgeWarnings(metric));
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
