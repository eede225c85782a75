import type { Assertion, Case } from "../domain/case.ts";
import type { JudgedScore } from "../domain/evaluation.ts";
import type { Rubric } from "../domain/rubric.ts";
import type { ScoreRow } from "../domain/scores.ts";
import { evaluateCase, type CaseEvaluation, type Judgement } from "./evaluate-case.ts";
import { pairUp, type PairJudging } from "./judge-pairs.ts";
import { runTasks } from "./run-tasks.ts";
import { sharingRows } from "./kept-rows.ts";
import { answersAhead, type AnswersAhead } from "./answers-ahead.ts";
import type { Side, SideName } from "./sides.ts";

/** Everything a run needs from outside; nothing here changes while it goes on. */
export interface EvaluationRun {
  /** Baseline first when there is one. */
  readonly sides: readonly Side[];
  readonly assertions: readonly Assertion[];
  /** Rubrics that look at one output. */
  readonly rubrics: readonly Rubric[];
  /** Rubrics that look at the outputs of both sides; absent = there are none, or there is no baseline. */
  readonly pairs?: PairJudging;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  readCase(id: string): Promise<Case>;
  judge(judgement: Judgement): Promise<JudgedScore>;
  /** Called once per evaluation, in order of completion. Throws to end the run. */
  observe(evaluation: CaseEvaluation): void;
}

export interface Rows {
  readonly baseline: readonly ScoreRow[];
  readonly candidate: readonly ScoreRow[];
}

/** One answer that a look needs. */
export interface Task {
  readonly id: string;
  readonly side: Side;
  readonly sample: number;
}

/**
 * Both versions answer a case side by side, and which one goes first alternates with the position in the seeded order:
 * a provider that drifts during the run drifts for both.
 */
function* interleave(ids: readonly string[], sides: readonly Side[]): Generator<Task> {
  for (const [position, id] of ids.entries()) {
    const ordered = position % 2 === 0 ? sides : sides.toReversed();
    const samples = Math.max(...sides.map((side) => side.samples(id)));
    for (let sample = 0; sample < samples; sample += 1) {
      for (const side of ordered) if (sample < side.samples(id)) yield { id, side, sample };
    }
  }
}

/** Pairs evaluations up for the comparisons that are still open; without any, each stands alone. */
function pairing({ pairs, sides }: EvaluationRun, passed: ReadonlySet<string>): ReturnType<typeof pairUp> {
  if (pairs === undefined) return (_, evaluation) => Promise.resolve([evaluation]);
  const rubrics = pairs.rubrics.filter(({ name }) => !passed.has(name));
  return pairUp({ ...pairs, rubrics }, ({ side, row }) =>
    sides.some((other) => other.name !== side && row.sample < other.samples(row.id)),
  );
}

/**
 * Begins with the next look when the last task of this one is under way: nobody idles until the decision is there. A look
 * that is judged ends later, a call after the last answer. How many are asked for depends on the plan alone, so that the
 * same gate pays for the same answers however fast they come.
 */
function* withNext(
  { sides, concurrency }: EvaluationRun,
  { ids, next }: LookCases,
  { ahead, isJudged }: { readonly ahead: AnswersAhead; readonly isJudged: boolean },
): Generator<Task> {
  yield* interleave(ids, sides);
  ahead.start(interleave(next, sides), isJudged ? concurrency : Math.ceil(concurrency / 2));
}

/** Both sides and all samples of a case follow each other: it is read once. Its rows share the text of the plan's id. */
function readingOnce({ readCase }: Pick<EvaluationRun, "readCase">): EvaluationRun["readCase"] {
  let last: { readonly id: string; readonly testCase: Promise<Case> } | undefined;
  return (id) => {
    if (last?.id !== id) last = { id, testCase: readCase(id).then((testCase) => ({ ...testCase, id })) };
    return last.testCase;
  };
}

/** Evaluates the cases of one look on all sides with the rubrics that are still open; keeps the scores and no output. */
async function evaluateCases(
  run: EvaluationRun,
  look: LookCases,
  { keep, ahead }: { readonly keep: Keep; readonly ahead: AnswersAhead },
): Promise<void> {
  const { assertions, judge } = run;
  const rubrics = run.rubrics.filter(({ name }) => !look.passed.has(name));
  const isJudged = [...rubrics, ...(run.pairs?.rubrics ?? [])].some(({ name }) => !look.passed.has(name));
  const pair = pairing(run, look.passed);
  const readCase = readingOnce(run);
  await runTasks(
    withNext(run, look, { ahead, isJudged }),
    async (task) => {
      const { id, sample } = task;
      const testCase = await readCase(id);
      const evaluation = await evaluateCase({
        side: ahead.answering(task),
        case: testCase,
        sample,
        assertions,
        rubrics,
        judge,
      });
      for (const complete of await pair(testCase, evaluation)) {
        run.observe(complete);
        keep(complete.side, complete.row);
      }
    },
    run,
  );
}

/** What a look said: go on without the metrics that have passed, or stop. */
export type LookOutcome<Decision> =
  | { readonly kind: "continue"; readonly passed: ReadonlySet<string> }
  | { readonly kind: "decided"; readonly decision: Decision };

interface LookPlan {
  readonly order: readonly string[];
  /** Cumulative numbers of cases of `order`. */
  readonly looks: readonly number[];
}

/** The cases that a look adds, and the metrics that have passed before it and need no judge any more. */
interface LookCases {
  readonly ids: readonly string[];
  /** What the look after it would add. */
  readonly next: readonly string[];
  readonly passed: ReadonlySet<string>;
}

type Keep = (side: SideName, row: ScoreRow) => void;

/**
 * Takes look by look until `decide` is satisfied; at the last one it must decide. Where the rows of a look come from is
 * up to `evaluate`: models that are asked, or records of an evaluation elsewhere.
 */
export async function takeLooks<Decision>(
  { order, looks }: LookPlan,
  evaluate: (look: LookCases, keep: Keep) => Promise<void>,
  decide: (look: number, rows: Rows) => LookOutcome<Decision>,
): Promise<{ readonly decision: Decision; readonly rows: Rows }> {
  const rows = { baseline: [] as ScoreRow[], candidate: [] as ScoreRow[] };
  const sharing = sharingRows();
  let passed: ReadonlySet<string> = new Set();
  let done = 0;
  for (const [look, cases] of looks.entries()) {
    const next = order.slice(cases, looks[look + 1] ?? cases);
    await evaluate({ ids: order.slice(done, cases), next, passed }, (side, row) =>
      rows[side].push(sharing(row)),
    );
    done = cases;
    const outcome = decide(look, rows);
    if (outcome.kind === "decided") return { decision: outcome.decision, rows };
    passed = outcome.passed;
  }
  throw new RangeError("a plan without looks decides nothing");
}

/**
 * Evaluates the cases look by look until `decide` is satisfied. Answers of the next look are asked for before the decision,
 * as many as half of `concurrency`, or all of it where judges are asked: they enter no look but their own, and one that is not
 * needed stays paid for and kept.
 */
export async function runLooks<Decision>(
  run: EvaluationRun,
  plan: LookPlan,
  decide: (look: number, rows: Rows) => LookOutcome<Decision>,
): Promise<{ readonly decision: Decision; readonly rows: Rows }> {
  const ahead = answersAhead(run);
  try {
    return await takeLooks(plan, (look, keep) => evaluateCases(run, look, { keep, ahead }), decide);
  } finally {
    await ahead.settled();
  }
}
