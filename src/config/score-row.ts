import type { ScoreRow } from "../domain/scores.ts";
import { describeValue } from "./plain-value.ts";
import type { Path } from "./source-document.ts";

/** A score row before repeats without a sample number are counted. */
export interface ParsedRow extends Omit<ScoreRow, "sample"> {
  readonly sample: number | null;
}

/** What is wrong with one field; the message is escaped. */
export interface RowFault {
  readonly path: Path;
  readonly message: string;
}

export type RowOutcome =
  | { readonly kind: "row"; readonly row: ParsedRow }
  | { readonly kind: "faults"; readonly faults: readonly RowFault[] };

/** True for a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

type NumberTest = (value: number) => boolean;

/** Checks an object of numbers or nulls; false when it is none, and then a fault was added. */
function checkNumbers(
  value: unknown,
  path: Path,
  expected: { readonly words: string; readonly holds: NumberTest },
  faults: RowFault[],
): value is Record<string, number | null> {
  if (!isObject(value)) {
    faults.push({ path, message: `expected an object of numbers, got ${describeValue(value)}` });
    return false;
  }
  for (const [name, entry] of Object.entries(value)) {
    if (entry === null || (typeof entry === "number" && expected.holds(entry))) continue;
    faults.push({
      path: [...path, name],
      message: `expected ${expected.words}, got ${describeValue(entry)}`,
    });
  }
  return true;
}

const SCORE = {
  words: "a number in [0,1] or null",
  holds: (value: number) => value >= 0 && value <= 1,
};
const MEASURE = { words: "a number of at least 0 or null", holds: (value: number) => value >= 0 };

/** One line of a score file; fields that are not its own are left alone. */
export function parseScoreRow(value: unknown): RowOutcome {
  const faults: RowFault[] = [];
  if (!isObject(value)) {
    return {
      kind: "faults",
      faults: [{ path: [], message: `expected an object with id and scores, got ${describeValue(value)}` }],
    };
  }
  const { id, scores, sample = null, group, measures } = value;
  if (typeof id !== "string" || id === "") {
    faults.push({ path: ["id"], message: `expected a text that is not empty, got ${describeValue(id)}` });
  }
  if (sample !== null && !(Number.isSafeInteger(sample) && (sample as number) >= 0)) {
    faults.push({
      path: ["sample"],
      message: `expected a whole number of at least 0, got ${describeValue(sample)}`,
    });
  }
  if (group !== undefined && (typeof group !== "string" || group === "")) {
    faults.push({
      path: ["group"],
      message: `expected a text that is not empty, got ${describeValue(group)}`,
    });
  }
  const scored = checkNumbers(scores, ["scores"], SCORE, faults);
  const measured = measures === undefined || checkNumbers(measures, ["measures"], MEASURE, faults);
  if (faults.length > 0 || !scored || !measured) return { kind: "faults", faults };
  return {
    kind: "row",
    row: {
      id: id as string,
      scores,
      sample: sample as number | null,
      ...(group === undefined ? {} : { group: group as string }),
      ...(measures === undefined ? {} : { measures }),
    },
  };
}
