import { extname } from "node:path";
import type { Problem } from "../domain/problem.ts";
import type { AssertionSchema } from "./case-schema.ts";
import { csvCases } from "./csv-cases.ts";
import { parseSource, pathOf } from "./document-file.ts";
import { jsonLines, lineReader, type JsonLine, type LineSpan } from "./json-lines.ts";
import { describeValue } from "./plain-value.ts";
import { fileProblem, problemAt, type SourceDocument } from "./source-document.ts";
import { openOrdinaryFile, readTextFile, SIZE_LIMITS } from "./text-file.ts";

/** How to get a case's value again: from its line in the file, or from memory. */
export type CaseSpan =
  | ({ readonly kind: "line" } & LineSpan)
  | { readonly kind: "memory"; readonly value: unknown };

/** One case as it was written, before its schema. */
export type WrittenCase =
  | {
      readonly kind: "case";
      readonly document: SourceDocument;
      readonly span: CaseSpan;
      /** Of its beginning; a function, because some formats have to search for it. */
      readonly line: () => number;
    }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

/** A dataset file of any format. */
export interface CaseSource {
  readonly cases: AsyncIterable<WrittenCase>;
  /** The value as it stands in the file now; null when it can no longer be read. */
  read(span: CaseSpan): Promise<unknown>;
  close(): Promise<void>;
}

type OpenedCases =
  | { readonly kind: "open"; readonly source: CaseSource }
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] };

function invalid(file: string, message: string): OpenedCases {
  return { kind: "invalid", problems: [fileProblem(file, message)] };
}

/** The line is copied out, so that an index may keep it without the document. */
function lineCase({ document, span, line }: Extract<JsonLine, { kind: "value" }>): WrittenCase {
  return { kind: "case", document, span: { kind: "line", ...span }, line: () => line };
}

function memoryCase(document: SourceDocument): WrittenCase {
  const { value } = document;
  return {
    kind: "case",
    document,
    span: { kind: "memory", value },
    line: () => document.locate([], "value").line,
  };
}

async function openLines(file: string, path: string): Promise<OpenedCases> {
  const opened = await openOrdinaryFile(path, SIZE_LIMITS.lines);
  if (opened.kind === "unreadable") return invalid(file, opened.reason);
  const { handle, size } = opened;
  const readLine = lineReader(handle, size);
  async function* cases(): AsyncGenerator<WrittenCase, void, undefined> {
    for await (const line of jsonLines(file, { handle, size, lineLimit: SIZE_LIMITS.line })) {
      if (line.kind === "problems") yield line;
      else yield lineCase(line);
    }
  }
  return {
    kind: "open",
    source: {
      cases: cases(),
      read: async (span) => (span.kind === "line" ? readLine(span) : span.value),
      close: () => handle.close(),
    },
  };
}

function inMemory(cases: AsyncIterable<WrittenCase>): OpenedCases {
  return {
    kind: "open",
    source: {
      cases,
      read: async (span) => (span.kind === "memory" ? span.value : null),
      close: async () => {},
    },
  };
}

/** A part of a document as a document of its own; positions stay those of the file. */
function part(document: SourceDocument, index: number, value: unknown): SourceDocument {
  return { file: document.file, value, locate: (path, target) => document.locate([index, ...path], target) };
}

async function* listedCases(document: SourceDocument): AsyncGenerator<WrittenCase, void, undefined> {
  const { value } = document;
  if (!Array.isArray(value)) {
    const message = `expected a list of cases, got ${describeValue(value)}`;
    yield { kind: "problems", problems: [problemAt(document, { path: [] }, message)] };
    return;
  }
  for (const [index, item] of (value as readonly unknown[]).entries()) {
    yield memoryCase(part(document, index, item));
  }
}

async function* tableCases(
  file: string,
  text: string,
  assertion: AssertionSchema,
): AsyncGenerator<WrittenCase, void, undefined> {
  // A check that exists may lack fields, but nothing is wrong with its type.
  const isCheck = (type: string): boolean => {
    const result = assertion.safeParse({ type });
    return result.success || !result.error.issues.some(({ path }) => path[0] === "type");
  };
  for await (const row of csvCases(file, text, isCheck)) {
    yield row.kind === "problems" ? row : memoryCase(row.document);
  }
}

/** Opens a dataset by its suffix: `.jsonl`, `.ndjson`, `.yml`, `.yaml`, `.json`, `.csv`. */
export async function openCases(
  root: string,
  file: string,
  assertion: AssertionSchema,
): Promise<OpenedCases> {
  const suffix = extname(file).toLowerCase();
  const located = await pathOf(root, file);
  if (located.kind === "unreadable") return invalid(file, located.reason);
  if (suffix === ".jsonl" || suffix === ".ndjson") return openLines(file, located.path);
  const isYaml = suffix === ".yml" || suffix === ".yaml";
  if (!isYaml && suffix !== ".json" && suffix !== ".csv") {
    return invalid(file, "expected a dataset that ends in .jsonl, .yml, .json or .csv");
  }
  const read = await readTextFile(located.path, isYaml ? SIZE_LIMITS.yamlDataset : SIZE_LIMITS.dataset);
  if (read.kind === "unreadable") {
    const advice = read.reason.includes("the limit is") ? "; write a large dataset as .jsonl" : "";
    return invalid(file, `${read.reason}${advice}`);
  }
  if (read.text.trim() === "") return invalid(file, "the file is empty: expected at least one case");
  if (suffix === ".csv") return inMemory(tableCases(file, read.text, assertion));
  const parsed = parseSource(file, read.text);
  return parsed.kind === "invalid" ? parsed : inMemory(listedCases(parsed.document));
}
