import { join } from "node:path";
import { decideGate, type GateDecision, type MetricProgress } from "../../gate/decide.ts";
import type { RunUsage } from "../../domain/gate-result.ts";
import { createUsageMeter, type UsageMeter } from "../../evals/calls/usage.ts";
import { settleCriticalCases, type CriticalOutcome } from "../../evals/critical-cases.ts";
import { evaluateCase, type CaseEvaluation } from "../../evals/evaluate-case.ts";
import { openJournal, type Journal } from "../../evals/journal.ts";
import { runLooks, type EvaluationRun, type LookOutcome, type Rows } from "../../evals/run-looks.ts";
import { modelSide, storedSide, type Side, type SideName } from "../../evals/sides.ts";
import { budgetGuard } from "./budget.ts";
import { judgeOnce } from "./judge-once.ts";
import { openModels, type ModelAccess } from "./open-models.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { modelSettingsOf, type ResolvedVersion } from "./resolve-versions.ts";
import { openRun } from "./run-directory.ts";
import { observeRun, type RunObserver } from "./run-observer.ts";

type Decided = Extract<GateDecision, { kind: "decided" }>;

/** What the evaluation brought to light, before it becomes a result. */
export interface GateRun {
  readonly decision: Decided;
  readonly rows: Rows;
  readonly critical: CriticalOutcome;
  readonly unscored: ReturnType<RunObserver["unscored"]>;
  readonly usage: RunUsage;
  /** One side's evaluation of a case again, from answers that the run has. */
  evaluate(id: string, side: SideName): Promise<CaseEvaluation | null>;
}

export interface RunSettings extends ModelAccess {
  readonly maxCost?: number | undefined;
}

interface Execution {
  readonly scope: GateScope;
  readonly preparation: Preparation;
  readonly settings: RunSettings;
  readonly journal: Journal;
  readonly usage: UsageMeter;
  readonly observer: RunObserver;
}

function sidesOf({ scope, preparation }: Execution, askModel: ReturnType<typeof openModels>): Side[] {
  const { candidate, baseline, outputs, policy } = preparation;
  const side = (name: SideName, version: ResolvedVersion | null): Side[] => {
    const stored = outputs[name];
    if (stored !== undefined) return [storedSide(name, stored)];
    if (version === null) return [];
    const { template } = version.source;
    const settings = modelSettingsOf(scope.project, template);
    const ask: Parameters<typeof modelSide>[2] = (request) => askModel(settings).ask(request, "generation");
    return [modelSide(name, { template, repeat: policy.repeat }, ask)];
  };
  return [...side("baseline", baseline), ...side("candidate", candidate)];
}

function evaluationRun(execution: Execution): EvaluationRun {
  const { scope, preparation, settings, journal, usage, observer } = execution;
  const { project, context } = scope;
  const limits = { usd: settings.maxCost ?? project.budget.usd, minutes: project.budget.minutes };
  const askModel = openModels({
    context: { ...context, log: observer.log },
    root: project.root,
    access: settings,
    journal,
    usage,
    admit: budgetGuard(limits, usage.read, context.clock),
  });
  return {
    sides: sidesOf(execution, askModel),
    assertions: preparation.assertions,
    rubrics: preparation.rubrics,
    // Twice the calls at once: while one case is judged, another one is answered.
    concurrency: settings.concurrency * 2,
    signal: context.signal,
    readCase: (id) => preparation.dataset.read(id),
    judge: judgeOnce((rubric) => async (request) => {
      const answer = await askModel(modelSettingsOf(project, rubric)).ask(request, "judge");
      return answer.completion;
    }),
    observe: observer.observe,
  };
}

function passedMetrics(metrics: readonly MetricProgress[]): ReadonlySet<string> {
  return new Set(metrics.filter(({ passed }) => passed).map(({ name }) => name));
}

function decideLooks({ plan, rules }: Preparation, hasBaseline: boolean) {
  return (look: number, { baseline, candidate }: Rows): LookOutcome<Decided> => {
    const outcome = decideGate(plan, look, { baseline: hasBaseline ? baseline : null, candidate }, rules);
    return outcome.kind === "decided"
      ? { kind: "decided", decision: outcome }
      : { kind: "continue", passed: passedMetrics(outcome.metrics) };
  };
}

/** Runs the looks, then settles the critical cases. */
async function execute(execution: Execution): Promise<GateRun> {
  const { preparation, usage, observer } = execution;
  const { plan, entries } = preparation;
  const run = evaluationRun(execution);
  const { sides, assertions, rubrics, judge } = run;
  const hasBaseline = sides.some(({ name }) => name === "baseline");
  const looks = plan.looks.map(({ cases }) => cases);
  const decide = decideLooks(preparation, hasBaseline);
  const { decision, rows } = await runLooks(run, { order: plan.order, looks }, decide);
  const critical = entries.filter((entry) => entry.critical).map(({ id }) => id);
  return {
    decision,
    rows,
    critical: await settleCriticalCases(run, critical),
    unscored: observer.unscored(),
    usage: usage.read(),
    evaluate: async (id, name) => {
      const side = sides.find((candidate) => candidate.name === name);
      if (side === undefined) return null;
      return evaluateCase({ side, case: await run.readCase(id), sample: 0, assertions, rubrics, judge });
    },
  };
}

/** Runs the plan and hands what it showed to `finish`. Throws what ends a run; its journal is kept. */
export async function runGatePlan<Result>(
  scope: GateScope,
  preparation: Preparation,
  settings: RunSettings,
  finish: (run: GateRun) => Promise<Result>,
): Promise<Result> {
  const { absolutePath } = await openRun(preparation.run);
  const journal = openJournal(join(absolutePath, "journal.jsonl"));
  if (journal.damagedLines > 0) {
    const lines = journal.damagedLines === 1 ? "1 line" : `${journal.damagedLines} lines`;
    scope.context.log.warn(`${lines} of the run's journal had been cut off; the call is made again`);
  }
  const usage = createUsageMeter();
  const sides = preparation.baseline === null && preparation.outputs.baseline === undefined ? 1 : 2;
  const observer = observeRun({
    context: scope.context,
    prompt: scope.prompt.name,
    total: (preparation.plan.looks.at(-1)?.cases ?? 0) * sides,
    usage: usage.read,
  });
  try {
    const run = await execute({ scope, preparation, settings, journal, usage, observer });
    observer.done();
    return await finish(run);
  } finally {
    observer.done();
    journal.close();
  }
}
