import type { PromptGateResult } from "../../domain/gate-result.ts";
import type { Policies } from "../../domain/tier.ts";
import { listed } from "../base/comparison-notes.ts";
import type { OpenedComparison } from "../base/open-comparison.ts";

/** What asks for people's approval, and of how many. `required` is 0 when nothing does. */
export interface SignOffNeed {
  readonly required: number;
  /** One line each; they may hold names from files. */
  readonly reasons: readonly string[];
}

function tierNeeds(results: readonly PromptGateResult[], policies: Policies): SignOffNeed[] {
  return results.map(({ name, tier: { applied } }) => {
    const required = policies[applied].approvals;
    return { required, reasons: required === 0 ? [] : [`${name}: a ${applied} change`] };
  });
}

/** Changes that nothing measures: what judges the next change, and what is judged no more. */
function unmeasured({ comparison, rules }: Pick<OpenedComparison, "comparison" | "rules">): string[] {
  const gone = comparison.prompts.filter(({ kind }) => kind === "removed").map(({ name }) => name);
  const loosened = comparison.prompts.flatMap(({ name, kind, cases }) =>
    kind === "changed" && cases.loosened.length > 0 ? [`${name}: ${listed(cases.loosened, 5)}`] : [],
  );
  return [
    ...(rules.kind === "unreadable" ? ["the rules of the base cannot be read"] : []),
    ...(comparison.rules.length === 0 ? [] : [`rules that change: ${listed(comparison.rules, 10)}`]),
    ...(gone.length === 0 ? [] : [`prompts that are removed: ${listed(gone, 10)}`]),
    ...loosened.map((text) => `critical cases removed or changed: ${text}`),
  ];
}

/** What of a change needs a sign-off, by the rules that it is judged by. */
export function signOffNeed(
  opened: Pick<OpenedComparison, "comparison" | "rules" | "project">,
  results: readonly PromptGateResult[],
): SignOffNeed {
  const { policies } = opened.project;
  const needs = tierNeeds(results, policies);
  const reasons = unmeasured(opened);
  const floor = reasons.length === 0 ? 0 : Math.max(1, policies.major.approvals);
  return {
    required: Math.max(floor, ...needs.map(({ required }) => required)),
    reasons: [...needs.flatMap((need) => need.reasons), ...reasons],
  };
}
