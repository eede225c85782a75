import type { Grade } from "../domain/calibration.ts";
import { labelValue, type Rubric, type Scale } from "../domain/rubric.ts";
import { describeValue } from "./plain-value.ts";
import type { Path } from "./source-document.ts";

/** A label of the scale, a whole grade, or one of them for each criterion. */
export type WrittenGrades = string | number | Readonly<Record<string, string | number>>;

/** What is wrong with a line, and where; the message is escaped. */
export interface LabelFault {
  readonly path: Path;
  readonly message: string;
}

type GradesOutcome =
  | { readonly kind: "grades"; readonly grades: readonly Grade[] }
  | { readonly kind: "faults"; readonly faults: readonly LabelFault[] };

function expectation(scale: Scale): string {
  switch (scale.kind) {
    case "choices":
      return `expected one of ${Object.keys(scale.choices)
        .map((label) => describeValue(label))
        .join(", ")}`;
    case "likert":
      return `expected a whole number from ${scale.min} to ${scale.max}`;
    case "pairwise":
      return "expected a pair of outputs: this rubric compares two";
  }
}

function readGrade(label: string | number, scale: Scale, path: Path): Grade | LabelFault {
  const value = scale.kind === "pairwise" ? undefined : labelValue(label, scale);
  if (value === null) return "not applicable";
  return value ?? { path, message: `${expectation(scale)}, got ${describeValue(label)}` };
}

function isFault(value: Grade | LabelFault): value is LabelFault {
  return typeof value === "object";
}

/** The grades of one output in the order of the rubric's criteria; each of them must have one. */
export function readGrades(
  written: WrittenGrades,
  { criteria, scale }: Pick<Rubric, "criteria" | "scale">,
  path: Path,
): GradesOutcome {
  const ids = criteria.map(({ id }) => id);
  if (typeof written !== "object") {
    if (ids.length > 1) {
      const message = `expected a label for each criterion: ${ids.map((id) => describeValue(id)).join(", ")}`;
      return { kind: "faults", faults: [{ path, message }] };
    }
    const grade = readGrade(written, scale, path);
    return isFault(grade) ? { kind: "faults", faults: [grade] } : { kind: "grades", grades: [grade] };
  }
  const unknown = Object.keys(written)
    .filter((id) => !ids.includes(id))
    .map((id): LabelFault => ({ path: [...path, id], message: "the rubric has no such criterion" }));
  const read = ids.map((id) => {
    const label = Object.hasOwn(written, id) ? written[id] : undefined;
    if (label !== undefined) return readGrade(label, scale, [...path, id]);
    return { path, message: `expected a label for the criterion ${describeValue(id)}` };
  });
  const faults = [...unknown, ...read.filter(isFault)];
  return faults.length > 0
    ? { kind: "faults", faults }
    : { kind: "grades", grades: read.filter((grade): grade is Grade => !isFault(grade)) };
}

/** The metric's score of one output: the mean of the criteria that apply, to twelve decimals. */
export function meanGrade(grades: readonly Grade[]): Grade {
  const scores = grades.filter((grade) => typeof grade === "number");
  if (scores.length === 0) return "not applicable";
  return Number((scores.reduce((sum, score) => sum + score, 0) / scores.length).toFixed(12));
}
