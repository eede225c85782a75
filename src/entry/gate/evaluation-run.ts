import { comparesOutputs } from "../../domain/rubric.ts";
import type { ModelSettings } from "../../domain/project.ts";
import type { Caller } from "../../evals/calls/caller.ts";
import type { UsageMeter } from "../../evals/calls/usage.ts";
import type { AskJudge } from "../../evals/judge/ask-judge.ts";
import type { Journal } from "../../evals/journal.ts";
import type { EvaluationRun } from "../../evals/run-looks.ts";
import { modelSide, storedSide, type Side, type SideName } from "../../evals/sides.ts";
import type { BatchTiming } from "./batch-timing.ts";
import type { Budget } from "./budget.ts";
import { judgeOnce, judgePairOnce } from "./judge-once.ts";
import { openModels, type ModelAccess } from "./open-models.ts";
import { prefilledModels, type Prefilled } from "./prefilled.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { modelSettingsOf, type ResolvedVersion } from "./resolve-versions.ts";
import { openBudget, runAdmission, type BudgetOptions } from "./run-budget.ts";
import type { RunObserver } from "./run-observer.ts";

export interface RunSettings extends ModelAccess, BudgetOptions {
  /** One for all runs of a command; by default a run has its own. */
  readonly budget?: Budget;
  /** Ask in batches what can be asked so, before the run. */
  readonly batch?: boolean | undefined;
  readonly batchTiming?: BatchTiming;
  readonly prefilled?: Prefilled;
}

/** A run under way. */
export interface Execution {
  readonly scope: GateScope;
  readonly preparation: Preparation;
  readonly settings: RunSettings;
  readonly journal: Journal;
  readonly usage: UsageMeter;
  readonly observer: RunObserver;
}

/** The versions under comparison as something that answers cases, each through its own model or from stored outputs. */
export function sidesOf(
  { scope, preparation }: Pick<Execution, "scope" | "preparation">,
  askModel: (settings: ModelSettings) => Pick<Caller, "ask">,
): Side[] {
  const { candidate, baseline, outputs, policy, baselineSamples } = preparation;
  const firstSample = preparation.freshAnswers ? preparation.run.header.freshSample : 0;
  const side = (name: SideName, version: ResolvedVersion | null): Side[] => {
    const stored = outputs[name];
    if (stored !== undefined) return [storedSide(name, stored)];
    if (version === null) return [];
    const { template } = version.source;
    const settings = modelSettingsOf(scope.project, template);
    const ask: Parameters<typeof modelSide>[2] = (request) => askModel(settings).ask(request, "generation");
    const own = { template, repeat: policy.repeat, firstSample };
    const shared =
      name === "baseline" && baselineSamples !== null
        ? { repeat: baselineSamples.samples, firstSample: baselineSamples.firstSample }
        : {};
    return [modelSide(name, { ...own, ...shared }, ask)];
  };
  return [...side("baseline", baseline), ...side("candidate", candidate)];
}

/** How a run asks models: under its limits, cache, journal and budget. */
export interface Asking {
  readonly model: ReturnType<typeof openModels>;
  readonly judge: AskJudge;
}

export function openAsking({ scope, preparation, settings, journal, usage, observer }: Execution): Asking {
  const { project, context } = scope;
  const live = openModels({
    context: { ...context, log: observer.log },
    root: project.root,
    access: settings,
    journal,
    usage,
    admit: runAdmission(scope, preparation, settings.budget ?? openBudget(project, settings)),
  });
  const { prefilled } = settings;
  const model = prefilled === undefined ? live : prefilledModels(live, prefilled, journal);
  return {
    model,
    judge: async (request, judge) =>
      (await model(modelSettingsOf(project, { model: judge })).ask(request, "judge")).completion,
  };
}

/** The evaluation that the run makes. */
export function evaluationRun(execution: Execution, asking: Asking = openAsking(execution)): EvaluationRun {
  const { scope, preparation, settings, observer } = execution;
  const judgeSample = preparation.baselineSamples?.judgeSample ?? 0;
  return {
    sides: sidesOf(execution, asking.model),
    assertions: preparation.assertions,
    rubrics: preparation.rubrics.filter((rubric) => !comparesOutputs(rubric)),
    pairs: {
      rubrics: preparation.rubrics.filter(comparesOutputs),
      judge: judgePairOnce(asking.judge, judgeSample),
    },
    // Twice the calls at once: while one case is judged, another one is answered.
    concurrency: settings.concurrency * 2,
    signal: scope.context.signal,
    readCase: (id) => preparation.dataset.read(id),
    judge: judgeOnce(asking.judge, judgeSample),
    observe: observer.observe,
  };
}
