import type { Completion, ModelRequest, Usage } from "../../domain/model.ts";

/** One reply of a judge, for the record. */
export interface JudgeAttempt {
  /** As the judge wrote it, at most its first 20,000 characters. */
  readonly reply: string;
  readonly model: string;
  readonly finishReason: Completion["finishReason"];
  readonly usage: Usage | null;
  /** Why it was refused; null = it was accepted. */
  readonly problem: string | null;
}

/** A reply as read under its contract. `problem` is in our own words: it goes back to the judge. */
export type Reading<Answer> =
  | { readonly kind: "accepted"; readonly answer: Answer }
  | { readonly kind: "refused"; readonly problem: string };

/** One request to a judge and how to read its reply. */
interface JudgeQuestion<Answer> {
  readonly request: ModelRequest;
  readonly read: (reply: string) => Reading<Answer>;
}

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
  ask: (request: ModelRequest) => Promise<Completion>,
  questionFor: (attempt: number, refused: string | null) => JudgeQuestion<Answer>,
): Promise<{ readonly reading: Reading<Answer>; readonly attempts: readonly JudgeAttempt[] }> {
  const attempts: JudgeAttempt[] = [];
  let reading: Reading<Answer> = { kind: "refused", problem: "the judge was not asked" };
  for (let attempt = 0; attempt < ATTEMPTS && reading.kind === "refused"; attempt += 1) {
    const { request, read } = questionFor(attempt, attempts.at(-1)?.problem ?? null);
    const completion = await ask(request);
    const problem = finishProblem(completion);
    reading = problem === null ? read(completion.text) : { kind: "refused", problem };
    attempts.push({
      reply: completion.text.slice(0, RECORDED_CHARACTERS),
      model: completion.model,
      finishReason: completion.finishReason,
      usage: completion.usage,
      problem: reading.kind === "refused" ? reading.problem : null,
    });
  }
  return { reading, attempts };
}
