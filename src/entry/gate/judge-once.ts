import { jsonDigest } from "../../domain/digest.ts";
import type { Score } from "../../domain/evaluation.ts";
import type { ModelRequest } from "../../domain/model.ts";
import type { Completion } from "../../domain/model.ts";
import type { Rubric } from "../../domain/rubric.ts";
import type { Judgement } from "../../evals/evaluate-case.ts";
import { judgeOutput } from "../../evals/judge/judge-output.ts";

/**
 * Judges every distinct output of a case once: where both versions answer the same, they get the same score, and a
 * wavering judge cannot make a difference out of none. `askFor` gives the way to the rubric's model.
 */
export function judgeOnce(
  askFor: (rubric: Rubric) => (request: ModelRequest) => Promise<Completion>,
): (judgement: Judgement) => Promise<Score> {
  const known = new Map<string, Promise<Score>>();
  return ({ case: testCase, rubric, completion }) => {
    const { text, toolCalls } = completion;
    const key = jsonDigest({ rubric: rubric.name, case: testCase.id, text, toolCalls });
    const score =
      known.get(key) ??
      judgeOutput({ rubric, case: testCase, output: completion, sample: 0, ask: askFor(rubric) });
    known.set(key, score);
    return score;
  };
}
