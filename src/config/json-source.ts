import type { Problem } from "../domain/problem.ts";
import { scanJson } from "./json-scan.ts";
import { isPlainValue, plainValueFaults } from "./plain-value.ts";
import { positionsOf, problemAt, type Path, type Position, type SourceDocument } from "./source-document.ts";

export type ParsedSource =
  | { readonly kind: "parsed"; readonly document: SourceDocument }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

interface Offsets {
  readonly key: number;
  readonly value: number;
}

/** Positions of all values, found by a second pass over the text when the first one is asked for. */
function locator(text: string): SourceDocument["locate"] {
  let offsets: Map<string, Offsets> | undefined;
  let positionAt: ((offset: number) => Position) | undefined;
  return (path, target) => {
    if (offsets === undefined) {
      const found = new Map<string, Offsets>();
      scanJson(text, (at, key, value) => void found.set(JSON.stringify(at), { key, value }));
      offsets = found;
    }
    positionAt ??= positionsOf(text);
    for (let length = path.length; length >= 0; length -= 1) {
      const found = offsets.get(JSON.stringify(path.slice(0, length)));
      if (found !== undefined) {
        return positionAt(target === "key" && length === path.length ? found.key : found.value);
      }
    }
    return { line: 1, column: 1 };
  };
}

/** A problem where the text stops being what it should be. */
export function syntaxProblem(file: string, position: Position, message: string): Problem {
  return problemAt({ file, locate: () => position }, { path: [] }, message);
}

/** Parses strict JSON: every key once, at most 100 levels, numbers that are kept exactly. */
export function parseJsonSource(file: string, text: string): ParsedSource {
  const fault = scanJson(text);
  if (fault !== null) {
    return {
      kind: "invalid",
      problems: [syntaxProblem(file, positionsOf(text)(fault.offset), fault.message)],
    };
  }
  const document: SourceDocument = { file, value: JSON.parse(text) as unknown, locate: locator(text) };
  if (isPlainValue(document.value)) return { kind: "parsed", document };
  return { kind: "invalid", problems: faultsOf(document) };
}

function faultsOf(document: SourceDocument): Problem[] {
  const problems: Problem[] = [];
  for (const { path, message } of plainValueFaults(document.value)) {
    problems.push(problemAt(document, { path, target: valueTarget(path) }, message));
  }
  return problems;
}

function valueTarget(path: Path): "key" | "value" {
  return path.at(-1) === "__proto__" ? "key" : "value";
}
