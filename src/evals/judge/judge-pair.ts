import { canonicalJson } from "../../domain/digest.ts";
import { isEmptyOutput, type PairScore } from "../../domain/evaluation.ts";
import type { JudgeNote } from "../../domain/scores.ts";
import { visibleLine } from "../../domain/visible.ts";
import { allOrFirstFailure } from "../all-or-first-failure.ts";
import { askJudge, type AskJudge, type Reading } from "./ask-judge.ts";
import { unusableReason } from "./judge-output.ts";
import { judgeRequest } from "./judge-request.ts";
import { judgeTask, type JudgedCase, type Output } from "./judge-task.ts";
import { readVerdict, type JudgeVerdict } from "./read-verdict.ts";

/** Both outputs of one case and the way to the judge. */
export interface JudgedPair extends JudgedCase {
  readonly baseline: Output;
  readonly candidate: Output;
  readonly ask: AskJudge;
}

type PairNote = Extract<JudgeNote, { kind: "pairwise" }>;

function withoutJudge(difference: number, reason: string): PairScore {
  const note: PairNote = { kind: "pairwise", judged: 0, consistent: 0, first: 0, second: 0 };
  return { kind: "scored", difference, reason, note };
}

function contentOf({ text, toolCalls }: Output): string {
  return canonicalJson([text, toolCalls]);
}

/** What needs no judge: equal outputs are a tie, and an answer beats none. */
function obviousScore({ baseline, candidate }: JudgedPair): PairScore | null {
  if (contentOf(baseline) === contentOf(candidate)) return withoutJudge(0, "both versions answer the same");
  if (isEmptyOutput(candidate)) {
    return isEmptyOutput(baseline)
      ? withoutJudge(0, "neither version answers")
      : withoutJudge(-1, "the candidate's output is empty");
  }
  return isEmptyOutput(baseline) ? withoutJudge(1, "the baseline's output is empty") : null;
}

/** Asks for one order alone: labels name what stands first and second. What `ask` throws goes through. */
export async function judgeInOrder(
  pair: Omit<JudgedPair, "baseline" | "candidate">,
  first: Output,
  second: Output,
): Promise<Reading<JudgeVerdict>> {
  const { rubric, sample, ask } = pair;
  const outputs = [
    { ...first, name: "first" as const },
    { ...second, name: "second" as const },
  ];
  const { reading } = await askJudge<JudgeVerdict>(rubric.model, ask, (attempt, refused) => {
    const task = judgeTask({ ...pair, outputs }, attempt, refused);
    return {
      request: judgeRequest(task, rubric, sample),
      read: ({ text }) => readVerdict(text, task.nonce, rubric),
    };
  });
  return reading;
}

function wordsFor(difference: number, note: PairNote): string {
  if (note.consistent < note.judged && difference === 0) return "the two orders disagree: a tie";
  if (difference === 0) return "a tie";
  const better = difference > 0 ? "the candidate is better" : "the baseline is better";
  return note.consistent < note.judged
    ? `${better}, not equally so in both orders`
    : `${better} in both orders`;
}

/** `shown` has the baseline first, `swapped` the candidate; both list the rubric's criteria in its order. */
function comparePair(shown: JudgeVerdict, swapped: JudgeVerdict): PairScore {
  let total = 0;
  const note = { kind: "pairwise" as const, judged: 0, consistent: 0, first: 0, second: 0 };
  for (const [index, { label, value }] of shown.criteria.entries()) {
    const other = swapped.criteria[index];
    const labels = [label, other?.label];
    note.judged += 1;
    note.first += labels.filter((each) => each === "first").length;
    note.second += labels.filter((each) => each === "second").length;
    // A label is worth 1, 0.5 or 0 to what stands first.
    const asCandidate = [1 - 2 * (value ?? 0.5), 2 * (other?.value ?? 0.5) - 1] as const;
    note.consistent += asCandidate[0] === asCandidate[1] ? 1 : 0;
    total += (asCandidate[0] + asCandidate[1]) / 2;
  }
  const difference = note.judged === 0 ? 0 : total / note.judged;
  const reasoning = visibleLine(shown.reasoning, 900);
  return { kind: "scored", difference, reason: `${wordsFor(difference, note)}: ${reasoning}`, note };
}

/**
 * Compares both outputs of a case in both orders: d = (order AB + order BA) / 2 with win = 1, tie = 0 and loss = -1 for
 * the candidate, averaged over the criteria, so that orders which contradict each other are a tie. What `ask` throws
 * goes through; an order without a usable answer leaves the pair unscored.
 */
export async function judgePair(pair: JudgedPair): Promise<PairScore> {
  const obvious = obviousScore(pair);
  if (obvious !== null) return obvious;
  const { baseline, candidate } = pair;
  const [shown, swapped] = await allOrFirstFailure<[Reading<JudgeVerdict>, Reading<JudgeVerdict>]>([
    judgeInOrder(pair, baseline, candidate),
    judgeInOrder(pair, candidate, baseline),
  ]);
  if (shown.kind !== "accepted") return { kind: "unscored", reason: unusableReason(shown) };
  if (swapped.kind !== "accepted") return { kind: "unscored", reason: unusableReason(swapped) };
  return comparePair(shown.answer, swapped.answer);
}
