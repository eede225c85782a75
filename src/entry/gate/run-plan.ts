import { join } from "node:path";
import { decideGate, type GateDecision, type MetricProgress } from "../../gate/decide.ts";
import type { RunUsage } from "../../domain/gate-result.ts";
import type { CaseEntry } from "../../domain/project.ts";
import { createUsageMeter, type MeanTokens } from "../../evals/calls/usage.ts";
import { settleCriticalCases, type CriticalOutcome } from "../../evals/critical-cases.ts";
import { evaluateAgain } from "../../evals/evaluate-again.ts";
import { openJournal } from "../../evals/journal.ts";
import { runLooks, type EvaluationRun, type LookOutcome, type Rows } from "../../evals/run-looks.ts";
import type { SideName } from "../../evals/sides.ts";
import { isWaived } from "../../domain/waiver.ts";
import { waivedCases } from "../../gate/waivers.ts";
import type { ReportedEvaluation } from "./case-changes.ts";
import { evaluationRun, openAsking, type Execution, type RunSettings } from "./evaluation-run.ts";
import type { GateScope, Preparation } from "./prepare.ts";
import { keepCases } from "../datasets/keep-cases.ts";
import { openRun } from "./run-directory.ts";
import { keepSamples, settleSamples, type SettledSampling } from "./settle-samples.ts";
import { observeRun, type RunObserver } from "./run-observer.ts";

type Decided = Extract<GateDecision, { kind: "decided" }>;

/** What the evaluation brought to light, before it becomes a result. */
export interface GateRun {
  readonly decision: Decided;
  readonly rows: Rows;
  /** Null when the baseline's answers are this run's own. */
  readonly sampling: SettledSampling | null;
  readonly critical: CriticalOutcome;
  readonly unscored: ReturnType<RunObserver["unscored"]>;
  readonly usage: RunUsage;
  /** For the estimate of the next run. */
  readonly outputTokens: MeanTokens;
  /** One side's evaluation of a case again, from answers that the run has. */
  evaluate(id: string, side: SideName): Promise<ReportedEvaluation | null>;
}

function passedMetrics(metrics: readonly MetricProgress[]): ReadonlySet<string> {
  return new Set(metrics.filter(({ passed }) => passed).map(({ name }) => name));
}

/** Time and money that nobody limits and nothing measured are not worth a column of a hundred thousand. */
function isMeasured(metric: string, rows: Rows["candidate"]): boolean {
  return rows.some(
    ({ scores, measures }) => Object.hasOwn(scores, metric) || (measures?.[metric] ?? null) !== null,
  );
}

/** The decision at each look of the plan, for rows of live models or of records. */
export function decideLooks({ plan, rules }: Pick<Preparation, "plan" | "rules">, hasBaseline: boolean) {
  // What cannot end the run and asks no judge is only looked at when the run ends.
  const steering = rules.filter(({ level, kind }) => level === "error" || kind === "judge");
  return (look: number, { baseline, candidate }: Rows): LookOutcome<Decided> => {
    const rows = { baseline: hasBaseline ? baseline : null, candidate };
    const open = decideGate(plan, look, rows, steering);
    if (open.kind === "continue") return { kind: "continue", passed: passedMetrics(open.metrics) };
    const asked = rules.filter((rule) => rule.level !== "off" || isMeasured(rule.name, candidate));
    const outcome = decideGate(plan, look, rows, asked);
    if (outcome.kind === "decided") return { kind: "decided", decision: outcome };
    throw new RangeError("metrics that decide nothing changed the decision");
  };
}

/** Whether there is something that the candidate is compared with. */
export function hasBaseline({ baseline, outputs }: Pick<Preparation, "baseline" | "outputs">): boolean {
  return baseline !== null || outputs.baseline !== undefined;
}

/** Settles the critical cases that `isOwn` accepts and no waiver sets aside. */
export async function settleCritical(
  { scope, preparation }: Execution,
  run: EvaluationRun,
  isOwn: (entry: CaseEntry) => boolean = () => true,
): Promise<CriticalOutcome> {
  const { waivers } = scope.prompt;
  const waived = waivedCases(waivers);
  const critical = preparation.entries
    .filter((entry) => entry.critical && !waived.has(entry.id) && isOwn(entry))
    .map(({ id }) => id);
  return settleCriticalCases(run, critical, (id, metric) => isWaived(waivers, id, metric));
}

/** One look at all cases may take them in the file's order, which reads fast; what is decided is the same. */
function takenOrder({ plan, entries }: Preparation): readonly string[] {
  return plan.looks.length === 1 ? entries.map(({ id }) => id) : plan.order;
}

/** Runs the looks, then settles the critical cases. */
async function execute(planned: Execution): Promise<GateRun> {
  const asking = openAsking(planned);
  const { execution, sampling } = await settleSamples(planned, asking);
  const { preparation, usage, observer } = execution;
  const { plan } = preparation;
  const run = evaluationRun(execution, asking);
  const looks = plan.looks.map(({ cases }) => cases);
  const decide = decideLooks(preparation, hasBaseline(preparation));
  const { decision, rows } = await runLooks(run, { order: takenOrder(preparation), looks }, decide);
  await keepSamples(execution, rows.baseline);
  return {
    decision,
    rows,
    sampling,
    critical: await settleCritical(execution, run),
    unscored: observer.unscored(),
    usage: usage.read(),
    outputTokens: usage.outputTokens(),
    evaluate: (id, name) => evaluateAgain(run, id, name),
  };
}

/** Opens the run's folder, journal and progress for `work` on at most so many cases. Throws what ends a run; its journal is kept. */
export async function withExecution<Result>(
  question: Pick<Execution, "scope" | "preparation" | "settings">,
  cases: number,
  work: (execution: Execution) => Promise<Result>,
): Promise<Result> {
  const { scope, preparation } = question;
  const { absolutePath } = await openRun(preparation.run);
  await keepCases(scope, absolutePath);
  const journal = openJournal(join(absolutePath, "journal.jsonl"));
  if (journal.damagedLines > 0) {
    const lines = journal.damagedLines === 1 ? "1 line" : `${journal.damagedLines} lines`;
    scope.context.log.warn(`${lines} of the run's journal had been cut off; the call is made again`);
  }
  const usage = question.settings.prefilled?.usage ?? createUsageMeter();
  const observer = observeRun({
    context: scope.context,
    prompt: scope.prompt.name,
    total: cases * (hasBaseline(preparation) ? 2 : 1),
    usage: usage.read,
  });
  try {
    return await work({ ...question, journal, usage, observer });
  } finally {
    observer.done();
    journal.close();
  }
}

/** Runs the plan and hands what it showed to `finish`. Throws what ends a run; its journal is kept. */
export async function runGatePlan<Result>(
  scope: GateScope,
  preparation: Preparation,
  settings: RunSettings,
  finish: (run: GateRun) => Promise<Result>,
): Promise<Result> {
  const cases = preparation.plan.looks.at(-1)?.cases ?? 0;
  return withExecution({ scope, preparation, settings }, cases, async (execution) => {
    const run = await execute(execution);
    execution.observer.done();
    return finish(run);
  });
}
