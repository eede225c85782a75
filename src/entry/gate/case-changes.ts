import type { CaseChange } from "../../domain/gate-result.ts";
import type { Completion } from "../../domain/model.ts";
import type { MetricResult, ScoreRow } from "../../domain/scores.ts";
import type { CaseEvaluation } from "../../evals/evaluate-case.ts";
import type { Rows } from "../../evals/run-looks.ts";
import type { SideName } from "../../evals/sides.ts";

const REGRESSIONS_SHOWN = 25;
const IMPROVEMENTS_SHOWN = 10;
/** Longest output kept in a result, in characters. */
export const OUTPUT_LENGTH = 4_000;

interface Change {
  readonly id: string;
  readonly metric: string;
  readonly baseline: number;
  readonly candidate: number;
}

/** Mean over a case's samples per metric; a case with an unscored sample has no mean. */
function caseMeans(rows: readonly ScoreRow[], metric: string): Map<string, number> {
  const sums = new Map<string, { sum: number; count: number } | null>();
  for (const { id, scores } of rows) {
    const score = scores[metric];
    const previous = sums.get(id);
    if (score === undefined || previous === null) continue;
    sums.set(
      id,
      score === null ? null : { sum: (previous?.sum ?? 0) + score, count: (previous?.count ?? 0) + 1 },
    );
  }
  return new Map(
    Array.from(sums).flatMap(([id, total]) =>
      total === null ? [] : [[id, total.sum / total.count] as const],
    ),
  );
}

/** Candidate minus baseline of every case that both sides have a score for. */
export function pairedDifferences(metric: string, rows: Rows): number[] {
  const baseline = caseMeans(rows.baseline, metric);
  return Array.from(caseMeans(rows.candidate, metric)).flatMap(([id, candidate]) => {
    const before = baseline.get(id);
    return before === undefined ? [] : [candidate - before];
  });
}

function changesOf(metric: string, rows: Rows): Change[] {
  const baseline = caseMeans(rows.baseline, metric);
  return Array.from(caseMeans(rows.candidate, metric)).flatMap(([id, candidate]) => {
    const before = baseline.get(id);
    return before === undefined || before === candidate ? [] : [{ id, metric, baseline: before, candidate }];
  });
}

/** The largest losses and gains over the scored metrics, largest first and then by case and metric. */
export function largestChanges(
  metrics: readonly Pick<MetricResult, "name" | "kind" | "level">[],
  rows: Rows,
): { readonly regressions: readonly Change[]; readonly improvements: readonly Change[] } {
  const changes = metrics
    .filter(({ kind, level }) => (kind === "check" || kind === "judge") && level !== "off")
    .flatMap(({ name }) => changesOf(name, rows));
  const bySize = (left: Change, right: Change): number =>
    Math.abs(right.candidate - right.baseline) - Math.abs(left.candidate - left.baseline) ||
    (left.id < right.id ? -1 : left.id > right.id ? 1 : left.metric.localeCompare(right.metric, "en"));
  const sorted = changes.sort(bySize);
  return {
    regressions: sorted.filter(({ baseline, candidate }) => candidate < baseline).slice(0, REGRESSIONS_SHOWN),
    improvements: sorted
      .filter(({ baseline, candidate }) => candidate > baseline)
      .slice(0, IMPROVEMENTS_SHOWN),
  };
}

function excerpt(output: string | null | undefined): string | null {
  if (output === null || output === undefined) return null;
  return output.length <= OUTPUT_LENGTH ? output : `${output.slice(0, OUTPUT_LENGTH)}…`;
}

/** What a report shows of an evaluation. */
export interface ReportedEvaluation {
  readonly completion: Pick<Completion, "text"> | null;
  readonly reasons: CaseEvaluation["reasons"];
}

/** Both outputs of a case and why the candidate scored as it did, for the report. */
export async function describeChanges(
  changes: readonly Change[],
  evaluate: (id: string, side: SideName) => Promise<ReportedEvaluation | null>,
): Promise<CaseChange[]> {
  const described: CaseChange[] = [];
  for (const change of changes) {
    const baseline = await evaluate(change.id, "baseline");
    const candidate = await evaluate(change.id, "candidate");
    described.push({
      ...change,
      reason: candidate?.reasons[change.metric] ?? "",
      baselineOutput: excerpt(baseline?.completion?.text),
      candidateOutput: excerpt(candidate?.completion?.text),
    });
  }
  return described;
}
