import type { Completion, ModelRequest, Usage } from "../../domain/model.ts";

/** Makes one call to a judge, a key of `models`, with cache, retries and limits as the caller sees fit. */
export type AskJudge = (request: ModelRequest, judge: string) => Promise<Completion>;

/** One reply of a judge, for the record. */
export interface JudgeAttempt {
  /** A key of `models`. */
  readonly judge: string;
  /** As the judge wrote it, at most its first 20,000 characters. */
  readonly reply: string;
  readonly model: string;
  readonly finishReason: Completion["finishReason"];
  readonly usage: Usage | null;
  /** Why it leads to no score; null = it was accepted. */
  readonly problem: string | null;
}

/**
 * A reply as read under its contract. `problem` is in our own words: it goes back to the judge. `unusable` is a fair
 * answer that leads to no score all the same, so asking again would not help.
 */
export type Reading<Answer> =
  | { readonly kind: "accepted"; readonly answer: Answer }
  | { readonly kind: "refused"; readonly problem: string }
  | { readonly kind: "unusable"; readonly problem: string };

/** One request to a judge and how to read its reply. */
interface JudgeQuestion<Answer> {
  readonly request: ModelRequest;
  readonly read: (completion: Completion) => Reading<Answer>;
}

/** The question of one attempt (from 0); `refused` says what was wrong with the attempt before. */
export type QuestionFor<Answer> = (attempt: number, refused: string | null) => JudgeQuestion<Answer>;

const RECORDED_CHARACTERS = 20_000;
const ATTEMPTS = 2;

function finishProblem({ finishReason, toolCalls }: Completion): string | null {
  if (finishReason === "length") return "the reply was cut off at its length limit";
  if (finishReason === "content_filter") return "the provider's content filter stopped the reply";
  return toolCalls.length > 0 ? "the reply calls a tool" : null;
}

/**
 * Asks once (attempt 0) and, when the reply breaks the contract, once more with what was wrong; `reading` is the last one.
 * The bad reply itself does not go back: it may carry text of the output. What `ask` throws goes through.
 */
export async function askJudge<Answer>(
  judge: string,
  ask: AskJudge,
  questionFor: QuestionFor<Answer>,
): Promise<{ readonly reading: Reading<Answer>; readonly attempts: readonly JudgeAttempt[] }> {
  const attempts: JudgeAttempt[] = [];
  let reading: Reading<Answer> = { kind: "refused", problem: "the judge was not asked" };
  for (let attempt = 0; attempt < ATTEMPTS && reading.kind === "refused"; attempt += 1) {
    const { request, read } = questionFor(attempt, attempts.at(-1)?.problem ?? null);
    const completion = await ask(request, judge);
    const problem = finishProblem(completion);
    reading = problem === null ? read(completion) : { kind: "refused", problem };
    attempts.push({
      judge,
      reply: completion.text.slice(0, RECORDED_CHARACTERS),
      model: completion.model,
      finishReason: completion.finishReason,
      usage: completion.usage,
      problem: reading.kind === "accepted" ? null : reading.problem,
    });
  }
  return { reading, attempts };
}
