import type { Case } from "../../domain/case.ts";
import type { BaselineSampling } from "../../domain/gate-result.ts";
import type { ScoreRow } from "../../domain/scores.ts";
import { evaluateCase, unscoredFault, type CaseEvaluation } from "../../evals/evaluate-case.ts";
import type { EvaluationRun } from "../../evals/run-looks.ts";
import { runTasks } from "../../evals/run-tasks.ts";
import type { Side } from "../../evals/sides.ts";
import { FEWEST_DRIFT_PAIRS, findDrift, type DriftFinding, type DriftMetric } from "../../gate/drift.ts";
import { seededRandom, shuffled } from "../../stats/random.ts";
import type { BaselineSamples } from "./baseline-samples.ts";

const SHARE_ASKED_AGAIN = 0.1;
const FEWEST_ASKED_AGAIN = 20;
const MOST_JUDGED_AGAIN = 50;
const ALPHA = 0.01;

/** Everything that the check asks. */
export interface DriftWatch {
  /** Its baseline side has the stored answers. */
  readonly run: EvaluationRun;
  readonly samples: BaselineSamples;
  /** The baseline with an answer of this run. */
  readonly fresh: Side;
  /** Judges under a number of this run, so that no stored judgement answers. */
  readonly judgeAgain: EvaluationRun["judge"];
  /** Ids of the cases that the run may look at. */
  readonly cases: readonly string[];
  readonly seed: number;
}

export interface DriftOutcome {
  readonly drift: NonNullable<BaselineSampling["drift"]>;
  readonly findings: readonly DriftFinding[];
}

function chosenCases({ samples, cases, seed }: DriftWatch): string[] {
  const answered = new Set(samples.cases);
  const known = cases.filter((id) => answered.has(id)).sort();
  const count = Math.max(FEWEST_ASKED_AGAIN, Math.ceil(known.length * SHARE_ASKED_AGAIN));
  return shuffled(known, seededRandom(seed)).slice(0, count);
}

/** Metric -> differences, one a case. */
type Collected = Map<string, number[]>;

function add(into: Collected, metric: string, difference: number): void {
  const known = into.get(metric);
  if (known === undefined) into.set(metric, [difference]);
  else known.push(difference);
}

function meanScore(rows: readonly ScoreRow[], metric: string): number | null {
  const scores = rows.flatMap(({ scores: values }) => values[metric] ?? []);
  return scores.length === 0 ? null : scores.reduce((sum, value) => sum + value, 0) / scores.length;
}

interface Differences {
  readonly answers: Collected;
  readonly judge: Collected;
}

/** A fresh answer of the case against its stored ones; returns the first of these. */
async function compareAnswers(
  { run, fresh }: DriftWatch,
  testCase: Case,
  { answers }: Differences,
): Promise<CaseEvaluation | undefined> {
  const { assertions, rubrics, judge } = run;
  const evaluate = (side: Side, sample: number): Promise<CaseEvaluation> =>
    evaluateCase({ side, sample, case: testCase, assertions, rubrics, judge });
  const stored: CaseEvaluation[] = [];
  for (const side of run.sides.filter(({ name }) => name === "baseline")) {
    for (let sample = 0; sample < side.samples(testCase.id); sample += 1) {
      stored.push(await evaluate(side, sample));
    }
  }
  const again = await evaluate(fresh, 0);
  const rows = stored.map(({ row }) => row);
  for (const [metric, value] of Object.entries(again.row.scores)) {
    const before = meanScore(rows, metric);
    if (value !== null && before !== null) add(answers, metric, value - before);
  }
  return stored[0];
}

/** The stored answer, judged again. */
async function compareJudgements(
  { run, judgeAgain }: DriftWatch,
  testCase: Case,
  { row, completion }: CaseEvaluation,
  { judge }: Differences,
): Promise<void> {
  if (completion === null) return;
  for (const rubric of run.rubrics) {
    const before = row.scores[rubric.name] ?? null;
    if (before === null) continue;
    try {
      const again = await judgeAgain({ case: testCase, rubric, completion, sample: 0 });
      if (again.kind === "scored") add(judge, rubric.name, again.value - before);
    } catch (error) {
      unscoredFault(error);
    }
  }
}

function metricsOf(found: Differences): DriftMetric[] {
  return (["answers", "judge"] as const).flatMap((kind) =>
    Array.from(found[kind], ([name, differences]) => ({ name, kind, differences })),
  );
}

/**
 * Asks a tenth of the baseline's cases again, and judges some of its stored answers again, to see whether the provider or
 * the judge has changed since they were stored: paired two-sided tests at 1 % over all metrics. `tested` is false when too
 * few cases could be compared; that is no finding, and it is said.
 */
export async function watchDrift(watch: DriftWatch): Promise<DriftOutcome> {
  const cases = chosenCases(watch);
  const found: Differences = { answers: new Map(), judge: new Map() };
  await runTasks(
    cases.entries(),
    async ([position, id]) => {
      const testCase = await watch.run.readCase(id);
      const stored = await compareAnswers(watch, testCase, found);
      if (stored === undefined || position >= MOST_JUDGED_AGAIN) return;
      await compareJudgements(watch, testCase, stored, found);
    },
    watch.run,
  );
  const metrics = metricsOf(found);
  const findings = findDrift(metrics, ALPHA);
  const tested = metrics.some(({ differences }) => differences.length >= FEWEST_DRIFT_PAIRS);
  return { drift: { cases: cases.length, tested, found: findings.length > 0 }, findings };
}
