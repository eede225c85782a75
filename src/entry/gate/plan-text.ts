import { visibleLine } from "../../domain/visible.ts";
import { modelSettingsOf } from "./resolve-versions.ts";
import { askedModels, judgesToAsk, publishedPriceNotes } from "./asked-models.ts";
import { plannedCalls } from "./assemble-result.ts";
import { estimateCost } from "./estimate-cost.ts";
import type { GateScope, Preparation } from "./prepare.ts";

/** Cases whose prompts are counted for the estimate. */
const COUNTED_CASES = 20;

/** US dollars for the whole plan; null when a model has no price. */
export async function plannedCost(scope: GateScope, preparation: Preparation): Promise<number | null> {
  const { plan, dataset, candidate, baseline, models, outputs, run } = preparation;
  const judges = judgesToAsk(preparation);
  const calls = plannedCalls(preparation);
  const cases = await Promise.all(plan.order.slice(0, COUNTED_CASES).map((id) => dataset.read(id)));
  const sides = [
    ...(outputs.candidate === undefined ? [{ version: candidate, settings: models.candidate }] : []),
    ...(outputs.baseline === undefined && baseline !== null && models.baseline !== null
      ? [{ version: baseline, settings: models.baseline }]
      : []),
  ];
  return estimateCost({
    cases,
    versions: sides.map(({ version, settings }) => ({
      template: version.source.template,
      settings,
      calls: calls.generation / sides.length,
    })),
    judges: judges.map(({ rubric, judge }) => ({
      rubric,
      settings: modelSettingsOf(scope.project, { model: judge }),
      calls: calls.judge / judges.length,
    })),
    outputTokens: run.outputTokens,
  });
}

function dropText(share: number): string {
  return `${(share * 100).toFixed(1)} points`;
}

function costText(cost: number | null, { run }: Preparation): string {
  if (cost === null) return "cost unknown (a model has no price)";
  const isMeasured = run.outputTokens.generation !== null;
  return `about $${cost.toFixed(2)} ${isMeasured ? "if all are asked and as long as before" : "at most"}`;
}

/** How often either side answers a case, where that is not once as the tier asks. */
function samplingLines({ baselineSamples, policy, plan }: Preparation): string[] {
  if (baselineSamples === null) return [];
  const { samples, cases, takenAt } = baselineSamples;
  const known = new Set(cases);
  const stored = plan.order.filter((id) => known.has(id)).length;
  const since = takenAt.slice(0, 10);
  return [
    stored === 0
      ? `baseline: ${samples} answers to each case are taken and stored for the gates to come`
      : `baseline: ${samples} answers to each case, stored since ${since} for ${stored} of ${plan.order.length} cases; a tenth of these is asked again`,
    ...(policy.repeat === 1 ? [] : [`candidate: ${policy.repeat} answers to each case`]),
  ];
}

/** What is said before the first call is paid for. */
export async function planLines(scope: GateScope, preparation: Preparation): Promise<string[]> {
  const { plan, candidate, baseline, tier, policy, rules, run } = preparation;
  const calls = plannedCalls(preparation);
  const cost = await plannedCost(scope, preparation);
  const deciding = new Set(rules.filter(({ level }) => level === "error").map(({ name }) => name));
  const looks = plan.looks.map(({ cases }) => cases);
  const drops = plan.metrics
    .filter(({ name }) => deciding.has(name))
    .map(({ name, minimumDetectableDrop }) => `${visibleLine(name, 40)} ${dropText(minimumDetectableDrop)}`);
  return [
    `${scope.prompt.name}: ${candidate.source.version} (${visibleLine(candidate.origin)}) against ${baseline === null ? "nothing: there is no baseline yet" : `${baseline.source.version} (${baseline.label ?? baseline.origin})`}`,
    `tier: ${tier.applied} (declared ${tier.declared ?? "none"}, required ${tier.required ?? "none"}); it asks for ${policy.require.join(", ")} checks`,
    `plan: at most ${looks.at(-1) ?? 0} of ${plan.order.length} cases, looks at ${looks.join(", ")}; at most ${calls.generation} answers and ${calls.judge} judgements, ${costText(cost, preparation)}`,
    ...samplingLines(preparation),
    ...publishedPriceNotes(askedModels(scope, preparation)),
    ...(drops.length === 0 ? [] : [`smallest drop that the dataset shows: ${drops.join(", ")}`]),
    ...plan.warnings.map((warning) => `warning: ${visibleLine(warning, 400)}`),
    `seed ${run.header.seed}, attempt ${run.header.attempt}`,
  ];
}
