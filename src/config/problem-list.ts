import type { Problem } from "../domain/problem.ts";

/** How many problems of one severity are kept for one file; the rest is counted. */
const KEPT_PER_FILE = 200;

/** Problems of one file: a hundred thousand alike need no hundred thousand lines. */
export interface ProblemList {
  add(...problems: readonly Problem[]): void;
  /** What was kept, with a last line that counts the rest. */
  problems(): Problem[];
  hasErrors(): boolean;
}

export function problemList(): ProblemList {
  const kept: Problem[] = [];
  const counts = { error: 0, warning: 0 };
  return {
    add: (...problems) => {
      for (const problem of problems) {
        counts[problem.severity] += 1;
        if (counts[problem.severity] <= KEPT_PER_FILE) kept.push(problem);
      }
    },
    hasErrors: () => counts.error > 0,
    problems: () => {
      const more = (["error", "warning"] as const).flatMap((severity): Problem[] => {
        const rest = counts[severity] - KEPT_PER_FILE;
        const last = kept.findLast((problem) => problem.severity === severity);
        if (rest <= 0 || last === undefined) return [];
        return [{ ...last, path: "", message: `and ${rest} more ${severity}s in this file` }];
      });
      return [...kept, ...more];
    },
  };
}
