import { CsvError, parse } from "csv-parse";
import type { Problem } from "../domain/problem.ts";
import { csvExpectation } from "./csv-expectation.ts";
import { suggestion } from "./known-keys.ts";
import { describeValue } from "./plain-value.ts";
import { problemAt, type SourceDocument } from "./source-document.ts";
import { SIZE_LIMITS } from "./text-file.ts";

/** A row as a case that the case schema can judge, or what is wrong with it. */
export type CsvRow =
  | { readonly kind: "case"; readonly document: SourceDocument }
  | { readonly kind: "problems"; readonly problems: readonly Problem[] };

const OWN_COLUMNS = ["id", "group", "tags", "critical", "expected", "split"];
const SPECIAL_COLUMNS = ["__expected", "__threshold", "__metric", "__description"];

const FAULTS: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'expected a closing " before the end of the file',
  CSV_INVALID_CLOSING_QUOTE: 'expected a comma after the closing "; write "" for a quote inside a cell',
  INVALID_OPENING_QUOTE: 'expected " only around a whole cell; write "" for a quote inside one',
  CSV_RECORD_INCONSISTENT_FIELDS_LENGTH: "expected as many cells as there are columns",
  CSV_MAX_RECORD_SIZE: "expected a row of at most 1 MB",
};

interface Row {
  readonly file: string;
  readonly line: number;
  readonly cells: ReadonlyMap<string, string>;
}

/** CSV knows rows, not places in them. */
function rowDocument({ file, line }: Pick<Row, "file" | "line">, value: unknown): SourceDocument {
  return { file, value, locate: () => ({ line, column: 1 }) };
}

function rowProblem(row: Pick<Row, "file" | "line">, column: string, message: string): Problem {
  return problemAt(rowDocument(row, null), { path: column === "" ? [] : [column] }, message);
}

function headerProblems(row: Pick<Row, "file" | "line">, columns: readonly string[]): Problem[] {
  return columns.flatMap((column, index) => {
    if (column === "") return [rowProblem(row, "", `expected a name for column ${index + 1}`)];
    if (columns.indexOf(column) < index) return [rowProblem(row, column, "expected every column once")];
    if (column === "__proto__") return [rowProblem(row, column, "the key __proto__ is not allowed")];
    if (!column.startsWith("__") || SPECIAL_COLUMNS.includes(column) || /^__expected\d+$/.test(column))
      return [];
    return [rowProblem(row, column, `unknown column${suggestion(column, SPECIAL_COLUMNS)}`)];
  });
}

/** promptfoo's pass mark of a row: it changes something only where a check has a graded score. */
function applyThreshold(
  row: Row,
  assertions: Readonly<Record<string, unknown>>[],
  problems: Problem[],
): void {
  const text = row.cells.get("__threshold")?.trim() ?? "";
  if (text === "") return;
  const threshold = Number(text);
  if (!(threshold > 0 && threshold <= 1)) {
    problems.push(
      rowProblem(row, "__threshold", `expected a number above 0 and at most 1, got ${describeValue(text)}`),
    );
  } else if (assertions.length > 1 && threshold < 1) {
    problems.push(
      rowProblem(
        row,
        "__threshold",
        "expected 1 in a row of several checks: each counts under its metric, gates set the floor",
      ),
    );
  } else if (assertions[0]?.["type"] === "rouge-n" && assertions.length === 1) {
    assertions[0] = { ...assertions[0], threshold };
  }
}

function critical(row: Row, problems: Problem[]): boolean {
  const text = (row.cells.get("critical") ?? "").trim().toLowerCase();
  if (text !== "" && text !== "true" && text !== "false") {
    problems.push(rowProblem(row, "critical", `expected true or false, got ${describeValue(text)}`));
  }
  return text === "true";
}

function caseOf(row: Row, isCheck: (type: string) => boolean): CsvRow {
  const problems: Problem[] = [];
  const assertions: Readonly<Record<string, unknown>>[] = [];
  const vars: [string, string][] = [];
  const metric = row.cells.get("__metric")?.trim() ?? "";
  for (const [column, cell] of row.cells) {
    if (column.startsWith("__expected") && cell.trim() !== "") {
      const read = csvExpectation(cell, isCheck);
      if (read.kind === "invalid") problems.push(rowProblem(row, column, read.message));
      else assertions.push({ ...read.assertion, ...(metric === "" ? {} : { metric }) });
    } else if (!column.startsWith("__") && !OWN_COLUMNS.includes(column)) vars.push([column, cell]);
  }
  applyThreshold(row, assertions, problems);
  const optional = ["expected", "group", "split"]
    .map((column) => [column, row.cells.get(column) ?? ""] as const)
    .filter(([, cell]) => cell !== "");
  const tags = (row.cells.get("tags") ?? "").split(/[,;]/).map((tag) => tag.trim());
  const value = {
    ...(row.cells.has("id") ? { id: row.cells.get("id") } : {}),
    vars: Object.fromEntries(vars),
    tags: tags.filter((tag) => tag !== ""),
    critical: critical(row, problems),
    assert: assertions,
    ...Object.fromEntries(optional),
  };
  return problems.length > 0
    ? { kind: "problems", problems }
    : { kind: "case", document: rowDocument(row, value) };
}

/**
 * The rows of a CSV dataset as cases. Columns are variables, but for `id`, `group`, `tags` (separated by `,` or `;`),
 * `critical`, `expected`, `split` and promptfoo's `__expected`, `__expected1`…, `__threshold`, `__metric`, `__description`.
 */
export async function* csvCases(
  file: string,
  text: string,
  isCheck: (type: string) => boolean,
): AsyncGenerator<CsvRow, void, undefined> {
  let columns: readonly string[] | undefined;
  try {
    const rows = parse(text, { info: true, skip_empty_lines: true, max_record_size: SIZE_LIMITS.line });
    for await (const { record, info } of rows as AsyncIterable<{
      record: string[];
      info: { lines: number };
    }>) {
      // The parser tells where a row ends; cells may hold line ends.
      const line = info.lines - record.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0);
      if (columns === undefined) {
        columns = record.map((column) => column.trim());
        const problems = headerProblems({ file, line }, columns);
        if (problems.length > 0) {
          yield { kind: "problems", problems };
          return;
        }
        continue;
      }
      const names = columns;
      const cells = new Map(record.map((cell, index) => [names[index] ?? "", cell]));
      yield caseOf({ file, line, cells }, isCheck);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = Number(error["lines"]);
    const message = FAULTS[error.code] ?? "expected valid CSV";
    yield {
      kind: "problems",
      problems: [rowProblem({ file, line: Number.isInteger(line) ? line : 1 }, "", message)],
    };
  }
}
