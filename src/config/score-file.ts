import type { FileHandle } from "node:fs/promises";
import { GateError } from "../domain/errors.ts";
import { renderProblem, type Problem } from "../domain/problem.ts";
import type { ScoreRow } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import { promptfooResults, promptfooRows } from "./promptfoo-results.ts";
import { isObject, parseScoreRow, type ParsedRow, type RowFault } from "./score-row.ts";
import { megabytes, openOrdinaryFile, unreadable } from "./text-file.ts";

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
  readonly groups: Map<string, string>;
}

function report(reading: Reading, line: number, { path, message }: RowFault): void {
  reading.problemCount += 1;
  if (reading.problems.length >= LISTED_PROBLEMS) return;
  const column = line === 0 ? 0 : 1;
  reading.problems.push({ file: reading.file, line, column, path, message, severity: "error" });
}

/** Adds a row; one without a sample number is the next repeat of its case. */
function addRow(reading: Reading, parsed: ParsedRow, line: number): void {
  const taken = reading.samples.get(parsed.id) ?? new Map<number, number>();
  reading.samples.set(parsed.id, taken);
  const sample = parsed.sample ?? taken.size;
  const other = taken.get(sample);
  const name = visibleLine(parsed.id, 60);
  if (other !== undefined) {
    const message = `case ${name}, sample ${sample} stands in line ${other} already`;
    report(reading, line, { path: "sample", message });
    return;
  }
  const group = reading.groups.get(parsed.id);
  if (group !== undefined && parsed.group !== undefined && group !== parsed.group) {
    const message = `case ${name} is in group ${visibleLine(group, 60)} already`;
    report(reading, line, { path: "group", message });
  }
  if (parsed.group !== undefined) reading.groups.set(parsed.id, parsed.group);
  taken.set(sample, line);
  reading.rows.push({ ...parsed, sample });
}

function parseJson(text: string): { readonly value: unknown } | { readonly fault: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    const notNumber = /[:,[]\s*-?(?:NaN|Infinity)\b/.exec(text);
    return notNumber === null
      ? { fault: "is not valid JSON" }
      : { fault: "is not valid JSON: NaN and Infinity are no JSON numbers; write null for unscored" };
  }
}

function addLine(reading: Reading, text: string, line: number): void {
  if (text.trim() === "") return;
  if (text.length > LARGEST_LINE) {
    report(reading, line, { path: "", message: `the line is longer than ${megabytes(LARGEST_LINE)}` });
    return;
  }
  const parsed = parseJson(text);
  if ("fault" in parsed) {
    report(reading, line, { path: "", message: parsed.fault });
    return;
  }
  const outcome = parseScoreRow(parsed.value);
  if (outcome.kind === "row") addRow(reading, outcome.row, line);
  else for (const fault of outcome.faults) report(reading, line, fault);
}

/** Text of the file piece by piece; a TypeError when it is not UTF-8. */
async function* textPieces(handle: FileHandle): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  for await (const bytes of handle.createReadStream({ autoClose: false, start: 0 })) {
    yield decoder.decode(bytes as Uint8Array, { stream: true });
  }
  yield decoder.decode();
}

/** promptfoo's document on a single line that goes on beyond what was read so far. */
const DOCUMENT_START = /^\{\s*"(?:evalId|results|config)"\s*:/;

/** True when a file that starts like this is one JSON document rather than one a line. */
function isDocument(start: string): boolean {
  const text = start.trimStart();
  if (text.startsWith("[")) return true;
  const end = text.indexOf("\n");
  if (end < 0 && DOCUMENT_START.test(text)) return true;
  const firstLine = (end < 0 ? text : text.slice(0, end)).trim();
  if (firstLine === "{") return true;
  const parsed = parseJson(firstLine);
  return "value" in parsed && promptfooResults(parsed.value) !== null;
}

function addDocument(reading: Reading, text: string): void {
  const parsed = parseJson(text);
  if ("fault" in parsed) {
    report(reading, 0, {
      path: "",
      message: `${parsed.fault} (neither as a whole nor as one object a line)`,
    });
    return;
  }
  const results = promptfooResults(parsed.value);
  if (results !== null) {
    const outcome = promptfooRows(results);
    if (outcome.kind === "faults") for (const fault of outcome.faults) report(reading, 0, fault);
    else for (const row of outcome.rows) addRow(reading, row, 0);
    return;
  }
  const list = Array.isArray(parsed.value) ? parsed.value : isObject(parsed.value) ? [parsed.value] : [];
  for (const [index, value] of list.entries()) {
    const outcome = parseScoreRow(value);
    if (outcome.kind === "row") addRow(reading, outcome.row, index + 1);
    else
      for (const fault of outcome.faults) report(reading, 0, { ...fault, path: `[${index}] ${fault.path}` });
  }
}

/** Splits pieces into lines while they arrive; a document is put together first. */
async function readRows(reading: Reading, pieces: AsyncIterable<string>): Promise<void> {
  let rest = "";
  let line = 0;
  let document: string[] | null = null;
  for await (const piece of pieces) {
    if (line === 0 && rest === "" && isDocument(piece)) document = [];
    if (document !== null) {
      document.push(piece);
      continue;
    }
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) addLine(reading, text, (line += 1));
  }
  if (document === null) addLine(reading, rest, line + 1);
  else addDocument(reading, document.join(""));
}

function failure({ file, problems, problemCount }: Reading): GateError {
  const rest = problemCount - problems.length;
  const lines = problems.map(renderProblem);
  const [only] = lines;
  const message =
    problemCount === 1 && only !== undefined
      ? only
      : `${problemCount} problems in ${file}:\n${lines.map((each) => `  ${each}`).join("\n")}${rest > 0 ? `\n  and ${rest} more` : ""}`;
  return new GateError("SCORES_INVALID", message, {
    hint: 'one JSON object a line: {"id":"c1","scores":{"accuracy":1}}, scores in [0,1], null = unscored',
  });
}

/**
 * Reads a score file: JSON Lines, a JSON list of the same objects, or promptfoo's JSON output. Throws GateError
 * FILE_UNREADABLE, or SCORES_INVALID with all faults (at most 20 of them listed). `file` is how messages name it.
 */
export async function readScoreFile(path: string, file: string): Promise<ScoreRow[]> {
  const name = visibleLine(file);
  const opened = await openOrdinaryFile(path, LARGEST_FILE);
  if (opened.kind === "unreadable") throw new GateError("FILE_UNREADABLE", `${name}: ${opened.reason}`);
  const reading: Reading = {
    file: name,
    rows: [],
    problems: [],
    problemCount: 0,
    samples: new Map(),
    groups: new Map(),
  };
  try {
    await readRows(reading, textPieces(opened.handle));
  } catch (error) {
    if (!(error instanceof TypeError)) {
      throw new GateError("FILE_UNREADABLE", `${name}: ${unreadable(error).reason}`, { cause: error });
    }
    throw new GateError("SCORES_INVALID", `${name}: is not UTF-8 text`, {
      hint: "save it as UTF-8",
      cause: error,
    });
  } finally {
    await opened.handle.close();
  }
  if (reading.problemCount > 0) throw failure(reading);
  if (reading.rows.length === 0) throw new GateError("SCORES_INVALID", `${name}: holds no scores`);
  return reading.rows;
}
