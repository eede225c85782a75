import type { ObservationNote } from "../domain/metrics.ts";

/** A served request as a platform stored it. */
interface ScoredRow {
  readonly id: string;
  readonly traceId: string;
}

/** A score of one row, or of the trace that it belongs to (`rowId` null). */
export interface RowScore {
  readonly name: string;
  readonly value: number | boolean;
  readonly traceId: string;
  readonly rowId: string | null;
  /** ISO 8601. */
  readonly timestamp: string;
}

/** The newest score of each name by row; a score of a trace counts where the trace has one row of the prompt. */
export function scoresByRow(
  rows: readonly ScoredRow[],
  scores: readonly RowScore[],
): {
  readonly scores: ReadonlyMap<string, Readonly<Record<string, number | boolean>>>;
  readonly ambiguous: number;
} {
  const inTrace = new Map<string, ScoredRow[]>();
  for (const one of rows) inTrace.set(one.traceId, [...(inTrace.get(one.traceId) ?? []), one]);
  const found = new Map<string, Record<string, number | boolean>>();
  let ambiguous = 0;
  const byTime = scores.toSorted((left, right) => Date.parse(left.timestamp) - Date.parse(right.timestamp));
  // A row's own score says more than its trace's.
  const ordered = [
    ...byTime.filter(({ rowId }) => rowId === null),
    ...byTime.filter(({ rowId }) => rowId !== null),
  ];
  for (const { name, value, traceId, rowId } of ordered) {
    const own = inTrace.get(traceId) ?? [];
    if (rowId === null && own.length !== 1) ambiguous += 1;
    const id = rowId ?? (own.length === 1 ? own[0]?.id : undefined);
    if (id !== undefined) found.set(id, { ...found.get(id), [name]: value });
  }
  return { scores: found, ambiguous };
}

/** `what` names a row, e.g. `generation`. */
export function ambiguousNotes(count: number, what: string): ObservationNote[] {
  if (count === 0) return [];
  const message = `${count} scores of traces with several ${what}s of the prompt were left out: score the ${what}`;
  return [{ kind: "incomplete", count, message }];
}

/** Metrics that are no scores: they stand in the row itself. */
const FIELDS = new Set(["error_rate", "latency", "cost"]);

/** Names of the metrics that are scores, each once. */
export function scoreNames(metrics: readonly { readonly name: string }[]): string[] {
  return [...new Set(metrics.map(({ name }) => name))].filter((name) => !FIELDS.has(name));
}
