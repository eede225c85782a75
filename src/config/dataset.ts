import type { Assertion, Case } from "../domain/case.ts";
import { jsonDigest, type Digest } from "../domain/digest.ts";
import { GateError } from "../domain/errors.ts";
import { ProblemsError, type Problem } from "../domain/problem.ts";
import type { CaseEntry, Dataset } from "../domain/project.ts";
import { visibleLine } from "../domain/visible.ts";
import { caseSchema, type AssertionSchema } from "./case-schema.ts";
import { openCases, type CaseSource, type CaseSpan, type WrittenCase } from "./case-sources.ts";
import { issueProblems } from "./explain-issues.ts";
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
  readonly lines: (() => number)[];
  /** Id and digest of each case. */
  readonly digests: (readonly [id: string, digest: Digest])[];
  readonly spans: CaseSpan[];
  readonly variableCounts: Map<string, number>;
  readonly assertionMetrics: Map<string, Pick<Assertion, "type" | "metric">>;
}

type FoundCase = Extract<WrittenCase, { kind: "case" }>;

function emptyIndex(): Index {
  return {
    entries: [],
    places: new Map(),
    lines: [],
    digests: [],
    spans: [],
    variableCounts: new Map(),
    assertionMetrics: new Map(),
  };
}

const NO_TAGS: readonly string[] = [];

function entryOf({ id, group, tags, critical }: Case): CaseEntry {
  return {
    id,
    tags: tags.length === 0 ? NO_TAGS : tags,
    critical,
    ...(group === undefined ? {} : { group }),
  };
}

function remember(index: Index, testCase: Case, { span, line }: Pick<FoundCase, "span" | "line">): void {
  index.places.set(testCase.id, index.entries.length);
  index.entries.push(entryOf(testCase));
  index.lines.push(line);
  index.digests.push([testCase.id, jsonDigest(testCase)]);
  index.spans.push(span);
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
    digest: orderedDigest(index.digests),
    entries: index.entries,
    variableCounts: index.variableCounts,
    assertionMetrics: [...index.assertionMetrics.values()],
    read: async (id) => {
      const place = index.places.get(id);
      const span = place === undefined ? undefined : index.spans[place];
      if (place === undefined || span === undefined) {
        throw new GateError("DATASET_INVALID", `${visibleLine(file)} has no case ${visibleLine(id)}`);
      }
      const parsed = schema.safeParse(await source.read(span));
      // An edit in place, a truncation and a swap of lines all show in the digest.
      if (!parsed.success || jsonDigest(parsed.data) !== index.digests[place]?.[1])
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
    const message = `expected an id of its own; the case in line ${index.lines[earlier]?.()} has it too: "${visibleLine(testCase.id, 60)}"`;
    return [problemAt(document, { path: ["id"] }, message)];
  }
  remember(index, testCase, found);
  return rule(testCase, document);
}

/** Reads every case of a dataset once and judges it. `file` counts from `root` and lies inside of it. */
export async function checkDataset(
  root: string,
  file: string,
  { assertion, rule = () => [] }: { readonly assertion: AssertionSchema; readonly rule?: CaseRule },
): Promise<CheckedDataset> {
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
  index.lines.length = 0;
  if (index.entries.length === 0 && !found.hasErrors()) {
    found.add(fileProblem(file, "has no cases: expected at least one"));
  }
  if (!found.hasErrors())
    return { dataset: datasetOf(file, index, { schema, source }), problems: found.problems() };
  await source.close();
  return { dataset: null, problems: found.problems() };
}

/**
 * Opens a dataset: one pass that checks every case and computes the digest; the caller closes it. Throws `ProblemsError`
 * with code `DATASET_INVALID`; so does a later `read` when the file was changed meanwhile.
 */
export async function openDataset(root: string, file: string, assertion: AssertionSchema): Promise<Dataset> {
  const { dataset, problems } = await checkDataset(root, file, { assertion });
  if (dataset === null) throw new ProblemsError("DATASET_INVALID", problems);
  return dataset;
}
