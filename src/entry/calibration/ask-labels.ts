import type {
  HumanLabels,
  LabelledOutput,
  LabelledPair,
  PairAnswer,
} from "../../config/calibration-labels.ts";
import { meanGrade } from "../../config/calibration-grades.ts";
import type { Grade } from "../../domain/calibration.ts";
import { GateError } from "../../domain/errors.ts";
import { comparesOutputs, type Rubric } from "../../domain/rubric.ts";
import { unscoredFault } from "../../evals/evaluate-case.ts";
import type { AskJudge } from "../../evals/judge/ask-judge.ts";
import { judgeOutput } from "../../evals/judge/judge-output.ts";
import { judgeInOrder } from "../../evals/judge/judge-pair.ts";
import { runTasks } from "../../evals/run-tasks.ts";
import type { AnsweredLabel } from "./grade-labels.ts";

/** How labels are put to the judge. */
export interface LabelRun {
  readonly rubric: Rubric;
  readonly ask: AskJudge;
  /** Answers to each label. */
  readonly repeat: number;
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** Called once per answer. */
  advance(): void;
}

/** A mean of token probabilities counts as the grade it is nearest to. */
function nearestGrade(value: number, { scale }: Rubric): number {
  if (scale.kind !== "likert") return value;
  const steps = scale.max - scale.min;
  return Math.round(value * steps) / steps;
}

/** Null when the judge gave no usable answer, or a provider failed after all retries. */
async function answered<Answer>(ask: () => Promise<Answer | null>): Promise<Answer | null> {
  try {
    return await ask();
  } catch (error) {
    unscoredFault(error);
    return null;
  }
}

async function gradeOutput(label: LabelledOutput, sample: number, run: LabelRun): Promise<Grade[] | null> {
  const { rubric, ask } = run;
  const output = { text: label.output ?? "", toolCalls: [] };
  const { criteria } = await judgeOutput({ rubric, case: label, output, sample, ask });
  if (criteria.length === 0) return null;
  const grades = criteria.map(({ value }): Grade =>
    value === null ? "not applicable" : nearestGrade(value, rubric),
  );
  return label.isWhole ? [meanGrade(grades)] : grades;
}

/** The better output by the mean over the criteria, which is worth 1, 0.5 or 0 to the output in the first place. */
function preferred(values: readonly (number | null)[], first: 1 | 2): PairAnswer {
  const mean = values.reduce<number>((sum, value) => sum + (value ?? 0.5), 0) / values.length;
  if (mean === 0.5) return "tie";
  return mean > 0.5 === (first === 1) ? 1 : 2;
}

async function preferOutput(
  label: LabelledPair,
  first: 1 | 2,
  sample: number,
  run: LabelRun,
): Promise<PairAnswer | null> {
  const [one, two] = (label.outputs ?? ["", ""]).map((text) => ({ text, toolCalls: [] }));
  if (one === undefined || two === undefined) return null;
  const { rubric, ask } = run;
  const [shown, other] = first === 1 ? [one, two] : [two, one];
  const reading = await judgeInOrder({ rubric, case: label, sample, ask }, shown, other);
  if (reading.kind !== "accepted") return null;
  return preferred(
    reading.answer.criteria.map(({ value }) => value),
    first,
  );
}

function checkKind({ labels, file }: HumanLabels, rubric: Rubric): void {
  const isPairs = labels[0]?.kind === "pair";
  if (isPairs === comparesOutputs(rubric)) return;
  const [found, asked] = isPairs ? ["pairs", "single outputs"] : ["single outputs", "pairs"];
  throw new GateError("DATASET_INVALID", `${file} has labels of ${found}, the rubric judges ${asked}`, {
    hint: "only verdicts made elsewhere can be compared under a rubric of another kind",
  });
}

/** Puts every label to the judge, `repeat` times each. Throws what ends a run: a refused key, a budget, an interruption. */
export async function askLabels(labels: HumanLabels, run: LabelRun): Promise<AnsweredLabel[]> {
  checkKind(labels, run.rubric);
  const samples = Array.from({ length: run.repeat }, (_, sample) => sample);
  const found = new Map<string, AnsweredLabel>();
  await runTasks(
    labels.labels,
    async (label) => {
      if (label.kind === "output") {
        const answers: (Grade[] | null)[] = [];
        for (const sample of samples) {
          answers.push(await answered(() => gradeOutput(label, sample, run)));
          run.advance();
        }
        found.set(label.id, { kind: "output", label, answers });
        return;
      }
      const answers: { asGiven: PairAnswer | null; reversed: PairAnswer | null }[] = [];
      for (const sample of samples) {
        const asGiven = await answered(() => preferOutput(label, 1, sample, run));
        const reversed = await answered(() => preferOutput(label, 2, sample, run));
        answers.push({ asGiven, reversed });
        run.advance();
      }
      found.set(label.id, { kind: "pair", label, answers });
    },
    run,
  );
  return labels.labels.flatMap(({ id }) => found.get(id) ?? []);
}
