import type {
  HumanLabels,
  LabelledOutput,
  LabelledPair,
  PairAnswer,
} from "../../config/calibration-labels.ts";
import type { AgreementFigures, Calibration, Grade } from "../../domain/calibration.ts";
import type { Rubric } from "../../domain/rubric.ts";
import { agreementFigures, type GradedLabels, type GradedQuestion } from "../../gate/calibration-figures.ts";
import type { OrderedVerdict } from "../../stats/agreement.ts";

/** What a judge said of one labelled output, one entry a repeat. */
type OutputAnswers = readonly (readonly Grade[] | null)[];

/** What it said of one pair in both orders. */
type PairAnswers = readonly {
  readonly asGiven: PairAnswer | null;
  readonly reversed: PairAnswer | null;
}[];

/** A label together with the judge's answers to it. */
export type AnsweredLabel =
  | { readonly kind: "output"; readonly label: LabelledOutput; readonly answers: OutputAnswers }
  | { readonly kind: "pair"; readonly label: LabelledPair; readonly answers: PairAnswers };

/** Labels with the answers that their file holds; null when the judge has to be asked. */
export function storedAnswers({ labels }: HumanLabels): AnsweredLabel[] | null {
  const answered = labels.flatMap((label): AnsweredLabel[] => {
    if (label.stored === null) return [];
    return label.kind === "output"
      ? [{ kind: "output", label, answers: label.stored }]
      : [{ kind: "pair", label, answers: [label.stored] }];
  });
  return answered.length === 0 ? null : answered;
}

/** Sums of fractions may miss a threshold by the last bit. */
const ROUNDING = 1e-9;

/** Good is what reaches the rubric's threshold; without one, what lies above the middle of the scale. */
function sideOf({ threshold }: Pick<Rubric, "threshold">): GradedLabels["sideOf"] {
  return (score) => {
    const isGood = threshold === null ? score > 0.5 + ROUNDING : score >= threshold - ROUNDING;
    return isGood ? "good" : "bad";
  };
}

/** All grades of a scale; of a pair the second output, or the first. */
function gradesOf({ scale }: Pick<Rubric, "scale">): Grade[] {
  switch (scale.kind) {
    case "likert": {
      const steps = scale.max - scale.min;
      return Array.from({ length: steps + 1 }, (_, step) => step / steps);
    }
    case "choices":
      return Object.values(scale.choices).map((score) => score ?? "not applicable");
    case "pairwise":
      return [0, 1];
  }
}

function isOrdinal(grades: readonly Grade[]): boolean {
  return new Set(grades.filter((grade) => typeof grade === "number")).size > 2;
}

type Answered<Kind extends AnsweredLabel["kind"]> = Extract<AnsweredLabel, { kind: Kind }>;

function questionsOf({ label, answers }: Answered<"output">): GradedQuestion[] {
  return label.human.map((human, index) => ({
    human,
    judge: answers.map((grades) => grades?.[index] ?? null),
  }));
}

function outputFigures(outputs: readonly Answered<"output">[], rubric: Rubric): Figures {
  const perLabel = outputs[0]?.label.human.length ?? 1;
  // People who grade an output as a whole choose their own degrees.
  const isWhole = outputs[0]?.label.isWhole === true;
  const grades = isWhole ? [...new Set(outputs.flatMap(({ label }) => label.human))] : gradesOf(rubric);
  const whole = { grades, sideOf: sideOf(rubric), isOrdinal: isOrdinal(grades), pairs: null };
  const byLabel = outputs.map(questionsOf);
  const figures = agreementFigures({ ...whole, questions: byLabel.flat(), questionsPerLabel: perLabel });
  if (perLabel === 1) return { figures, criteria: [] };
  const criteria = rubric.criteria.map(({ id }, index) => {
    const questions = byLabel.flatMap((all) => all.slice(index, index + 1));
    return { id, figures: agreementFigures({ ...whole, questions, questionsPerLabel: 1 }) };
  });
  return { figures, criteria };
}

/** What an answer is worth to the first output of the pair as it was given. */
function worth(answer: PairAnswer | null): number | null {
  if (answer === null) return null;
  return answer === "tie" ? 0.5 : answer === 1 ? 1 : 0;
}

function named(answer: PairAnswer | null | undefined): 1 | 2 | null {
  return answer === 1 || answer === 2 ? answer : null;
}

/** Either order is a question of its own; a tie takes neither side. */
function pairFigures(pairs: readonly Answered<"pair">[]): Figures {
  const questions = pairs.flatMap(({ label, answers }): GradedQuestion[] => {
    const human = worth(label.human) ?? 0;
    return [
      { human, judge: answers.map(({ asGiven }) => worth(asGiven)) },
      { human, judge: answers.map(({ reversed }) => worth(reversed)) },
    ];
  });
  const orders = pairs.map(({ label, answers: [first] }): OrderedVerdict => ({
    gold: label.human,
    firstOrder: named(first?.asGiven),
    reverseOrder: named(first?.reversed),
  }));
  const figures = agreementFigures({
    questions,
    questionsPerLabel: 2,
    grades: [0, 1],
    sideOf: (score) => (score > 0.5 ? "good" : score < 0.5 ? "bad" : "between"),
    isOrdinal: false,
    pairs: orders,
  });
  return { figures, criteria: [] };
}

type Figures = { readonly figures: AgreementFigures } & Pick<Calibration, "criteria">;

/** How the judge's answers agree with the people's labels. All labels are of one kind, and there is at least one. */
export function calibrationFigures(answered: readonly AnsweredLabel[], rubric: Rubric): Figures {
  const outputs = answered.filter((each) => each.kind === "output");
  return outputs.length > 0
    ? outputFigures(outputs, rubric)
    : pairFigures(answered.filter((each) => each.kind === "pair"));
}
