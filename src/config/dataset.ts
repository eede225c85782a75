import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Assertion, Case } from "../domain/case.ts";
import { jsonDigest } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import { ProblemsError, type Problem } from "../domain/problem.ts";
import type { CaseEntry, Dataset } from "../domain/project.ts";
import { visibleLine } from "../domain/visible.ts";
import { caseSchema, type AssertionSchema } from "./case-schema.ts";
import { openCases, type CaseSource, type CaseSpan, type WrittenCase } from "./case-sources.ts";
import { issueProblems } from "./explain-issues.ts";
import { lineIndex, type LineIndex } from "./line-index.ts";
import { orderedDigest } from "./ordered-digest.ts";
import { problemList } from "./problem-list.ts";
import { fileProblem, problemAt, type SourceDocument } from "./source-document.ts";
import { unreadable } from "./text-file.ts";

/** Judges a case beyond its schema, e.g. against the prompt that it is for. */
export type CaseRule = (testCase: Case, document: SourceDocument) => readonly Problem[];

/** A dataset that was read once, and all that is wrong with it. */
export interface CheckedDataset {
  /** Null when a case is missing or wrong. */
  readonly dataset: Dataset | null;
  readonly problems: readonly Problem[];
}

/** What one pass over the cases keeps: little per case, so that a hundred thousand fit. */
interface Index {
  readonly entries: CaseEntry[];
  /** id -> place in `entries`. */
  readonly places: Map<string, number>;
  /** Where each case stands; for one that is held in memory only its digest counts. */
  readonly lines: LineIndex;
  /** What is held in memory, of formats that cannot be read case by case. */
  readonly values: Map<number, Extract<CaseSpan, { kind: "memory" }>>;
  /** Finds the line of a case that is held in memory. */
  readonly findLine: Map<number, () => number>;
  readonly variableCounts: Map<string, number>;
  readonly assertionMetrics: Map<string, Pick<Assertion, "type" | "metric">>;
}

type FoundCase = Extract<WrittenCase, { kind: "case" }>;

function emptyIndex(): Index {
  return {
    entries: [],
    places: new Map(),
    lines: lineIndex(),
    values: new Map(),
    findLine: new Map(),
    variableCounts: new Map(),
    assertionMetrics: new Map(),
  };
}

const NO_TAGS: readonly string[] = [];
const NOWHERE = { offset: 0, length: 0 };

function entryOf({ id, group, tags, critical }: Case): CaseEntry {
  return {
    id,
    tags: tags.length === 0 ? NO_TAGS : tags,
    critical,
    ...(group === undefined ? {} : { group }),
  };
}

function remember(index: Index, testCase: Case, { span, line }: Pick<FoundCase, "span" | "line">): void {
  const isLine = span.kind === "line";
  const place = index.lines.add(isLine ? span : NOWHERE, isLine ? line() : 0, jsonDigest(testCase));
  if (span.kind === "memory") {
    index.values.set(place, span);
    index.findLine.set(place, line);
  }
  index.places.set(testCase.id, place);
  index.entries.push(entryOf(testCase));
  for (const name of Object.keys(testCase.vars)) {
    index.variableCounts.set(name, (index.variableCounts.get(name) ?? 0) + 1);
  }
  for (const { type, metric } of testCase.assert) {
    index.assertionMetrics.set(JSON.stringify([type, metric]), { type, metric });
  }
}

function changedFile(file: string, id: string): GateError {
  return new GateError(
    "DATASET_INVALID",
    `${visibleLine(file)} changed while it was in use: case ${visibleLine(id)} is not what was checked`,
    { hint: "run the command again and leave the dataset alone meanwhile" },
  );
}

interface Reader {
  readonly schema: ReturnType<typeof caseSchema>;
  readonly source: CaseSource;
}

function datasetOf(file: string, index: Index, { schema, source }: Reader): Dataset {
  return {
    file,
    digest: orderedDigest(
      index.entries.map(({ id }) => id),
      index.lines.digest,
    ),
    entries: index.entries,
    variableCounts: index.variableCounts,
    assertionMetrics: [...index.assertionMetrics.values()],
    read: async (id) => {
      const place = index.places.get(id);
      if (place === undefined) {
        throw new GateError("DATASET_INVALID", `${visibleLine(file)} has no case ${visibleLine(id)}`);
      }
      const span = index.values.get(place) ?? { kind: "line" as const, ...index.lines.span(place) };
      const parsed = schema.safeParse(await source.read(span));
      // An edit in place, a truncation and a swap of lines all show in the digest.
      if (!parsed.success || jsonDigest(parsed.data) !== index.lines.digest(place))
        throw changedFile(file, id);
      return parsed.data;
    },
    close: () => source.close(),
  };
}

/** The case's problems; a case without errors is remembered. */
function takeCase(
  index: Index,
  schema: Reader["schema"],
  found: FoundCase,
  rule: CaseRule,
): readonly Problem[] {
  const { document } = found;
  const parsed = schema.safeParse(document.value);
  if (!parsed.success) return issueProblems(document, schema, parsed.error);
  const testCase = parsed.data;
  const earlier = index.places.get(testCase.id);
  if (earlier !== undefined) {
    const message = `expected an id of its own; the case in line ${index.findLine.get(earlier)?.() ?? index.lines.line(earlier)} has it too: "${visibleLine(testCase.id, 60)}"`;
    return [problemAt(document, { path: ["id"] }, message)];
  }
  remember(index, testCase, found);
  return rule(testCase, document);
}

/** What was found in files that have not changed since: a command checks a dataset and then opens it. */
const checkedLately = new Map<
  string,
  { readonly identity: string; readonly assertion: AssertionSchema; readonly index: Index }
>();
const LATELY = 8;

/** Equal only for the same bytes, but for an edit within the clock's tick, which shows when a case is read. */
async function fileIdentity(root: string, file: string): Promise<string | null> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(join(root, file), { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
  } catch {
    // Whoever opens it says why.
    return null;
  }
}

function rememberChecked(
  path: string,
  identity: string | null,
  assertion: AssertionSchema,
  index: Index,
): void {
  // Cases that are held in memory are not kept longer than they are used.
  if (identity === null || index.values.size > 0) return;
  const [oldest] = checkedLately.keys();
  if (checkedLately.size >= LATELY && oldest !== undefined) checkedLately.delete(oldest);
  checkedLately.set(path, { identity, assertion, index });
}

/** The dataset as it was checked, if the file is the same; else null. */
async function openChecked(root: string, file: string, assertion: AssertionSchema): Promise<Dataset | null> {
  const known = checkedLately.get(join(root, file));
  if (known === undefined || known.assertion !== assertion) return null;
  if (known.identity !== (await fileIdentity(root, file))) return null;
  const opened = await openCases(root, file, assertion);
  if (opened.kind === "invalid") return null;
  return datasetOf(file, known.index, { schema: caseSchema(assertion), source: opened.source });
}

/** Reads every case of a dataset once and judges it. `file` counts from `root` and lies inside of it. */
export async function checkDataset(
  root: string,
  file: string,
  { assertion, rule = () => [] }: { readonly assertion: AssertionSchema; readonly rule?: CaseRule },
): Promise<CheckedDataset> {
  const identity = await fileIdentity(root, file);
  const opened = await openCases(root, file, assertion);
  if (opened.kind === "invalid") return { dataset: null, problems: opened.problems };
  const { source } = opened;
  const schema = caseSchema(assertion);
  const index = emptyIndex();
  const found = problemList();
  try {
    for await (const item of source.cases) {
      found.add(...(item.kind === "problems" ? item.problems : takeCase(index, schema, item, rule)));
    }
  } catch (error) {
    found.add(fileProblem(file, unreadable(error).reason));
  }
  // They may hold on to the whole syntax tree of the file.
  index.findLine.clear();
  if (index.entries.length === 0 && !found.hasErrors()) {
    found.add(fileProblem(file, "has no cases: expected at least one"));
  }
  if (!found.hasErrors()) {
    rememberChecked(join(root, file), identity, assertion, index);
    return { dataset: datasetOf(file, index, { schema, source }), problems: found.problems() };
  }
  await source.close();
  return { dataset: null, problems: found.problems() };
}

/**
 * Opens a dataset: one pass that checks every case and computes the digest; the caller closes it. Throws `ProblemsError`
 * with code `DATASET_INVALID`; so does a later `read` when the file was changed meanwhile.
 */
export async function openDataset(root: string, file: string, assertion: AssertionSchema): Promise<Dataset> {
  const checked = await openChecked(root, file, assertion);
  if (checked !== null) return checked;
  const { dataset, problems } = await checkDataset(root, file, { assertion });
  if (dataset === null) throw new ProblemsError("DATASET_INVALID", problems);
  return dataset;
}
