import { randomUUID } from "node:crypto";
import { appendFile } from "node:fs/promises";
import { GateError } from "../../domain/errors.ts";
import { outputRecord } from "../../github/workflow-commands.ts";

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
};

export const OUTPUT_NAMES: readonly string[] = Object.keys(nothingKnown);

/**
 * Writes all outputs, always: a record in the file beats a command that something printed. `file` is what
 * `GITHUB_OUTPUT` names; without one there is nobody to read them.
 */
export async function writeOutputs(file: string | undefined, outputs: ActionOutputs): Promise<void> {
  if (file === undefined || file === "") return;
  const records = Object.entries(outputs).map(([name, value]) =>
    outputRecord(name, String(value), `promptgate-${randomUUID()}`),
  );
  try {
    await appendFile(file, records.join(""));
  } catch (error) {
    throw new GateError("STORAGE_FAILED", "cannot write the file that GITHUB_OUTPUT names", { cause: error });
  }
}
