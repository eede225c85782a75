import * as z from "zod";
import type { Grade } from "../domain/calibration.ts";
import type { Variables } from "../domain/case.ts";
import { jsonDigest, type Digest } from "../domain/digest.ts";
import { ProblemsError, type Problem } from "../domain/problem.ts";
import type { Rubric } from "../domain/rubric.ts";
import { visibleLine } from "../domain/visible.ts";
import { meanGrade, readGrades, type LabelFault, type WrittenGrades } from "./calibration-grades.ts";
import { issueProblems } from "./explain-issues.ts";
import { jsonLines, type JsonLine } from "./json-lines.ts";
import { problemList } from "./problem-list.ts";
import { fileProblem, problemAt } from "./source-document.ts";
import { openOrdinaryFile, SIZE_LIMITS, unreadable } from "./text-file.ts";

interface LabelledInput {
  readonly id: string;
  readonly vars: Variables;
  readonly expected?: unknown;
}

/** One output that people graded. */
export interface LabelledOutput extends LabelledInput {
  readonly kind: "output";
  /** Null where only answers made elsewhere are compared. */
  readonly output: string | null;
  /** True when people graded the output as a whole instead of each criterion. */
  readonly isWhole: boolean;
  readonly human: readonly Grade[];
  /** Answers made elsewhere, one a repeat, null = unusable. Null in all = the judge has to be asked. */
  readonly stored: readonly (readonly Grade[] | null)[] | null;
}

/** Names the same output in both orders. */
export type PairAnswer = 1 | 2 | "tie";

/** Which of two outputs people call better. */
export interface LabelledPair extends LabelledInput {
  readonly kind: "pair";
  readonly outputs: readonly [string, string] | null;
  readonly human: 1 | 2;
  /** Answers made elsewhere, with the outputs as given and the other way round; null = unusable. */
  readonly stored: { readonly asGiven: PairAnswer | null; readonly reversed: PairAnswer | null } | null;
}

type Label = LabelledOutput | LabelledPair;

/** A labels file. All labels are of one kind, and all of them or none have answers made elsewhere. */
export interface HumanLabels {
  /** As it was named. */
  readonly file: string;
  readonly digest: Digest;
  /** Never empty. */
  readonly labels: readonly Label[];
}

/** Kappa of graded scales compares every label with every other one. */
const MOST_LABELS = 10_000;

const label = z.union([z.string(), z.number()], "expected a label or a grade");
const grades = z.union([label, z.record(z.string(), label)], "expected a label, or one for each criterion");
const pairAnswer = z.union([z.literal(1), z.literal(2), z.literal("tie")], "expected 1, 2 or tie").nullable();

/** What was judged, unchanged: an empty output is never put to a judge. */
const output = z.string().refine((text) => text.trim() !== "", "expected text");

const lineSchema = z.strictObject({
  id: z.string("expected text (put a number in quotes)").min(1).max(200),
  vars: z.record(z.string(), z.unknown()).default({}),
  expected: z.unknown().optional(),
  output: output.optional(),
  outputs: z.tuple([output, output], "expected a list of two outputs").optional(),
  human: grades.optional(),
  score: z.number().min(0).max(1).optional(),
  verdict: grades.nullable().optional(),
  verdicts: z.array(grades.nullable()).min(1).optional(),
  verdict_ab: pairAnswer.optional(),
  verdict_ba: pairAnswer.optional(),
  metadata: z.record(z.string(), z.unknown()).optional(),
});

type Line = z.infer<typeof lineSchema>;
type ReadLabel = Label | { readonly kind: "faults"; readonly faults: readonly LabelFault[] };

function fault(message: string, ...path: readonly string[]): ReadLabel {
  return { kind: "faults", faults: [{ path, message }] };
}

function inputOf({ id, vars, expected }: Line): LabelledInput {
  return { id, vars, ...(expected === undefined ? {} : { expected }) };
}

function readPair(line: Line): ReadLabel {
  const { human, outputs = null, verdict_ab: asGiven, verdict_ba: reversed } = line;
  const foreign = (["output", "score", "verdict", "verdicts"] as const).find(
    (key) => line[key] !== undefined,
  );
  if (foreign !== undefined) return fault(`${foreign} does not go with a pair of outputs`, foreign);
  if (human !== 1 && human !== 2) return fault("expected 1 or 2: the better output of the pair", "human");
  if ((asGiven === undefined) !== (reversed === undefined)) {
    return fault("expected verdict_ab and verdict_ba: one answer for each order");
  }
  const stored = asGiven === undefined || reversed === undefined ? null : { asGiven, reversed };
  return { kind: "pair", ...inputOf(line), outputs, human, stored };
}

function readAnswers(
  { verdict, verdicts }: Line,
  rubric: Rubric,
): { readonly answers: (readonly Grade[] | null)[] | null; readonly faults: readonly LabelFault[] } {
  const written: readonly (WrittenGrades | null)[] | undefined = verdict === undefined ? verdicts : [verdict];
  if (written === undefined) return { answers: null, faults: [] };
  const faults: LabelFault[] = [];
  const answers = written.map((answer, index) => {
    if (answer === null) return null;
    const read = readGrades(answer, rubric, verdict === undefined ? ["verdicts", index] : ["verdict"]);
    if (read.kind === "grades") return read.grades;
    faults.push(...read.faults);
    return null;
  });
  return { answers, faults };
}

function readOutput(line: Line, rubric: Rubric): ReadLabel {
  const { human, score, output = null } = line;
  if (line.verdict !== undefined && line.verdicts !== undefined) {
    return fault("expected verdict or verdicts, not both", "verdicts");
  }
  const { answers, faults } = readAnswers(line, rubric);
  if (score !== undefined && human === undefined) {
    if (faults.length > 0) return { kind: "faults", faults };
    const stored = answers?.map((answer) => answer && [meanGrade(answer)]) ?? null;
    return { kind: "output", ...inputOf(line), output, isWhole: true, human: [score], stored };
  }
  if (human === undefined || score !== undefined) {
    return fault("expected human, the people's label, or score, a number from 0 to 1");
  }
  const people = readGrades(human, rubric, ["human"]);
  if (people.kind === "faults") return { kind: "faults", faults: [...people.faults, ...faults] };
  if (faults.length > 0) return { kind: "faults", faults };
  return { kind: "output", ...inputOf(line), output, isWhole: false, human: people.grades, stored: answers };
}

function readLabel(line: Line, rubric: Rubric): ReadLabel {
  const { outputs, verdict_ab, verdict_ba } = line;
  const isPair = outputs !== undefined || verdict_ab !== undefined || verdict_ba !== undefined;
  return isPair ? readPair(line) : readOutput(line, rubric);
}

/** Labels of different kinds give no figures together. */
function differs(label: Label, first: Label): LabelFault | null {
  if (label.kind !== first.kind) {
    return { path: [], message: "expected outputs or pairs of outputs in the whole file, not both" };
  }
  if ((label.stored === null) !== (first.stored === null)) {
    return { path: [], message: "expected verdicts in all lines or in none" };
  }
  if (label.kind === "output" && first.kind === "output" && label.isWhole !== first.isWhole) {
    return { path: [], message: "expected human in all lines or score in all lines" };
  }
  return null;
}

/** Without an answer made elsewhere the judge needs something to look at. */
function lacksOutput(label: Label): LabelFault | null {
  if (label.stored !== null) return null;
  const given = label.kind === "pair" ? label.outputs : label.output;
  return given === null ? { path: [], message: "expected output, the text that people graded" } : null;
}

interface Reading {
  readonly rubric: Rubric;
  readonly labels: Label[];
  readonly digests: (readonly [id: string, digest: Digest])[];
  readonly ids: Set<string>;
}

function takeLine(reading: Reading, { document }: Extract<JsonLine, { kind: "value" }>): readonly Problem[] {
  const parsed = lineSchema.safeParse(document.value);
  if (!parsed.success) return issueProblems(document, lineSchema, parsed.error);
  const { id } = parsed.data;
  const read = readLabel(parsed.data, reading.rubric);
  const place = (faults: readonly LabelFault[]): Problem[] =>
    faults.map(({ path, message }) => problemAt(document, { path }, message));
  if (read.kind === "faults") return place(read.faults);
  const [first = read] = reading.labels;
  const found = differs(read, first) ?? lacksOutput(read);
  if (found !== null) return place([found]);
  if (reading.ids.has(id)) return place([{ path: ["id"], message: "expected an id of its own" }]);
  if (reading.labels.length >= MOST_LABELS)
    return place([{ path: [], message: "10,000 labels are the limit" }]);
  reading.ids.add(id);
  reading.labels.push(read);
  reading.digests.push([id, jsonDigest(parsed.data)]);
  return [];
}

/**
 * Reads human labels for a rubric from JSON Lines; `path` is where the file is and `file` how messages name it. Throws
 * `ProblemsError` with code `DATASET_INVALID`.
 */
export async function readHumanLabels(path: string, file: string, rubric: Rubric): Promise<HumanLabels> {
  const opened = await openOrdinaryFile(path, SIZE_LIMITS.lines);
  if (opened.kind === "unreadable")
    throw new ProblemsError("DATASET_INVALID", [fileProblem(file, opened.reason)]);
  const { handle, size } = opened;
  const reading: Reading = { rubric, labels: [], digests: [], ids: new Set() };
  const found = problemList();
  try {
    for await (const line of jsonLines(file, { handle, size, lineLimit: SIZE_LIMITS.line })) {
      found.add(...(line.kind === "problems" ? line.problems : takeLine(reading, line)));
    }
  } catch (error) {
    found.add(fileProblem(file, unreadable(error).reason));
  } finally {
    await handle.close();
  }
  if (reading.labels.length === 0 && !found.hasErrors()) {
    found.add(fileProblem(file, "has no labels: expected at least one"));
  }
  if (found.hasErrors()) throw new ProblemsError("DATASET_INVALID", found.problems());
  return {
    file: visibleLine(file),
    digest: jsonDigest(Object.fromEntries(reading.digests)),
    labels: reading.labels,
  };
}
