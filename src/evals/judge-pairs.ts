import type { Case } from "../domain/case.ts";
import type { PairScore } from "../domain/evaluation.ts";
import type { Completion } from "../domain/model.ts";
import type { Rubric } from "../domain/rubric.ts";
import { unscoredFault, type CaseEvaluation } from "./evaluate-case.ts";

export interface PairJudgement {
  readonly case: Case;
  readonly rubric: Rubric;
  readonly baseline: Completion;
  readonly candidate: Completion;
  readonly sample: number;
}

/** How outputs of both versions are compared with each other. */
export interface PairJudging {
  readonly rubrics: readonly Rubric[];
  judge(judgement: PairJudgement): Promise<PairScore>;
}

/** The evaluations of one sample of one case on both sides. */
interface EvaluatedPair {
  readonly baseline: CaseEvaluation;
  readonly candidate: CaseEvaluation;
}

async function pairScore(
  judging: PairJudging,
  rubric: Rubric,
  testCase: Case,
  { baseline, candidate }: EvaluatedPair,
): Promise<PairScore> {
  const missing = [baseline, candidate].find(({ completion }) => completion === null);
  if (baseline.completion === null || candidate.completion === null) {
    return { kind: "unscored", reason: missing?.failure?.message ?? "there is no output" };
  }
  try {
    return await judging.judge({
      case: testCase,
      rubric,
      baseline: baseline.completion,
      candidate: candidate.completion,
      sample: candidate.row.sample,
    });
  } catch (error) {
    return { kind: "unscored", reason: unscoredFault(error).message };
  }
}

/** One side's evaluation with its share of a comparison: 1 = it won, 0 = it lost. */
function withShare(evaluation: CaseEvaluation, metric: string, score: PairScore): CaseEvaluation {
  const isCandidate = evaluation.side === "candidate";
  const difference = score.kind === "scored" ? (isCandidate ? score.difference : -score.difference) : null;
  const { row } = evaluation;
  return {
    ...evaluation,
    row: {
      ...row,
      scores: { ...row.scores, [metric]: difference === null ? null : (1 + difference) / 2 },
      ...(isCandidate && score.kind === "scored" ? { judges: { ...row.judges, [metric]: score.note } } : {}),
    },
    reasons: { ...evaluation.reasons, [metric]: score.reason },
  };
}

/**
 * Compares the outputs of both sides under each rubric. A comparison with the difference d in [-1,1] gives the candidate
 * (1 + d) / 2 and the baseline (1 - d) / 2, so that the difference of their means is the net win rate.
 */
export async function judgePairs(
  judging: PairJudging,
  testCase: Case,
  pair: EvaluatedPair,
): Promise<EvaluatedPair> {
  let judged = pair;
  for (const rubric of judging.rubrics) {
    const score = await pairScore(judging, rubric, testCase, pair);
    judged = {
      baseline: withShare(judged.baseline, rubric.name, score),
      candidate: withShare(judged.candidate, rubric.name, score),
    };
  }
  return judged;
}

/**
 * Holds the first evaluation of a pair back until the second one is there. Returns what is complete: nothing, or both. An
 * evaluation whose sample the other side does not have stands alone and is compared with nothing.
 */
export function pairUp(
  judging: PairJudging,
  hasPartner: (evaluation: CaseEvaluation) => boolean,
): (testCase: Case, evaluation: CaseEvaluation) => Promise<readonly CaseEvaluation[]> {
  const waiting = new Map<string, CaseEvaluation>();
  return async (testCase, evaluation) => {
    if (judging.rubrics.length === 0 || !hasPartner(evaluation)) return [evaluation];
    const key = JSON.stringify([evaluation.row.id, evaluation.row.sample]);
    const partner = waiting.get(key);
    if (partner === undefined) {
      waiting.set(key, evaluation);
      return [];
    }
    waiting.delete(key);
    const [baseline, candidate] =
      evaluation.side === "candidate" ? [partner, evaluation] : [evaluation, partner];
    const judged = await judgePairs(judging, testCase, { baseline, candidate });
    return [judged.baseline, judged.candidate];
  };
}
