import type { Assertion, Case } from "../domain/case.ts";
import type { GateError } from "../domain/errors.ts";
import type { Score } from "../domain/evaluation.ts";
import type { Rubric } from "../domain/rubric.ts";
import type { ScoreRow } from "../domain/scores.ts";
import { evaluateCase, type CaseEvaluation, type Judgement } from "./evaluate-case.ts";
import { runTasks } from "./run-tasks.ts";
import type { Side } from "./sides.ts";

/** Everything a run needs from outside; nothing here changes while it goes on. */
export interface EvaluationRun {
  /** Baseline first when there is one. */
  readonly sides: readonly Side[];
  readonly assertions: readonly Assertion[];
  readonly rubrics: readonly Rubric[];
  /** Samples of each case. */
  readonly repeat: number;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readCase(id: string): Promise<Case>;
  judge(judgement: Judgement): Promise<Score>;
  /** Called once per evaluation, in order of completion. Throws to end the run. */
  observe(evaluation: CaseEvaluation): void;
}

export interface Rows {
  readonly baseline: readonly ScoreRow[];
  readonly candidate: readonly ScoreRow[];
}

interface Task {
  readonly id: string;
  readonly side: Side;
  readonly sample: number;
}

/**
 * Both versions answer a case side by side, and which one goes first alternates with the position in the seeded order:
 * a provider that drifts during the run drifts for both.
 */
function* interleave(ids: readonly string[], run: Pick<EvaluationRun, "sides" | "repeat">): Generator<Task> {
  for (const [position, id] of ids.entries()) {
    const sides = position % 2 === 0 ? run.sides : run.sides.toReversed();
    for (let sample = 0; sample < run.repeat; sample += 1) {
      for (const side of sides) yield { id, side, sample };
    }
  }
}

/** This many failures in a row without one success between them mean that the provider is gone, not that cases are hard. */
const FAILURES_IN_A_ROW = 10;

/** Ends a run against a provider that answers nothing, with the provider's own fault. */
export function failureStreak(): (failure: GateError | null) => void {
  let streak = 0;
  return (failure) => {
    streak = failure === null || failure.code === "INCOMPATIBLE" ? 0 : streak + 1;
    if (failure !== null && streak >= FAILURES_IN_A_ROW) throw failure;
  };
}

/** Evaluates the cases of one look on all sides with the rubrics that are still open. */
export async function evaluateCases(
  run: EvaluationRun,
  ids: readonly string[],
  rubrics: readonly Rubric[],
): Promise<CaseEvaluation[]> {
  const evaluations: CaseEvaluation[] = [];
  const checkStreak = failureStreak();
  await runTasks(
    interleave(ids, run),
    async ({ id, side, sample }) => {
      const evaluation = await evaluateCase({
        side,
        case: await run.readCase(id),
        sample,
        assertions: run.assertions,
        rubrics,
        judge: run.judge,
      });
      run.observe(evaluation);
      evaluations.push(evaluation);
      checkStreak(evaluation.failure);
    },
    run,
  );
  return evaluations;
}

/** What a look said: go on without the metrics that have passed, or stop. */
export type LookOutcome<Decision> =
  | { readonly kind: "continue"; readonly passed: ReadonlySet<string> }
  | { readonly kind: "decided"; readonly decision: Decision };

/**
 * Evaluates the cases look by look until `decide` is satisfied. `looks` are cumulative numbers of cases of `order`; at
 * the last one `decide` must decide.
 */
export async function runLooks<Decision>(
  run: EvaluationRun,
  plan: { readonly order: readonly string[]; readonly looks: readonly number[] },
  decide: (look: number, rows: Rows) => LookOutcome<Decision>,
): Promise<{ readonly decision: Decision; readonly rows: Rows }> {
  const rows = { baseline: [] as ScoreRow[], candidate: [] as ScoreRow[] };
  let passed: ReadonlySet<string> = new Set();
  let done = 0;
  for (const [look, cases] of plan.looks.entries()) {
    const open = run.rubrics.filter(({ name }) => !passed.has(name));
    for (const { side, row } of await evaluateCases(run, plan.order.slice(done, cases), open))
      rows[side].push(row);
    done = cases;
    const outcome = decide(look, rows);
    if (outcome.kind === "decided") return { decision: outcome.decision, rows };
    passed = outcome.passed;
  }
  throw new RangeError("a plan without looks decides nothing");
}
