import type { MetricRule } from "../domain/scores.ts";
import { isCostLike } from "./claims.ts";
import { planGate, type GatePlan, type PlanInput } from "./plan.ts";

/** More answers to one case cost more than further cases do. */
const MOST_REPEATS = 3;

interface RepeatsInput {
  readonly plan: PlanInput;
  /** Answers of the candidate to each case that the policy asks for anyway, and that `plan.sigma` was measured with. */
  readonly repeat: number;
  /** Variance of one answer's score around its case's mean, per metric, as the baseline's samples show it. */
  readonly within: Readonly<Record<string, number>>;
}

/** What the differences would spread by if the candidate answered `repeats` times: its own noise is averaged. */
function spreadWith({ plan, repeat, within }: RepeatsInput, repeats: number): Record<string, number> {
  const spread: Record<string, number> = {};
  for (const [name, sigma] of Object.entries(plan.sigma ?? {})) {
    const saved = (within[name] ?? 0) * (1 / repeat - 1 / repeats);
    spread[name] = Math.sqrt(Math.max(0, sigma ** 2 - saved));
  }
  return spread;
}

function isMeasured({ plan, within }: RepeatsInput, { name, kind, level }: MetricRule): boolean {
  return (
    level === "error" && !isCostLike(kind) && plan.sigma?.[name] !== undefined && within[name] !== undefined
  );
}

function lacksCases({ metrics, unitSizes }: GatePlan, name: string): boolean {
  return metrics.some((metric) => metric.name === name && metric.requiredCases > unitSizes.length);
}

/** Most of the noise is the candidate's own wavering, not the differences between cases. */
function wavers({ plan, repeat, within }: RepeatsInput, name: string): boolean {
  return (within[name] ?? 0) / repeat >= (plan.sigma?.[name] ?? Number.POSITIVE_INFINITY) ** 2 / 2;
}

/**
 * How often the candidate should answer each case: more than `repeat` only where the dataset is too small to decide, where
 * answers to one case differ more than cases do, and where two or three answers are enough for a decision.
 */
export function repeatsThatPay(input: RepeatsInput): number {
  const { plan, repeat } = input;
  const lacking = (sigma: PlanInput["sigma"]): string[] => {
    const planned = planGate({ ...plan, ...(sigma === undefined ? {} : { sigma }) });
    return plan.rules
      .filter((rule) => isMeasured(input, rule) && lacksCases(planned, rule.name))
      .map(({ name }) => name);
  };
  const short = lacking(plan.sigma);
  if (short.length === 0 || !short.every((name) => wavers(input, name))) return repeat;
  for (let repeats = repeat + 1; repeats <= MOST_REPEATS; repeats += 1) {
    if (lacking({ ...plan.sigma, ...spreadWith(input, repeats) }).length === 0) return repeats;
  }
  return repeat;
}
