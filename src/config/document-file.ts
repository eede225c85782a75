import { resolve } from "node:path";
import type * as z from "zod";
import type { Problem } from "../domain/problem.ts";
import { issueProblems } from "./explain-issues.ts";
import { parseJsonSource, type ParsedSource } from "./json-source.ts";
import { fileProblem, type SourceDocument } from "./source-document.ts";
import { pathInside, readTextFile, SIZE_LIMITS, type Unreadable } from "./text-file.ts";
import { parseYamlSource } from "./yaml-source.ts";

/** A file that was read: the value when nothing is wrong with it, and all that is. */
export interface Checked<Value> {
  readonly value: Value | null;
  /** Null when the file could not be read or parsed. */
  readonly document: SourceDocument | null;
  readonly problems: readonly Problem[];
}

/** The folder that a file must lie in and that its relative name counts from; null = anywhere, the user typed it. */
export type Root = string | null;

/** Path of a file, if it may be read. */
export async function pathOf(
  root: Root,
  file: string,
): Promise<{ readonly kind: "inside"; readonly path: string } | Unreadable> {
  return root === null ? { kind: "inside", path: resolve(file) } : pathInside(root, file);
}

export function parseSource(file: string, text: string): ParsedSource {
  return /\.json$/i.test(file) ? parseJsonSource(file, text) : parseYamlSource(file, text);
}

/** Reads and parses one YAML or JSON document without judging what it says. */
export async function readSource(
  root: Root,
  file: string,
  limit: number = SIZE_LIMITS.document,
): Promise<ParsedSource> {
  const located = await pathOf(root, file);
  const read = located.kind === "unreadable" ? located : await readTextFile(located.path, limit);
  if (read.kind === "unreadable") return { kind: "invalid", problems: [fileProblem(file, read.reason)] };
  if (read.text.trim() === "") return { kind: "invalid", problems: [fileProblem(file, "the file is empty")] };
  return parseSource(file, read.text);
}

/** Judges a document by a schema, in plain words. */
export function checkDocument<Schema extends z.ZodType>(
  document: SourceDocument,
  schema: Schema,
  value: unknown = document.value,
): Checked<z.infer<Schema>> {
  const result = schema.safeParse(value);
  return result.success
    ? { value: result.data, document, problems: [] }
    : { value: null, document, problems: issueProblems(document, schema, result.error) };
}

/** Reads one YAML or JSON file and judges it by a schema. */
export async function readDocument<Schema extends z.ZodType>(
  root: Root,
  file: string,
  schema: Schema,
): Promise<Checked<z.infer<Schema>>> {
  const source = await readSource(root, file);
  if (source.kind === "invalid") return { value: null, document: null, problems: source.problems };
  return checkDocument(source.document, schema);
}
