import type { JudgedScore } from "../../domain/evaluation.ts";
import type { Completion } from "../../domain/model.ts";
import type { Rubric } from "../../domain/rubric.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { AskJudge, JudgeAttempt, QuestionFor, Reading } from "./ask-judge.ts";
import { askPanel } from "./ask-panel.ts";
import { expectedGrades } from "./expected-grades.ts";
import { judgeRequest } from "./judge-request.ts";
import { judgeTask, type JudgedCase, type Output } from "./judge-task.ts";
import { JUDGED_CHARACTERS } from "./quote-untrusted.ts";
import { readVerdict, type CriterionLabel, type JudgeVerdict } from "./read-verdict.ts";

/** A judge's score of one output, with what led to it. */
export type JudgeScore = JudgedScore & {
  /** In the rubric's order; empty when no reply could be used. */
  readonly criteria: readonly CriterionLabel[];
  /** Every reply of every judge, the refused ones too. */
  readonly attempts: readonly JudgeAttempt[];
  /** True when the output was too long and the judge saw its beginning and end. */
  readonly outputCut: boolean;
};

/** The mean of the criteria that apply; a sum of fractions may miss its threshold by the last bit. */
const ROUNDING = 1e-9;

function scoreVerdict(
  { reasoning, criteria }: JudgeVerdict,
  { threshold }: Pick<Rubric, "threshold">,
): JudgedScore {
  const values = criteria.flatMap(({ value }) => (value === null ? [] : [value]));
  const reason = visibleLine(reasoning, 1_000);
  if (values.length === 0) return { kind: "unscored", reason: `no criterion applies: ${reason}` };
  const value = values.reduce((sum, each) => sum + each, 0) / values.length;
  return { kind: "scored", value, pass: threshold === null ? null : value >= threshold - ROUNDING, reason };
}

function readReply(completion: Completion, nonce: string, rubric: Rubric): Reading<JudgeVerdict> {
  const reading = readVerdict(completion.text, nonce, rubric);
  const { scale } = rubric;
  const isExpected = scale.kind === "likert" && scale.expected === true;
  return isExpected && reading.kind === "accepted"
    ? expectedGrades(reading.answer, completion, scale)
    : reading;
}

/** Why a reading leads to no score. */
export function unusableReason({ kind, problem }: Exclude<Reading<never>, { kind: "accepted" }>): string {
  return kind === "refused" ? `the judge gave no usable answer: ${problem}` : problem;
}

/**
 * Has one output judged under one rubric, by its judge or its panel. What `ask` throws goes through. A judge whose two
 * replies break the contract, or a panel without a majority, leaves the output unscored: never a pass, never 0.
 */
export async function judgeOutput(
  judged: JudgedCase & { readonly output: Output; readonly ask: AskJudge },
): Promise<JudgeScore> {
  const { rubric, sample, output, ask } = judged;
  const questionFor: QuestionFor<JudgeVerdict> = (attempt, refused) => {
    const task = judgeTask({ ...judged, outputs: [{ ...output, name: "" }] }, attempt, refused);
    return {
      request: judgeRequest(task, rubric, sample),
      read: (completion) => readReply(completion, task.nonce, rubric),
    };
  };
  const { reading, attempts, votes } = await askPanel(rubric, ask, questionFor);
  const record = {
    attempts,
    outputCut: output.text.length > JUDGED_CHARACTERS,
    ...(votes === null ? {} : { note: { kind: "panel", votes } as const }),
  };
  if (reading.kind !== "accepted") {
    return { kind: "unscored", reason: unusableReason(reading), criteria: [], ...record };
  }
  const score = scoreVerdict(reading.answer, rubric);
  const reason = record.outputCut
    ? `${score.reason} (the judge saw the output cut to ${JUDGED_CHARACTERS} characters)`
    : score.reason;
  return { ...score, reason, criteria: reading.answer.criteria, ...record };
}
