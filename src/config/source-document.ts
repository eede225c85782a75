import type { Problem } from "../domain/problem.ts";
import { visibleLine } from "../domain/visible.ts";

/** Keys and indices from the document's root to a value. */
export type Path = readonly (string | number)[];

/** Counted from 1; columns in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A parsed file that still knows where everything stood. */
export interface SourceDocument {
  readonly file: string;
  readonly value: unknown;
  /** Where the value, or its key, begins; of the nearest container when the path does not exist. */
  locate(path: Path, target: "key" | "value"): Position;
}

/** What is wrong with a text that could not be parsed. */
export interface SyntaxFault {
  readonly offset: number;
  readonly message: string;
}

/** Offset -> position of a text. */
export function positionsOf(text: string): (offset: number) => Position {
  const starts = [0];
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

const PLAIN_KEY = /^[\p{L}\p{N}_$-]+$/u;

/** `prompts.customer-support.judges[0]`; keys of other characters appear as `["…"]`, escaped. */
export function renderPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!PLAIN_KEY.test(part)) return `${text}["${visibleLine(part, 60)}"]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** Where a problem stands inside its document, and how bad it is. */
export interface ProblemPlace {
  readonly path: Path;
  readonly target?: "key" | "value";
  readonly severity?: Problem["severity"];
}

/** A problem with one place of a document; the message must be escaped already. */
export function problemAt(
  document: Pick<SourceDocument, "file" | "locate">,
  { path, target = "value", severity = "error" }: ProblemPlace,
  message: string,
): Problem {
  const { line, column } = document.locate(path, target);
  return { file: visibleLine(document.file), line, column, path: renderPath(path), message, severity };
}

/** A problem with a file as a whole. */
export function fileProblem(file: string, message: string): Problem {
  return { file: visibleLine(file), line: 0, column: 0, path: "", message, severity: "error" };
}
