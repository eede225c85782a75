import { join } from "node:path";
import { decideGate, type GateDecision, type MetricProgress } from "../../gate/decide.ts";
import type { RunUsage, UnscoredCase } from "../../domain/gate-result.ts";
import { createUsageMeter } from "../../evals/calls/usage.ts";
import { settleCriticalCases, type CriticalOutcome } from "../../evals/critical-cases.ts";
import { evaluateCase, type CaseEvaluation } from "../../evals/evaluate-case.ts";
import { openJournal } from "../../evals/journal.ts";
import { runLooks, type EvaluationRun, type Rows } from "../../evals/run-looks.ts";
import { modelSide, storedSide, type Side, type SideName } from "../../evals/sides.ts";
import { createProgress } from "../progress.ts";
import { budgetGuard } from "./budget.ts";
import { judgeOnce } from "./judge-once.ts";
import { openModels, type ModelAccess } from "./open-models.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { modelSettingsOf } from "./resolve-versions.ts";
import { openRun, type RunDirectory } from "./run-directory.ts";

/** What the evaluation brought to light, before it becomes a result. */
export interface GateRun {
  readonly decision: Extract<GateDecision, { kind: "decided" }>;
  readonly rows: Rows;
  readonly critical: CriticalOutcome;
  readonly unscored: readonly UnscoredCase[];
  readonly usage: RunUsage;
  /** One side's evaluation of a case again, from answers that the run has. */
  evaluate(id: string, side: SideName): Promise<CaseEvaluation | null>;
}

export interface RunSettings extends ModelAccess {
  readonly maxCost?: number | undefined;
}

/** Enough to see what went wrong; the counts are complete. */
const UNSCORED_KEPT = 200;

function unscoredOf({ side, row, reasons }: CaseEvaluation): UnscoredCase[] {
  return Object.entries(row.scores)
    .filter(([, score]) => score === null)
    .map(([metric]) => ({ id: row.id, metric, side, reason: reasons[metric] ?? "" }));
}

function sidesOf(
  scope: GateScope,
  preparation: Preparation,
  askModel: ReturnType<typeof openModels>,
): Side[] {
  const { candidate, baseline, outputs, policy } = preparation;
  const side = (name: SideName, version: typeof baseline): Side[] => {
    const stored = outputs[name];
    if (stored !== undefined) return [storedSide(name, stored)];
    if (version === null) return [];
    const { template } = version.source;
    const settings = modelSettingsOf(scope.project, template);
    return [
      modelSide(name, { template, repeat: policy.repeat }, (request) =>
        askModel(settings).ask(request, "generation"),
      ),
    ];
  };
  return [...side("baseline", baseline), ...side("candidate", candidate)];
}

interface RunParts {
  readonly run: EvaluationRun;
  readonly unscored: UnscoredCase[];
  usage(): RunUsage;
}

async function withRunParts<Result>(
  scope: GateScope,
  preparation: Preparation,
  { settings, directory }: { readonly settings: RunSettings; readonly directory: RunDirectory },
  work: (parts: RunParts) => Promise<Result>,
): Promise<Result> {
  const { context, project, prompt } = scope;
  const journal = openJournal(join(directory.absolutePath, "journal.jsonl"));
  if (journal.damagedLines > 0) {
    context.log.warn(`${journal.damagedLines} line of the run's journal was cut off; its call is made again`);
  }
  const usage = createUsageMeter();
  const limits = { usd: settings.maxCost ?? project.budget.usd, minutes: project.budget.minutes };
  const admit = budgetGuard(limits, usage.read, context.clock);
  const askModel = openModels({ context, root: project.root, access: settings, journal, usage, admit });
  const judge = judgeOnce((rubric) => async (request) => {
    const answer = await askModel(modelSettingsOf(project, rubric)).ask(request, "judge");
    return answer.completion;
  });
  const sides = sidesOf(scope, preparation, askModel);
  const total = preparation.plan.looks.at(-1)?.cases ?? 0;
  const progress = createProgress({
    interactive: context.terminal.interactive,
    write: (text) => void process.stderr.write(text),
    clock: context.clock,
    total: total * sides.length,
    width: process.stderr.columns ?? context.terminal.width,
    repeat: (callback, milliseconds) => {
      const timer = setInterval(callback, milliseconds).unref();
      return () => clearInterval(timer);
    },
  });
  const unscored: UnscoredCase[] = [];
  const run: EvaluationRun = {
    sides,
    assertions: preparation.assertions,
    rubrics: preparation.rubrics,
    concurrency: Math.max(2, settings.concurrency * 2),
    signal: context.signal,
    readCase: (id) => preparation.dataset.read(id),
    judge,
    observe: (evaluation) => {
      const { costUsd } = usage.read();
      progress.advance(
        1,
        costUsd === null || costUsd === 0 ? prompt.name : `${prompt.name}, $${costUsd.toFixed(2)} so far`,
      );
      if (unscored.length < UNSCORED_KEPT) unscored.push(...unscoredOf(evaluation));
    },
  };
  try {
    return await work({ run, unscored, usage: usage.read });
  } finally {
    progress.done();
    journal.close();
  }
}

/** Runs the looks, then settles the critical cases. Throws what ends a run; its journal is kept. */
export async function runGatePlan<Result>(
  scope: GateScope,
  preparation: Preparation,
  settings: RunSettings,
  finish: (run: GateRun) => Promise<Result>,
): Promise<Result> {
  const directory = await openRun(preparation.run);
  const { plan, rules, entries } = preparation;
  return withRunParts(scope, preparation, { settings, directory }, async ({ run, unscored, usage }) => {
    const hasBaseline = run.sides.some(({ name }) => name === "baseline");
    const { decision, rows } = await runLooks(
      run,
      { order: plan.order, looks: plan.looks.map(({ cases }) => cases) },
      (look, { baseline, candidate }) => {
        const outcome = decideGate(plan, look, { baseline: hasBaseline ? baseline : null, candidate }, rules);
        return outcome.kind === "decided"
          ? { kind: "decided", decision: outcome }
          : { kind: "continue", passed: passedMetrics(outcome.metrics) };
      },
    );
    const critical = await settleCriticalCases(
      run,
      entries.filter((entry) => entry.critical).map(({ id }) => id),
    );
    const evaluate = async (id: string, name: SideName): Promise<CaseEvaluation | null> => {
      const side = run.sides.find((candidate) => candidate.name === name);
      if (side === undefined) return null;
      const { assertions, rubrics, judge } = run;
      return evaluateCase({ side, case: await run.readCase(id), sample: 0, assertions, rubrics, judge });
    };
    return finish({ decision, rows, critical, unscored, usage: usage(), evaluate });
  });
}

function passedMetrics(metrics: readonly MetricProgress[]): ReadonlySet<string> {
  return new Set(metrics.filter(({ passed }) => passed).map(({ name }) => name));
}
