import type { Assertion } from "./case.ts";
import type { Completion } from "./model.ts";
import type { JudgeNote } from "./scores.ts";

/**
 * What a check or a judge says of one output. `value` is in [0,1]; `pass` is null where there is no threshold.
 * A missing measurement is `unscored`: never 0, never a pass.
 */
export type Score =
  | {
      readonly kind: "scored";
      readonly value: number;
      readonly pass: boolean | null;
      readonly reason: string;
    }
  | { readonly kind: "unscored"; readonly reason: string };

export interface AssertionResult {
  readonly assertion: Assertion;
  readonly score: Score;
}

/** A judge's score, with what else its judges said. */
export type JudgedScore = Score & { readonly note?: JudgeNote };

/** How the candidate's output compares with the baseline's: from -1 (worse) to 1 (better). */
export type PairScore =
  | {
      readonly kind: "scored";
      readonly difference: number;
      readonly reason: string;
      readonly note: JudgeNote;
    }
  | { readonly kind: "unscored"; readonly reason: string };

/** Nothing was answered and nothing was called: the version's own failure, not a missing measurement. */
export function isEmptyOutput({ text, toolCalls }: Pick<Completion, "text" | "toolCalls">): boolean {
  return text.trim() === "" && toolCalls.length === 0;
}
