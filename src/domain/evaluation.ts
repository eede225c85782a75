import type { Assertion } from "./case.ts";

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
