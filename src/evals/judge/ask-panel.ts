import { judgesOf, type Rubric } from "../../domain/rubric.ts";
import { allOrFirstFailure } from "../all-or-first-failure.ts";
import { askJudge, type AskJudge, type JudgeAttempt, type QuestionFor, type Reading } from "./ask-judge.ts";
import type { CriterionLabel, JudgeVerdict } from "./read-verdict.ts";

type Votes = Readonly<Record<string, readonly (string | number | null)[]>>;

/** What the judges of a rubric say together. */
export interface Opinion {
  readonly reading: Reading<JudgeVerdict>;
  readonly attempts: readonly JudgeAttempt[];
  /** By criterion, in the panel's order; null for a single judge. */
  readonly votes: Votes | null;
}

/** The label that more than half of the panel gave, those without a usable answer included; null = there is none. */
function majorityOf(votes: readonly (string | number | null)[]): string | number | null {
  return votes.find((vote) => votes.filter((other) => other === vote).length * 2 > votes.length) ?? null;
}

function countVotes(votes: readonly (string | number | null)[]): string {
  return [...new Set(votes)]
    .map((vote) => `${vote ?? "no usable answer"} ${votes.filter((other) => other === vote).length}`)
    .join(", ");
}

function verdictOf(
  { criteria }: Pick<Rubric, "criteria">,
  votes: Votes,
  verdicts: readonly JudgeVerdict[],
): Reading<JudgeVerdict> {
  const labels: CriterionLabel[] = [];
  for (const { id } of criteria) {
    const majority = majorityOf(votes[id] ?? []);
    const label = verdicts
      .flatMap((verdict) => verdict.criteria)
      .find((candidate) => candidate.id === id && candidate.label === majority);
    if (label === undefined) {
      const counted = countVotes(votes[id] ?? []);
      return {
        kind: "unusable",
        problem: `the panel has no majority on criterion ${JSON.stringify(id)}: ${counted}`,
      };
    }
    labels.push(label);
  }
  const agrees = (verdict: JudgeVerdict): boolean =>
    labels.every(({ id, label }) =>
      verdict.criteria.some((criterion) => criterion.id === id && criterion.label === label),
    );
  const counts = criteria.map(({ id }) => `${id}: ${countVotes(votes[id] ?? [])}`).join("; ");
  const spoken = verdicts.find(agrees) ?? verdicts[0];
  return {
    kind: "accepted",
    answer: { reasoning: `votes ${counts}. ${spoken?.reasoning ?? ""}`, criteria: labels },
  };
}

/**
 * Puts one question to all judges of a rubric. Of a panel the majority on each criterion counts; without one the answer
 * is unusable. What `ask` throws goes through when every call has ended.
 */
export async function askPanel(
  rubric: Pick<Rubric, "model" | "panel" | "criteria">,
  ask: AskJudge,
  questionFor: QuestionFor<JudgeVerdict>,
): Promise<Opinion> {
  const replies = await allOrFirstFailure<Awaited<ReturnType<typeof askJudge<JudgeVerdict>>>[]>(
    judgesOf(rubric).map((judge) => askJudge(judge, ask, questionFor)),
  );
  const attempts = replies.flatMap((reply) => reply.attempts);
  const [only] = replies;
  if (only !== undefined && rubric.panel === undefined) {
    return { reading: only.reading, attempts, votes: null };
  }
  const verdicts = replies.map(({ reading }) => (reading.kind === "accepted" ? reading.answer : null));
  const votes: Votes = Object.fromEntries(
    rubric.criteria.map(({ id }) => [
      id,
      verdicts.map((verdict) => verdict?.criteria.find((criterion) => criterion.id === id)?.label ?? null),
    ]),
  );
  const given = verdicts.filter((verdict) => verdict !== null);
  return { reading: verdictOf(rubric, votes, given), attempts, votes };
}
