import { jsonDigest } from "../../domain/digest.ts";
import type { JudgedScore, PairScore } from "../../domain/evaluation.ts";
import type { Judgement } from "../../evals/evaluate-case.ts";
import type { AskJudge } from "../../evals/judge/ask-judge.ts";
import { judgeOutput } from "../../evals/judge/judge-output.ts";
import { judgePair } from "../../evals/judge/judge-pair.ts";
import type { PairJudgement } from "../../evals/judge-pairs.ts";

/** What a run keeps of a judgement; the replies are in its journal. */
async function scoreOnly(judged: ReturnType<typeof judgeOutput>): Promise<JudgedScore> {
  const score = await judged;
  const note = score.note === undefined ? {} : { note: score.note };
  return score.kind === "scored"
    ? { kind: "scored", value: score.value, pass: score.pass, reason: score.reason, ...note }
    : { kind: "unscored", reason: score.reason, ...note };
}

/**
 * Judges every distinct output of a case once: where both versions answer the same, they get the same score, and a
 * wavering judge cannot make a difference out of none. Judgements under another `sample` are other judgements.
 */
export function judgeOnce(ask: AskJudge, sample: number): (judgement: Judgement) => Promise<JudgedScore> {
  const known = new Map<string, Promise<JudgedScore>>();
  return ({ case: testCase, rubric, completion }) => {
    const { text, toolCalls } = completion;
    const key = jsonDigest({ rubric: rubric.name, case: testCase.id, text, toolCalls });
    const score =
      known.get(key) ?? scoreOnly(judgeOutput({ rubric, case: testCase, output: completion, sample, ask }));
    known.set(key, score);
    return score;
  };
}

/** Judges every distinct pair of outputs of a case once. */
export function judgePairOnce(
  ask: AskJudge,
  sample: number,
): (judgement: PairJudgement) => Promise<PairScore> {
  const known = new Map<string, Promise<PairScore>>();
  return ({ case: testCase, rubric, baseline, candidate }) => {
    const outputs = [baseline, candidate].map(({ text, toolCalls }) => ({ text, toolCalls }));
    const key = jsonDigest({ rubric: rubric.name, case: testCase.id, outputs });
    const score = known.get(key) ?? judgePair({ rubric, case: testCase, baseline, candidate, sample, ask });
    known.set(key, score);
    return score;
  };
}
