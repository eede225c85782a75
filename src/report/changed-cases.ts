import type { CaseChange } from "../domain/gate-result.ts";

/** What moved on one case, with the two outputs that all of its metrics scored. */
export interface ChangedCase {
  readonly id: string;
  readonly changes: readonly CaseChange[];
  readonly baselineOutput: string | null;
  readonly candidateOutput: string | null;
}

/**
 * Changes of the same outputs together, so that a reader sees these once; in the order of each case's first change. A case
 * whose metrics changed on different samples comes once for each pair of outputs.
 */
export function changedCases(changes: readonly CaseChange[]): ChangedCase[] {
  const found = new Map<string, CaseChange[]>();
  for (const change of changes) {
    const key = JSON.stringify([change.id, change.baselineOutput, change.candidateOutput]);
    const same = found.get(key);
    if (same === undefined) found.set(key, [change]);
    else same.push(change);
  }
  return [...found.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { id, baselineOutput, candidateOutput } = first;
    return [{ id, changes: same, baselineOutput, candidateOutput }];
  });
}
