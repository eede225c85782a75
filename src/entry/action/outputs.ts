import { setOutput } from "@actions/core";
import { GateError } from "../../domain/errors.ts";

/** What the whole step comes to. `neutral` is no pass: something is missing that somebody else has to add. */
export type ActionVerdict = "pass" | "fail" | "inconclusive" | "neutral" | "error";

/** Everything that a later step can read. Empty text = not known. */
export interface ActionOutputs {
  readonly verdict: ActionVerdict;
  readonly changed: "true" | "false" | "";
  /** JSON array of names, the first 200. */
  readonly "changed-prompts": string;
  readonly bump: "none" | "patch" | "minor" | "major" | "";
  readonly "sign-off-required": "true" | "false" | "";
  readonly "content-digest": string;
  readonly "report-path": string;
  readonly "report-digest": string;
  readonly "comment-url": string;
  readonly "cost-usd": string;
  /** JSON array of `i/n`. */
  readonly shards: string;
  readonly "shard-path": string;
  readonly "evidence-path": string;
  readonly "predicate-type": string;
  readonly "predicate-path": string;
  readonly "subject-checksums": string;
  readonly stage: string;
  readonly "traffic-percent": string;
  /** JSON array of objects, the first 200. */
  readonly rollouts: string;
}

/** The outputs of a run that ended before anything was known. */
export const nothingKnown: ActionOutputs = {
  verdict: "error",
  changed: "",
  "changed-prompts": "[]",
  bump: "",
  "sign-off-required": "",
  "content-digest": "",
  "report-path": "",
  "report-digest": "",
  "comment-url": "",
  "cost-usd": "",
  shards: "[]",
  "shard-path": "",
  "evidence-path": "",
  "predicate-type": "",
  "predicate-path": "",
  "subject-checksums": "",
  stage: "",
  "traffic-percent": "",
  rollouts: "[]",
};

export const OUTPUT_NAMES: readonly string[] = Object.keys(nothingKnown);

/**
 * Writes all outputs, always: a record in the file beats a command that something printed. `file` is what
 * `GITHUB_OUTPUT` names; without one there is nobody to read them, and the toolkit would print them.
 */
export async function writeOutputs(file: string | undefined, outputs: ActionOutputs): Promise<void> {
  if (file === undefined || file === "") return;
  try {
    for (const [name, value] of Object.entries(outputs)) setOutput(name, value);
  } catch (error) {
    throw new GateError("STORAGE_FAILED", "cannot write the file that GITHUB_OUTPUT names", { cause: error });
  }
}
