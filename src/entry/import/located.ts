import { isAbsolute } from "node:path";
import { parseSource } from "../../config/document-file.ts";
import { problemAt, type Path, type SourceDocument } from "../../config/source-document.ts";
import { pathInside, readTextFile, SIZE_LIMITS } from "../../config/text-file.ts";
import type { Problem } from "../../domain/problem.ts";
import { renderProblem } from "../../domain/problem.ts";
import { visibleLine } from "../../domain/visible.ts";
import { plainDocument } from "./plain-document.ts";

/** A value of a promptfoo file that still knows where it stood. */
export interface Located {
  readonly document: SourceDocument;
  readonly path: Path;
  readonly value: unknown;
}

export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value under a key or an index; undefined when there is none. */
export function childOf({ document, path, value }: Located, key: string | number): Located {
  const inner: unknown =
    typeof value === "object" && value !== null && Object.hasOwn(value, key)
      ? Reflect.get(value, key)
      : undefined;
  return { document, path: [...path, key], value: inner };
}

/** The items of a list; a single value is a list of one, and nothing is an empty one. */
export function itemsOf(parent: Located): Located[] {
  const { value } = parent;
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value.map((_, index) => childOf(parent, index)) : [parent];
}

/** What an import could not carry (`error`), and what it carried with a change (`warning`); each once. */
export interface ImportNotes {
  lost(place: Located, message: string): void;
  changed(place: Located, message: string): void;
  readonly all: () => readonly Problem[];
}

export function importNotes(): ImportNotes {
  const found = new Map<string, Problem>();
  const add = ({ document, path }: Located, message: string, severity: Problem["severity"]): void => {
    const problem = problemAt(document, { path, severity }, message);
    const key = `${severity} ${renderProblem(problem)}`;
    if (!found.has(key)) found.set(key, problem);
  };
  return {
    lost: (place, message) => add(place, message, "error"),
    changed: (place, message) => add(place, message, "warning"),
    all: () => [...found.values()],
  };
}

/** Where an import reads: the folder of the config, and nothing outside of it. */
export interface ImportSource {
  readonly root: string;
  readonly notes: ImportNotes;
}

/** The path of a `file://…` reference, or null for any other value. */
export function referencedFile(value: unknown): string | null {
  return typeof value === "string" && value.startsWith("file://") ? value.slice("file://".length) : null;
}

const CODE = /\.(?:[cm]?[jt]s|py|rb|sh|bash|exe|bat|cmd|ps1|pl|go)(?::[\w.]+)?$/i;

/** True for a file that promptfoo would run; an import runs nothing. */
export function isCode(file: string): boolean {
  return CODE.test(file);
}

/** The text of a file of the folder; null, with a note, when it cannot be read. */
export async function readText(source: ImportSource, place: Located, file: string): Promise<string | null> {
  const shown = visibleLine(file, 200);
  if (isCode(file)) {
    source.notes.lost(place, `${shown} is code, and an import runs none`);
    return null;
  }
  const located = isAbsolute(file)
    ? ({
        kind: "unreadable",
        reason: "has an absolute path: only files in the config's folder are read",
      } as const)
    : await pathInside(source.root, file);
  const read =
    located.kind === "unreadable" ? located : await readTextFile(located.path, SIZE_LIMITS.dataset);
  if (read.kind === "text") return read.text;
  const reason = read.reason.replace(/^lies outside the project;.*/, "lies outside the config's folder");
  source.notes.lost(place, `${shown}: ${reason}`);
  return null;
}

/** A YAML or JSON file of the folder; null, with notes, when it cannot be read. */
export async function readLocated(
  source: ImportSource,
  place: Located,
  file: string,
): Promise<Located | null> {
  const text = await readText(source, place, file);
  if (text === null) return null;
  const parsed = parseSource(file, text);
  if (parsed.kind === "parsed") return plainDocument(parsed.document);
  for (const problem of parsed.problems) source.notes.lost(place, renderProblem(problem));
  return null;
}
