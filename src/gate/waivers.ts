import type { MetricRule } from "../domain/scores.ts";
import type { Waiver } from "../domain/waiver.ts";

/** Whether a metric is waived altogether, and not for single cases alone. */
export function isWaivedMetric(waivers: readonly Waiver[], metric: string): boolean {
  return waivers.some((waiver) => waiver.case === null && waiver.metric === metric);
}

/** Cases that one metric's decision leaves out, sorted. */
function casesOf({ name }: MetricRule, waivers: readonly Waiver[]): string[] {
  const ids = waivers
    .filter(({ metric }) => metric === null || metric === name)
    .flatMap((waiver) => (waiver.case === null ? [] : [waiver.case]));
  return [...new Set(ids)].sort();
}

/** The rules with what is waived: such a metric never blocks, such a case is no part of the metric's decision. */
export function waiveRules(rules: readonly MetricRule[], waivers: readonly Waiver[]): MetricRule[] {
  return rules.map((rule) => {
    const waivedCases = casesOf(rule, waivers);
    return {
      ...rule,
      // What is `off` was never judged; a waiver does not bring it into the verdict.
      level: rule.level === "error" && isWaivedMetric(waivers, rule.name) ? "warn" : rule.level,
      ...(waivedCases.length === 0 ? {} : { waivedCases }),
    };
  });
}

/** Cases that no metric's decision looks at. */
export function waivedCases(waivers: readonly Waiver[]): ReadonlySet<string> {
  return new Set(
    waivers.flatMap((waiver) => (waiver.case !== null && waiver.metric === null ? [waiver.case] : [])),
  );
}

/** Units of a plan from `first` on that have a case which the rule's decision looks at. */
export function countedUnits(
  { order, unitSizes }: { readonly order: readonly string[]; readonly unitSizes: readonly number[] },
  { waivedCases: waived = [] }: Pick<MetricRule, "waivedCases">,
  first = 0,
): number {
  if (waived.length === 0) return unitSizes.length - first;
  const left = new Set(waived);
  let units = 0;
  let next = 0;
  for (const [unit, size] of unitSizes.entries()) {
    const ids = order.slice(next, (next += size));
    if (unit >= first && ids.some((id) => !left.has(id))) units += 1;
  }
  return units;
}
