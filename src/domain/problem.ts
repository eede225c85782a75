import { GateError, type ErrorCode } from "./errors.ts";

/** One thing wrong with one file a user wrote. Lines and columns count from 1; 0 means the whole file. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Dotted path of the key inside the document, e.g. `gates.cost.maxIncrease`; empty for the document itself. */
  readonly path: string;
  /** What was expected and what was found, e.g. `expected a percentage, got "ten"`. */
  readonly message: string;
  readonly severity: "error" | "warning";
}

/** `promptgate.yaml:14:7 gates.cost.maxIncrease: expected a percentage, got "ten"`. */
export function renderProblem(problem: Problem): string {
  const position = problem.line > 0 ? `:${problem.line}:${problem.column}` : "";
  const path = problem.path === "" ? "" : ` ${problem.path}`;
  return `${problem.file}${position}${path}: ${problem.message}`;
}

const SHOWN = 200;

function renderErrors(errors: readonly Problem[]): string {
  const [first] = errors;
  if (errors.length === 1 && first !== undefined) return renderProblem(first);
  const lines = errors.slice(0, SHOWN).map((problem) => `\n  ${renderProblem(problem)}`);
  const rest = errors.length - lines.length;
  return `${errors.length} problems:${lines.join("")}${rest > 0 ? `\n  and ${rest} more` : ""}`;
}

/** Every problem of every file, thrown once; the message shows 200 errors at most, `problems` holds all, and warnings too. */
export class ProblemsError extends GateError {
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, problems: readonly Problem[]) {
    const errors = problems.filter((problem) => problem.severity === "error");
    super(code, renderErrors(errors), { hint: "correct the files and run `promptgate validate`" });
    this.problems = problems;
  }
}
