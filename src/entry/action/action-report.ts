import type { GateResult } from "../../domain/gate-result.ts";
import type { SignOffState } from "../../github/approvals.ts";
import type { Note } from "../base/comparison-notes.ts";
import { verdictExitCodes, type ExitCode } from "../exit-codes.ts";
import type { ActionVerdict } from "./outputs.ts";
import type { SignOffNeed } from "./sign-off-reasons.ts";

/** Everything that people see of a run. Texts may hold anything: each format escapes them. */
export interface ActionReport {
  readonly verdict: ActionVerdict;
  readonly exitCode: ExitCode;
  /** The verdict in one or two sentences where the result alone does not say it; null where it does. */
  readonly headline: string | null;
  readonly notes: readonly Note[];
  readonly result: GateResult;
  readonly need: SignOffNeed;
  readonly signOff: SignOffState;
}

/** Prompts that changed and that nobody has evaluated, because there is no key. */
interface Unevaluated {
  readonly prompts: readonly string[];
  readonly missing: readonly string[];
  readonly policy: "fail" | "neutral";
}

export interface OutcomeInput {
  readonly result: GateResult;
  readonly signOff: SignOffState;
  readonly unevaluated: Unevaluated;
  readonly changed: boolean;
}

type Outcome = Pick<ActionReport, "verdict" | "exitCode" | "headline">;

function unevaluatedOutcome({ prompts, missing, policy }: Unevaluated): Outcome {
  const what = `${prompts.length === 1 ? "1 prompt" : `${prompts.length} prompts`} changed and ${prompts.length === 1 ? "was" : "were"} not evaluated`;
  const why = `a run without ${missing.join(", ")} can make the static checks and nothing else`;
  const headline = `${what}: ${why}. It needs a maintainer's run, from a branch of this repository.`;
  return policy === "neutral"
    ? { verdict: "neutral", exitCode: 0, headline }
    : { verdict: "inconclusive", exitCode: 3, headline };
}

/** One verdict for the step: what was measured comes first, then what is missing. Missing is never a pass. */
export function outcomeOf({ result, signOff, unevaluated, changed }: OutcomeInput): Outcome {
  if (result.verdict === "fail") return { verdict: "fail", exitCode: 1, headline: null };
  if (unevaluated.prompts.length > 0) return unevaluatedOutcome(unevaluated);
  if (result.verdict === "inconclusive") {
    return { verdict: "inconclusive", exitCode: verdictExitCodes.inconclusive, headline: null };
  }
  if (signOff.kind === "waiting") {
    const count = signOff.required === 1 ? "1 person" : `${signOff.required} people`;
    const headline = `Nothing speaks against this change, and it waits for the sign-off of ${count}.`;
    return { verdict: "neutral", exitCode: 0, headline };
  }
  return {
    verdict: "pass",
    exitCode: 0,
    headline: changed ? null : "No prompt changed; no model was called.",
  };
}
