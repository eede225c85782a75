import type { JudgeFigures, JudgeNote, ScoreRow } from "../domain/scores.ts";
import type { IndexedRows } from "./case-values.ts";

/** A pairwise judge that contradicts itself more often than this with the order has no say in a verdict. */
export const SMALLEST_CONSISTENCY = 0.8;

interface Sides {
  readonly baseline: IndexedRows | null;
  readonly candidate: IndexedRows;
}

function* notesOf(
  metric: string,
  ids: Iterable<string>,
  { baseline, candidate }: Sides,
): Generator<JudgeNote> {
  for (const id of ids) {
    const rows: ScoreRow[] = [...(candidate.byId.get(id) ?? []), ...(baseline?.byId.get(id) ?? [])];
    for (const { judges } of rows) {
      if (judges !== undefined && Object.hasOwn(judges, metric)) yield judges[metric] as JudgeNote;
    }
  }
}

/** Number of pairs among so many votes. */
function pairsOf(count: number): number {
  return (count * (count - 1)) / 2;
}

interface Agreement {
  judges: number;
  pairs: number;
  agreeing: number;
}

function countVotes(into: Agreement, votes: readonly (string | number | null)[]): void {
  const given = votes.filter((vote) => vote !== null);
  into.judges = Math.max(into.judges, votes.length);
  into.pairs += pairsOf(given.length);
  for (const label of new Set(given)) {
    into.agreeing += pairsOf(given.filter((vote) => vote === label).length);
  }
}

/** What the notes of one metric on these cases say of its judges; null when there are none. */
export function judgeFigures(metric: string, ids: Iterable<string>, sides: Sides): JudgeFigures | null {
  const pairs = { found: false, judged: 0, consistent: 0, first: 0, second: 0 };
  const votes: Agreement = { judges: 0, pairs: 0, agreeing: 0 };
  for (const note of notesOf(metric, ids, sides)) {
    if (note.kind === "panel") {
      for (const each of Object.values(note.votes)) countVotes(votes, each);
      continue;
    }
    pairs.found = true;
    pairs.judged += note.judged;
    pairs.consistent += note.consistent;
    pairs.first += note.first;
    pairs.second += note.second;
  }
  if (pairs.found) {
    const { judged, consistent, first, second } = pairs;
    return {
      kind: "pairwise",
      judged,
      consistency: judged === 0 ? 1 : consistent / judged,
      firstSlotRate: first + second === 0 ? null : first / (first + second),
    };
  }
  if (votes.judges === 0) return null;
  const agreement = votes.pairs === 0 ? null : votes.agreeing / votes.pairs;
  return { kind: "panel", judges: votes.judges, agreement };
}

/** True when a judge depends so much on the order of a pair that its metric is reported only. */
export function isUnreliable(figures: JudgeFigures | null): boolean {
  return figures?.kind === "pairwise" && figures.consistency < SMALLEST_CONSISTENCY;
}
