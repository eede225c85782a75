import type { Finding } from "../../domain/finding.ts";
import { findingsOf } from "../../platforms/findings.ts";

/** What went wrong with a subject, as a finding; whatever is no `GateError` is a fault of ours and thrown on. */
export function problemOf(subject: string, error: unknown): Finding {
  return findingsOf(subject).failed(error, "see the documentation of this part of the config");
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
