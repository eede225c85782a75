import type { FileHandle } from "node:fs/promises";
import { GateError } from "../domain/errors.ts";
import { renderProblem, type Problem } from "../domain/problem.ts";
import type { ScoreRow } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import { jsonLines } from "./json-lines.ts";
import { scanJson } from "./json-scan.ts";
import { syntaxProblem } from "./json-source.ts";
import { promptfooResults, promptfooRows } from "./promptfoo-results.ts";
import { parseScoreRow, type ParsedRow } from "./score-row.ts";
import { fileProblem, positionsOf, problemAt, renderPath, type SourceDocument } from "./source-document.ts";
import { openOrdinaryFile, readTextFile, unreadable } from "./text-file.ts";

const LARGEST_FILE = 256_000_000;
const LARGEST_LINE = 1_000_000;
/** A file of another kind has a fault in every line; nobody reads more than these. */
const LISTED_PROBLEMS = 20;

/** Rows read so far, with where each came from. */
interface Reading {
  readonly file: string;
  readonly rows: ScoreRow[];
  readonly problems: Problem[];
  problemCount: number;
  /** Per id: the samples taken, as sample -> line. */
  readonly samples: Map<string, Map<number, number>>;
}

function report(reading: Reading, problem: Problem): void {
  reading.problemCount += 1;
  if (reading.problems.length < LISTED_PROBLEMS) reading.problems.push(problem);
}

/** Adds a row; one without a sample number is the next repeat of its case. Says what is wrong, or null. */
function addRow(reading: Reading, parsed: ParsedRow, line: number): string | null {
  const taken = reading.samples.get(parsed.id) ?? new Map<number, number>();
  reading.samples.set(parsed.id, taken);
  const sample = parsed.sample ?? taken.size;
  const other = taken.get(sample);
  if (other !== undefined) {
    return `case ${visibleLine(parsed.id, 60)} has a sample ${sample} already, in line ${other}`;
  }
  taken.set(sample, line);
  reading.rows.push({ ...parsed, sample });
  return null;
}

function addLine(reading: Reading, document: SourceDocument, line: number): void {
  const outcome = parseScoreRow(document.value);
  if (outcome.kind === "faults") {
    for (const { path, message } of outcome.faults) report(reading, problemAt(document, { path }, message));
    return;
  }
  const fault = addRow(reading, outcome.row, line);
  if (fault !== null) report(reading, problemAt(document, { path: ["sample"] }, fault));
}

async function readLines(reading: Reading, handle: FileHandle, size: number): Promise<void> {
  for await (const line of jsonLines(reading.file, { handle, size, lineLimit: LARGEST_LINE })) {
    if (line.kind === "value") addLine(reading, line.document, line.line);
    else for (const problem of line.problems) report(reading, problem);
  }
}

/** promptfoo's one document of all results. */
function readDocument(reading: Reading, text: string): void {
  const fault = scanJson(text);
  if (fault !== null) {
    report(reading, syntaxProblem(reading.file, positionsOf(text)(fault.offset), fault.message));
    return;
  }
  const results = promptfooResults(JSON.parse(text));
  if (results === null) {
    const message = "expected one object a line, or promptfoo's JSON output with its results.results";
    report(reading, fileProblem(reading.file, message));
    return;
  }
  const outcome = promptfooRows(results);
  if (outcome.kind === "rows") {
    for (const row of outcome.rows) addRow(reading, row, 0);
    return;
  }
  for (const { path, message } of outcome.faults) {
    report(reading, { ...fileProblem(reading.file, message), path: renderPath(path) });
  }
}

/** The first keys of promptfoo's document on a single line; in a score file an id and scores come first. */
const DOCUMENT_START = /^\{\s*"(?:evalId|results|config)"\s*:/;

/** True when a file is one JSON document rather than one a line, by how it starts. */
async function isDocument(handle: FileHandle): Promise<boolean> {
  const bytes = Buffer.alloc(4_096);
  const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
  const text = bytes
    .subarray(0, bytesRead)
    .toString("utf8")
    .replace(/^\uFEFF/, "")
    .trimStart();
  const firstLine = text.split("\n", 1)[0]?.trim();
  return text.startsWith("[") || firstLine === "{" || DOCUMENT_START.test(text);
}

function failure({ file, problems, problemCount }: Reading): GateError {
  const lines = problems.map(renderProblem);
  const rest = problemCount > lines.length ? `\n  and ${problemCount - lines.length} more` : "";
  const list = `${problemCount} problems in ${file}:\n${lines.map((line) => `  ${line}`).join("\n")}${rest}`;
  return new GateError("SCORES_INVALID", problemCount === 1 ? lines.join("") : list, {
    hint: 'one JSON object a line: {"id":"c1","scores":{"accuracy":1}}, scores in [0,1], null = unscored',
  });
}

async function readInto(reading: Reading, path: string): Promise<void> {
  const refuse = (reason: string): GateError =>
    new GateError("FILE_UNREADABLE", `${reading.file}: ${reason}`);
  const opened = await openOrdinaryFile(path, LARGEST_FILE);
  if (opened.kind === "unreadable") throw refuse(opened.reason);
  const { handle, size } = opened;
  try {
    if (!(await isDocument(handle))) {
      await readLines(reading, handle, size);
      return;
    }
  } catch (error) {
    throw error instanceof GateError ? error : refuse(unreadable(error).reason);
  } finally {
    await handle.close();
  }
  const text = await readTextFile(path, LARGEST_FILE);
  if (text.kind === "unreadable") throw refuse(text.reason);
  readDocument(reading, text.text);
}

/**
 * Reads a score file: JSON Lines, or promptfoo's JSON output. Throws GateError FILE_UNREADABLE, or SCORES_INVALID with
 * all faults (at most 20 of them listed). `file` is how messages name it.
 */
export async function readScoreFile(path: string, file: string): Promise<ScoreRow[]> {
  const reading: Reading = {
    file: visibleLine(file),
    rows: [],
    problems: [],
    problemCount: 0,
    samples: new Map(),
  };
  await readInto(reading, path);
  if (reading.problemCount > 0) throw failure(reading);
  if (reading.rows.length === 0) {
    throw new GateError("SCORES_INVALID", `${reading.file}: holds no scores`, {
      hint: 'one JSON object a line: {"id":"c1","scores":{"accuracy":1}}',
    });
  }
  return reading.rows;
}
