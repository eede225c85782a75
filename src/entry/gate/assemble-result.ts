import type {
  CaseChange,
  ModelUse,
  PlanSummary,
  PromptGateResult,
  RunUsage,
} from "../../domain/gate-result.ts";
import type { ModelSettings } from "../../domain/project.ts";
import type { MetricResult, VerdictKind } from "../../domain/scores.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { GatePlan } from "../../gate/plan.ts";
import { waivedCases } from "../../gate/waivers.ts";
import { askedModels, judgesToAsk, publishedPriceNotes } from "./asked-models.ts";
import { describeChanges, largestChanges } from "./case-changes.ts";
import type { GateRun } from "./run-plan.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { modelSettingsOf } from "./resolve-versions.ts";

/** What a run spends that asks nobody. */
export const NO_USAGE: RunUsage = {
  calls: 0,
  cachedCalls: 0,
  costUsd: 0,
  generationUsd: 0,
  judgeUsd: 0,
  inputTokens: 0,
  outputTokens: 0,
};

/** How many calls the plan makes at most; stored outputs need none, and stored answers only the first time. */
export function plannedCalls(preparation: Preparation): PlanSummary["calls"] {
  const { plan, outputs, baseline, policy, baselineSamples } = preparation;
  const cases = plan.looks.at(-1)?.cases ?? 0;
  const perCase = {
    candidate: policy.repeat,
    baseline: baselineSamples?.samples ?? policy.repeat,
  };
  const sides = (["candidate", "baseline"] as const).filter(
    (side) => side === "candidate" || baseline !== null || outputs.baseline !== undefined,
  );
  const answers = sides.reduce((sum, side) => sum + cases * perCase[side], 0);
  const generated = sides
    .filter((side) => outputs[side] === undefined)
    .reduce((sum, side) => sum + cases * perCase[side], 0);
  // A pair is judged in two orders: as many calls as for two outputs.
  return { generation: generated, judge: answers * judgesToAsk(preparation).length };
}

function planSummary(plan: GatePlan, calls: PlanSummary["calls"]): PlanSummary {
  return {
    cases: plan.order.length,
    maxCases: plan.looks.at(-1)?.cases ?? 0,
    looks: plan.looks.map(({ cases }) => cases),
    calls,
    metrics: plan.metrics,
  };
}

function modelsOf({ project, selection }: GateScope, preparation: Preparation): ModelUse[] {
  const { models, outputs } = preparation;
  // Replayed answers are named as such, whoever gave them once.
  const provider = (settings: ModelSettings): string =>
    selection.replay === undefined ? settings.provider : "recorded";
  const use = (role: "candidate" | "baseline"): ModelUse[] => {
    const stored = outputs[role];
    if (stored !== undefined) return [{ role, provider: "stored outputs", model: stored.file }];
    const settings = models[role];
    return settings === null ? [] : [{ role, provider: provider(settings), model: settings.model }];
  };
  return [
    ...use("candidate"),
    ...use("baseline"),
    ...judgesToAsk(preparation).map(({ rubric, judge }): ModelUse => {
      const settings = modelSettingsOf(project, { model: judge });
      return { role: "judge", provider: provider(settings), model: settings.model, metric: rubric.name };
    }),
  ];
}

/** What a result says before anything was evaluated. */
export function emptyResult(
  scope: GateScope,
  preparation: Preparation,
): Omit<PromptGateResult, "verdict" | "headline" | "reasons"> {
  const { candidate, baseline, tier, digests, plan, run, entries } = preparation;
  const outside = waivedCases(scope.prompt.waivers);
  const waived = entries.filter(({ id }) => outside.has(id)).length;
  return {
    name: scope.prompt.name,
    warnings: preparation.warnings,
    tier: {
      declared: tier.declared,
      required: tier.required,
      applied: tier.applied,
      findings: tier.findings,
    },
    candidate: { version: candidate.source.version, digest: candidate.digest, source: candidate.origin },
    baseline: baseline && {
      version: baseline.source.version,
      digest: baseline.digest,
      label: baseline.label,
    },
    models: modelsOf(scope, preparation),
    plan: planSummary(plan, plannedCalls(preparation)),
    metrics: [],
    cases: { total: entries.length, used: 0, unscored: 0, waived, broken: [] },
    regressions: [],
    improvements: [],
    unscored: [],
    waivers: scope.prompt.waivers,
    usage: NO_USAGE,
    digests,
    seed: run.header.seed,
    attempt: run.header.attempt,
    stored: false,
    runDir: null,
  };
}

interface Ruling {
  readonly verdict: VerdictKind;
  readonly headline: string;
  readonly reasons: readonly string[];
}

function caseList(ids: readonly string[]): string {
  const shown = ids.slice(0, 10).map((id) => visibleLine(id, 60));
  return `${shown.join(", ")}${ids.length > 10 ? ", …" : ""}`;
}

/** Critical cases stand above every mean: a broken one fails, an unsettled one keeps a pass from being one. */
function ruling({ decision, critical }: GateRun): Ruling {
  const { verdict, headline, reasons } = decision;
  if (critical.broken.length > 0) {
    const reason = `critical: ${critical.broken.length} critical ${critical.broken.length === 1 ? "case breaks" : "cases break"}: ${caseList(critical.broken)}`;
    return {
      verdict: "fail",
      headline: `The candidate breaks what may never break: ${caseList(critical.broken)} failed in two of two samples.`,
      reasons: [reason, ...reasons],
    };
  }
  if (critical.unsettled.length > 0) {
    const reason = `critical: not settled whether the candidate breaks ${caseList(critical.unsettled)}: an answer is missing`;
    return verdict === "pass"
      ? {
          verdict: "inconclusive",
          headline: "Not decided: a critical case could not be settled.",
          reasons: [reason, ...reasons],
        }
      : { verdict, headline, reasons: [...reasons, reason] };
  }
  return { verdict, headline, reasons };
}

async function changes(
  metrics: readonly MetricResult[],
  { rows, evaluate }: GateRun,
): Promise<{ regressions: CaseChange[]; improvements: CaseChange[] }> {
  const { regressions, improvements } = largestChanges(metrics, rows);
  return {
    regressions: await describeChanges(regressions, evaluate),
    improvements: await describeChanges(improvements, evaluate),
  };
}

/** The finished result of one prompt. */
export async function assembleResult(
  scope: GateScope,
  preparation: Preparation,
  run: GateRun,
): Promise<PromptGateResult> {
  const empty = emptyResult(scope, preparation);
  const { decision, critical, unscored, usage, rows, sampling } = run;
  const waived = waivedCases(scope.prompt.waivers);
  // A replay costs nothing: what its calls cost once is not of this day.
  const isReplay = scope.selection.replay !== undefined;
  const notes = isReplay ? [] : publishedPriceNotes(askedModels(scope, preparation));
  return {
    ...empty,
    ...ruling(run),
    baseline:
      empty.baseline === null || sampling === null
        ? empty.baseline
        : { ...empty.baseline, sampling: sampling.sampling },
    warnings: [...empty.warnings, ...(sampling?.warnings ?? []), ...notes, ...decision.warnings],
    metrics: decision.metrics.filter(({ level, candidate }) => level !== "off" || candidate !== null),
    cases: {
      total: empty.cases.total,
      used: new Set(rows.candidate.map(({ id }) => id).filter((id) => !waived.has(id))).size,
      unscored: unscored.cases,
      waived: empty.cases.waived,
      broken: critical.broken,
    },
    ...(await changes(decision.metrics, run)),
    unscored: unscored.first,
    usage,
    runDir: preparation.run.path,
  };
}
