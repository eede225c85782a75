import type { MetricRule } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import { isCostLike } from "./claims.ts";
import { percent, points, units } from "./format.ts";

/** What a dataset can show for one rule; margin and drop as scores, or as relative increases for cost-like metrics. */
export interface RuleOutlook {
  readonly rule: MetricRule;
  readonly requiredCases: number;
  readonly tolerated: number;
  readonly minimumDetectableDrop: number;
  /** Whether a candidate that changes nothing passes at the last look. */
  readonly unchangedPasses: boolean;
}

/** Below this many units (clusters, or cases) nothing passes. */
export const FEWEST_UNITS = 20;

function outlookWarning(outlook: RuleOutlook, size: string): string | null {
  const { rule, tolerated, minimumDetectableDrop } = outlook;
  const costLike = isCostLike(rule.kind);
  const amount = costLike ? percent : points;
  const name = visibleLine(rule.name, 64);
  const change = costLike ? "an increase" : "a drop";
  if (!outlook.unchangedPasses) {
    return `${name}: ${size} cannot certify ${change} below ${amount(tolerated)}: even an unchanged candidate cannot pass; about ${outlook.requiredCases} are needed`;
  }
  if (minimumDetectableDrop > tolerated) {
    return `${name}: ${size} show ${change} of ${amount(minimumDetectableDrop)} or more (80 % power), the tolerated one is ${amount(tolerated)}: expect "inconclusive" often; about ${outlook.requiredCases} are needed`;
  }
  return null;
}

/** What a person should know before a call is paid for. Rules of level `off` are not judged and not mentioned. */
export function planWarnings(count: number, clustered: boolean, outlooks: readonly RuleOutlook[]): string[] {
  const size = units(count, clustered);
  const warnings = count < FEWEST_UNITS ? [`${size} are too few: fewer than ${FEWEST_UNITS} never pass`] : [];
  for (const outlook of outlooks) {
    const warning = outlook.rule.level === "off" ? null : outlookWarning(outlook, size);
    if (warning !== null) warnings.push(warning);
  }
  return warnings;
}
