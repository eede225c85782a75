import { GateError } from "../../domain/errors.ts";
import type { Finding } from "../../domain/finding.ts";
import { visibleLine } from "../../domain/visible.ts";

/** What went wrong with a subject, as a finding; whatever is no `GateError` is a fault of ours and thrown on. */
export function problemOf(subject: string, error: unknown): Finding {
  if (!(error instanceof GateError) || error.code === "INTERRUPTED") throw error;
  return {
    kind: "problem",
    subject,
    message: visibleLine(error.message, 400),
    remedy: visibleLine(error.hint ?? "see the documentation of this part of the config", 300),
  };
}

/** What a look at a subject shows; a failure is one finding. */
export async function look(
  subject: string,
  work: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await work();
  } catch (error) {
    return [problemOf(subject, error)];
  }
}
