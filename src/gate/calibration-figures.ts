import type { AgreementFigures, BoundedShare, Grade, OrderFigures } from "../domain/calibration.ts";
import {
  cohenKappa,
  gwetAC1,
  orderConsistency,
  quadraticWeightedKappa,
  type OrderedVerdict,
} from "../stats/agreement.ts";
import { wilsonInterval } from "../stats/proportion.ts";

/** People's grade of one question and the judge's answers to it, one a repeat; null = no usable answer. */
export interface GradedQuestion {
  readonly human: Grade;
  readonly judge: readonly (Grade | null)[];
}

/** Everything that one set of labels asks. */
export interface GradedLabels {
  readonly questions: readonly GradedQuestion[];
  /** Questions that one labelled output or pair brings: they are not independent, so together they count as one. */
  readonly questionsPerLabel: number;
  /** Grades that could be given, as far as they are known: chance agreement depends on them. */
  readonly grades: readonly Grade[];
  /** What a grade stands for; `between` for an answer that takes neither side. */
  readonly sideOf: (score: number) => "good" | "bad" | "between";
  /** True when the scale has more than two grades in an order. */
  readonly isOrdinal: boolean;
  /** Pairs judged in both orders; null for single outputs. */
  readonly pairs: readonly OrderedVerdict[] | null;
}

interface Answered {
  readonly human: Grade;
  readonly judge: Grade;
}

function firstAnswer({ judge }: GradedQuestion): Grade | null {
  return judge[0] ?? null;
}

/** Counts by grade of people (rows) and judge (columns), or null when only one grade occurs: nothing goes beyond chance. */
function agreementTable(answered: readonly Answered[], known: readonly Grade[]): number[][] | null {
  const occurring = new Set(answered.flatMap(({ human, judge }) => [human, judge]));
  if (occurring.size < 2) return null;
  const grades = [...new Set([...known, ...occurring])];
  const table = grades.map(() => grades.map(() => 0));
  for (const { human, judge } of answered) {
    const row = table[grades.indexOf(human)] as number[];
    const column = grades.indexOf(judge);
    row[column] = (row[column] as number) + 1;
  }
  return table;
}

function weightedKappa(answered: readonly Answered[], isOrdinal: boolean): number | null {
  const scored = answered.flatMap(({ human, judge }) =>
    typeof human === "number" && typeof judge === "number" ? [{ human, judge }] : [],
  );
  if (!isOrdinal || scored.length === 0) return null;
  return quadraticWeightedKappa(
    scored.map(({ human }) => human),
    scored.map(({ judge }) => judge),
  );
}

function boundedShare(count: number, of: number): BoundedShare | null {
  if (of === 0) return null;
  const [low, high] = wilsonInterval(count, of);
  return { value: count / of, low, high };
}

/** How often the judge takes the people's side, of what they call good or bad. */
function recall(
  { questions, questionsPerLabel, sideOf }: GradedLabels,
  side: "good" | "bad",
): BoundedShare | null {
  const asked = questions.flatMap((question) => {
    const judge = firstAnswer(question);
    return typeof question.human === "number" && sideOf(question.human) === side && typeof judge === "number"
      ? [judge]
      : [];
  });
  const right = asked.filter((judge) => sideOf(judge) === side).length;
  return boundedShare(right / questionsPerLabel, asked.length / questionsPerLabel);
}

function orderFigures(pairs: readonly OrderedVerdict[]): OrderFigures {
  const share = (holds: (pair: OrderedVerdict) => boolean): number =>
    pairs.filter(holds).length / pairs.length;
  const usable = pairs.some(({ firstOrder, reverseOrder }) => firstOrder !== null && reverseOrder !== null);
  const { consistency, firstSlotRate } = orderConsistency(pairs);
  return {
    consistency: usable ? consistency : null,
    positionalAgreement: share(({ firstOrder, reverseOrder }) => firstOrder === reverseOrder),
    firstSlotRate: usable ? firstSlotRate : null,
    accuracyAsGiven: share(({ firstOrder, gold }) => firstOrder === gold),
    accuracyReversed: share(({ reverseOrder, gold }) => reverseOrder === gold),
  };
}

function retestOf(questions: readonly GradedQuestion[]): AgreementFigures["retest"] {
  let comparisons = 0;
  let flips = 0;
  for (const { judge } of questions) {
    for (const [index, answer] of judge.entries()) {
      for (const other of judge.slice(index + 1)) {
        comparisons += 1;
        if (other !== answer) flips += 1;
      }
    }
  }
  return comparisons === 0 ? null : { comparisons, flips };
}

/** True when the gate would have to leave the output unscored. */
function isUnscored(question: GradedQuestion): boolean {
  const judge = firstAnswer(question);
  return judge === null || (judge === "not applicable" && question.human !== "not applicable");
}

/**
 * A judge's agreement with people. Repeats count for test-retest alone; kappa, AC1, sensitivity and specificity are of
 * the answers that could be used, accuracy is of all. Expects at least one question.
 */
export function agreementFigures(labels: GradedLabels): AgreementFigures {
  const { questions, questionsPerLabel, sideOf, isOrdinal, pairs } = labels;
  const perLabel = (holds: (question: GradedQuestion) => boolean): number =>
    questions.filter(holds).length / questionsPerLabel;
  const answered = questions.flatMap((question): Answered[] => {
    const judge = firstAnswer(question);
    return judge === null ? [] : [{ human: question.human, judge }];
  });
  const table = agreementTable(answered, labels.grades);
  const sensitivity = recall(labels, "good");
  const specificity = recall(labels, "bad");
  const isCalled = (side: "good" | "bad") => (question: GradedQuestion) =>
    typeof question.human === "number" && sideOf(question.human) === side;
  return {
    n: questions.length / questionsPerLabel,
    positives: perLabel(isCalled("good")),
    negatives: perLabel(isCalled("bad")),
    unscored: perLabel(isUnscored),
    accuracy:
      questions.filter((question) => firstAnswer(question) === question.human).length / questions.length,
    kappa: table === null ? null : cohenKappa(table).kappa,
    weightedKappa: table === null ? null : weightedKappa(answered, isOrdinal),
    ac1: table === null ? null : gwetAC1(table),
    sensitivity,
    specificity,
    youden: sensitivity === null || specificity === null ? null : sensitivity.value + specificity.value - 1,
    order: pairs === null ? null : orderFigures(pairs),
    retest: retestOf(questions),
  };
}
