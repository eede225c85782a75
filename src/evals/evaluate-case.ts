import type { Assertion, Case } from "../domain/case.ts";
import type { ErrorCode } from "../domain/errors.ts";
import { GateError } from "../domain/errors.ts";
import { isEmptyOutput, type AssertionResult, type JudgedScore, type Score } from "../domain/evaluation.ts";
import type { Completion } from "../domain/model.ts";
import type { Rubric } from "../domain/rubric.ts";
import type { ScoreRow } from "../domain/scores.ts";
import { casePassed, metricScores, runAssertions } from "./checks/index.ts";
import { allOrFirstFailure } from "./all-or-first-failure.ts";
import type { Answer } from "./answer.ts";
import type { Side, SideName } from "./sides.ts";

/** One sample of one case on one side, measured by every check and judge that was asked for. */
export interface CaseEvaluation {
  readonly side: SideName;
  readonly row: ScoreRow;
  /** Null when nothing was produced. */
  readonly completion: Completion | null;
  /** Whether every assertion and every judge with a threshold passed; null = not all of them could be measured. */
  readonly passed: boolean | null;
  /** Metric -> why it scored as it did. */
  readonly reasons: Readonly<Record<string, string>>;
  /** Why it is unscored, when the fault lies with a provider or a file. */
  readonly failure: GateError | null;
}

export interface Judgement {
  readonly case: Case;
  readonly rubric: Rubric;
  readonly completion: Completion;
  readonly sample: number;
}

export interface CaseMeasurement {
  readonly side: Side;
  readonly case: Case;
  readonly sample: number;
  /** Deterministic assertions of the prompt; those of the case come on top. */
  readonly assertions: readonly Assertion[];
  readonly rubrics: readonly Rubric[];
  judge(judgement: Judgement): Promise<JudgedScore>;
}

/** Faults of the user's input or of this tool: no other case makes them good. */
const ENDS_THE_RUN: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "BUDGET_REACHED",
  "CONFIG_INVALID",
  "DATASET_INVALID",
  "FILE_UNREADABLE",
  "INTERNAL",
  "INTERRUPTED",
  "REPLAY_MISS",
  "STORAGE_FAILED",
  "VARIABLE_MISSING",
]);

/** The fault as a reason for an unscored case; throws what must end the run. */
export function unscoredFault(error: unknown): GateError {
  if (!(error instanceof GateError) || error.fatal || ENDS_THE_RUN.has(error.code)) throw error;
  return error;
}

function measures({ completion, costUsd, cached }: Answer): Record<string, number | null> {
  const { usage } = completion;
  return {
    latency: cached ? null : completion.latencyMs,
    cost: costUsd,
    tokens: usage === null ? null : usage.inputTokens + usage.outputTokens,
    characters: completion.text.length,
  };
}

/** A literal where it can be: a spread gives every row a shape of its own, and there may be 200,000 rows. */
function rowOf(
  { case: { id, group }, sample }: CaseMeasurement,
  scored: Pick<ScoreRow, "scores" | "measures" | "judges">,
): ScoreRow {
  const { scores, measures = {}, judges } = scored;
  const row = { id, sample, scores, measures };
  if (group === undefined && judges === undefined) return row;
  return { ...row, ...(group === undefined ? {} : { group }), ...(judges === undefined ? {} : { judges }) };
}

/** Every metric of the case is unscored: a missing measurement is neither a pass nor a zero. */
function unscoredCase(measurement: CaseMeasurement, failure: GateError): CaseEvaluation {
  const metrics = [
    ...measurement.assertions.map(({ metric }) => metric),
    ...measurement.case.assert.map(({ metric }) => metric),
    ...measurement.rubrics.map(({ name }) => name),
  ];
  const scores = Object.fromEntries(metrics.map((metric) => [metric, null]));
  return {
    side: measurement.side.name,
    row: rowOf(measurement, {
      scores,
      measures: { latency: null, cost: null, tokens: null, characters: null },
    }),
    completion: null,
    passed: null,
    reasons: Object.fromEntries(metrics.map((metric) => [metric, failure.message])),
    failure,
  };
}

/** Nothing was answered: the candidate's own failure, so it is the worst score and not a missing one. */
const EMPTY_OUTPUT: Score = { kind: "scored", value: 0, pass: false, reason: "the output is empty" };

async function judgeAll(
  measurement: CaseMeasurement,
  completion: Completion,
): Promise<Map<string, JudgedScore>> {
  const scores = await allOrFirstFailure<[string, JudgedScore][]>(
    measurement.rubrics.map(async (rubric): Promise<[string, JudgedScore]> => {
      if (isEmptyOutput(completion)) return [rubric.name, EMPTY_OUTPUT];
      try {
        const { case: testCase, sample } = measurement;
        return [rubric.name, await measurement.judge({ case: testCase, rubric, completion, sample })];
      } catch (error) {
        return [rubric.name, { kind: "unscored", reason: unscoredFault(error).message }];
      }
    }),
  );
  return new Map(scores);
}

function allPassed(results: readonly AssertionResult[], judged: ReadonlyMap<string, Score>): boolean | null {
  // What was not asked cannot fail: without an assertion the judges decide alone.
  const outcomes = [
    ...(results.length === 0 ? [] : [casePassed(results)]),
    ...Array.from(judged.values(), (score) => (score.kind === "scored" ? (score.pass ?? true) : null)),
  ];
  if (outcomes.includes(false)) return false;
  return outcomes.includes(null) ? null : true;
}

function notesOf(judged: ReadonlyMap<string, JudgedScore>): Pick<ScoreRow, "judges"> {
  const notes = Array.from(judged).flatMap(([metric, { note }]) =>
    note === undefined ? [] : [[metric, note] as const],
  );
  return notes.length === 0 ? {} : { judges: Object.fromEntries(notes) };
}

/** Generates, checks and judges one sample of one case. Throws only what must end the run. */
export async function evaluateCase(measurement: CaseMeasurement): Promise<CaseEvaluation> {
  const { side, case: testCase, sample, assertions } = measurement;
  let answer: Answer;
  try {
    answer = await side.generate(testCase, sample);
  } catch (error) {
    return unscoredCase(measurement, unscoredFault(error));
  }
  const { completion, costUsd } = answer;
  const results = runAssertions([...assertions, ...testCase.assert], { case: testCase, completion, costUsd });
  const judged = await judgeAll(measurement, completion);
  const checked = Object.entries(metricScores(results));
  return {
    side: side.name,
    row: rowOf(measurement, {
      scores: Object.fromEntries([
        ...checked.map(([metric, { value }]) => [metric, value] as const),
        ...Array.from(
          judged,
          ([metric, score]) => [metric, score.kind === "scored" ? score.value : null] as const,
        ),
      ]),
      measures: measures(answer),
      ...notesOf(judged),
    }),
    completion,
    passed: allPassed(results, judged),
    reasons: Object.fromEntries([
      ...checked.map(([metric, { reason }]) => [metric, reason] as const),
      ...Array.from(judged, ([metric, score]) => [metric, score.reason] as const),
    ]),
    failure: null,
  };
}
