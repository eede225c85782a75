import type { Score } from "../../domain/evaluation.ts";
import type { Completion, ModelRequest } from "../../domain/model.ts";
import type { Rubric } from "../../domain/rubric.ts";
import { visibleLine } from "../../domain/visible.ts";
import { askJudge, type JudgeAttempt } from "./ask-judge.ts";
import { judgeRequest } from "./judge-request.ts";
import { judgeTask, type JudgedOutput } from "./judge-task.ts";
import { JUDGED_CHARACTERS } from "./quote-untrusted.ts";
import { readVerdict, type CriterionLabel, type JudgeVerdict } from "./read-verdict.ts";

/** A judge's score of one output, with what led to it. */
export type JudgeScore = Score & {
  /** In the rubric's order; empty when no reply could be used. */
  readonly criteria: readonly CriterionLabel[];
  /** Every reply, the refused ones too. */
  readonly attempts: readonly JudgeAttempt[];
  /** True when the output was too long and the judge saw its beginning and end. */
  readonly outputCut: boolean;
};

/** The mean of the criteria that apply; a sum of fractions may miss its threshold by the last bit. */
const ROUNDING = 1e-9;

function scoreVerdict(
  { reasoning, criteria }: JudgeVerdict,
  { threshold }: Pick<Rubric, "threshold">,
): Score {
  const values = criteria.flatMap(({ value }) => (value === null ? [] : [value]));
  const reason = visibleLine(reasoning, 1_000);
  if (values.length === 0) return { kind: "unscored", reason: `no criterion applies: ${reason}` };
  const value = values.reduce((sum, each) => sum + each, 0) / values.length;
  return { kind: "scored", value, pass: threshold === null ? null : value >= threshold - ROUNDING, reason };
}

/**
 * Has one output judged under one rubric. `ask` makes the call, with cache, retries and limits as the caller sees fit;
 * what it throws goes through. A judge whose two replies break the contract leaves the output unscored: never a pass,
 * never 0.
 */
export async function judgeOutput(
  judged: JudgedOutput & { readonly ask: (request: ModelRequest) => Promise<Completion> },
): Promise<JudgeScore> {
  const { rubric, sample, output, ask } = judged;
  const { reading, attempts } = await askJudge<JudgeVerdict>(ask, (attempt, refused) => {
    const task = judgeTask(judged, attempt, refused);
    return {
      request: judgeRequest(task, { instructions: rubric.instructions, sample }),
      read: (reply) => readVerdict(reply, task.nonce, rubric),
    };
  });
  const record = { attempts, outputCut: output.text.length > JUDGED_CHARACTERS };
  if (reading.kind === "refused") {
    return {
      kind: "unscored",
      reason: `the judge gave no usable answer: ${reading.problem}`,
      criteria: [],
      ...record,
    };
  }
  const score = scoreVerdict(reading.answer, rubric);
  const reason = record.outputCut
    ? `${score.reason} (the judge saw the output cut to ${JUDGED_CHARACTERS} characters)`
    : score.reason;
  return { ...score, reason, criteria: reading.answer.criteria, ...record };
}
