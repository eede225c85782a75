import { evaluateCase, type CaseEvaluation } from "./evaluate-case.ts";
import { judgePairs } from "./judge-pairs.ts";
import type { EvaluationRun } from "./run-looks.ts";
import type { Side, SideName } from "./sides.ts";

/** The first sample of a case on one side, from answers that the run has; null when the run has no such side. */
export async function evaluateAgain(
  run: EvaluationRun,
  id: string,
  name: SideName,
): Promise<CaseEvaluation | null> {
  const { sides, assertions, rubrics, judge, pairs } = run;
  const testCase = await run.readCase(id);
  const evaluate = (side: Side): Promise<CaseEvaluation> =>
    evaluateCase({ side, case: testCase, sample: 0, assertions, rubrics, judge });
  const side = sides.find((candidate) => candidate.name === name);
  const other = sides.find((candidate) => candidate.name !== name);
  if (side === undefined) return null;
  const own = await evaluate(side);
  if (other === undefined || pairs === undefined || pairs.rubrics.length === 0) return own;
  const opposite = await evaluate(other);
  const [baseline, candidate] = name === "candidate" ? [opposite, own] : [own, opposite];
  return (await judgePairs(pairs, testCase, { baseline, candidate }))[name];
}
