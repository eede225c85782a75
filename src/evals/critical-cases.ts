import type { Case } from "../domain/case.ts";
import type { CaseEvaluation } from "./evaluate-case.ts";
import { evaluateCase } from "./evaluate-case.ts";
import type { EvaluationRun } from "./run-looks.ts";
import { runTasks } from "./run-tasks.ts";
import type { Side } from "./sides.ts";

/** What became of the critical cases. */
export interface CriticalOutcome {
  /** The candidate failed two of two fresh samples where the baseline passed, or where there is no baseline. */
  readonly broken: readonly string[];
  /** The candidate failed once, or could not be measured, and no second sample could settle it. */
  readonly unsettled: readonly string[];
}

type State = "passed" | "failed" | "unknown";

function stateOf(evaluation: CaseEvaluation): State {
  if (evaluation.passed === null) return "unknown";
  return evaluation.passed ? "passed" : "failed";
}

/** Whether a case may fail on this metric. */
type IsExempt = (id: string, metric: string) => boolean;

/** The run without what the case may fail on. */
function required({ assertions, rubrics }: EvaluationRun, testCase: Case, isExempt: IsExempt) {
  const counts = (metric: string): boolean => !isExempt(testCase.id, metric);
  return {
    case: { ...testCase, assert: testCase.assert.filter(({ metric }) => counts(metric)) },
    assertions: assertions.filter(({ metric }) => counts(metric)),
    rubrics: rubrics.filter(({ name }) => counts(name)),
  };
}

/** Samples 0 and 1 of the side; the second one only when the first did not pass. */
async function sideState(run: EvaluationRun, side: Side, id: string, isExempt: IsExempt): Promise<State> {
  const asked = required(run, await run.readCase(id), isExempt);
  const sampleState = async (sample: number): Promise<State> => {
    const evaluation = await evaluateCase({ side, sample, ...asked, judge: run.judge });
    run.observe(evaluation);
    return stateOf(evaluation);
  };
  const first = await sampleState(0);
  if (first !== "failed") return first;
  // One failure may be chance; a case is broken when a fresh sample fails as well.
  return sampleState(1);
}

/**
 * Settles every critical case, whether the comparison needed it or not. A case that the baseline fails as well is not
 * broken by the candidate. Answers that the run has are not asked for again.
 */
export async function settleCriticalCases(
  run: EvaluationRun,
  ids: readonly string[],
  isExempt: IsExempt = () => false,
): Promise<CriticalOutcome> {
  const broken: string[] = [];
  const unsettled: string[] = [];
  const baseline = run.sides.find(({ name }) => name === "baseline");
  const candidate = run.sides.find(({ name }) => name === "candidate");
  if (candidate === undefined)
    throw new RangeError("a run without a candidate has no critical cases to settle");
  await runTasks(
    ids,
    async (id) => {
      const state = await sideState(run, candidate, id, isExempt);
      if (state === "passed") return;
      if (state === "unknown") {
        unsettled.push(id);
        return;
      }
      const reference = baseline === undefined ? "passed" : await sideState(run, baseline, id, isExempt);
      if (reference === "passed") broken.push(id);
      if (reference === "unknown") unsettled.push(id);
    },
    run,
  );
  return { broken: broken.sort(), unsettled: unsettled.sort() };
}
