import type { Completion, GradeToken } from "../../domain/model.ts";
import type { Scale } from "../../domain/rubric.ts";
import { expectedScore } from "../../stats/expected-score.ts";
import type { Reading } from "./ask-judge.ts";
import type { JudgeVerdict } from "./read-verdict.ts";

interface GradePlace {
  readonly id: string;
  readonly grade: string;
  /** Where the grade begins in the reply. */
  readonly offset: number;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|-?\d[\d.eE+-]*/g;

/**
 * Where a reply that holds exactly one valid JSON object has the number of each criterion's label. Strings are skipped
 * as a whole, so nothing that the judge quotes can pass for a label.
 */
function gradePlaces(reply: string): GradePlace[] {
  const keys: (string | null)[] = [];
  const places: GradePlace[] = [];
  let text = "";
  let id = "";
  let grade: Omit<GradePlace, "id"> | null = null;
  const isAt = (key: string): boolean => keys.length === 3 && keys[0] === "criteria" && keys[2] === key;
  for (const { 0: token, index } of reply.matchAll(TOKEN)) {
    if (token === "{" || token === "[") keys.push(null);
    else if (token === "}" || token === "]") {
      if (keys.length === 3 && grade !== null) places.push({ id, ...grade });
      if (keys.length === 3) grade = null;
      keys.pop();
    } else if (token === ":") keys[keys.length - 1] = JSON.parse(text) as string;
    else if (token === ",") keys[keys.length - 1] = null;
    else {
      if (isAt("id")) id = JSON.parse(token) as string;
      if (isAt("label")) grade = { grade: token, offset: index };
      text = token;
    }
  }
  return places;
}

function unusable(problem: string): Reading<never> {
  return { kind: "unusable", problem };
}

function expectedGrade({ logProbabilities }: GradeToken): number {
  return expectedScore(
    Object.entries(logProbabilities).map(([grade, logProbability]) => ({
      score: Number(grade),
      logProbability,
    })),
  );
}

/**
 * The verdict with the mean over the probabilities of all grades in place of the grade that was said (G-Eval, Liu et al.
 * 2023). Unusable, never the grade itself, where the probabilities are missing or belong to another place.
 */
export function expectedGrades(
  verdict: JudgeVerdict,
  { text, gradeTokens }: Pick<Completion, "text" | "gradeTokens">,
  { min, max }: Extract<Scale, { kind: "likert" }>,
): Reading<JudgeVerdict> {
  if (gradeTokens === undefined) {
    return unusable(
      "the judge's provider gives no token probabilities; use another model, or a scale without expected: true",
    );
  }
  const places = gradePlaces(text);
  const criteria: JudgeVerdict["criteria"][number][] = [];
  for (const criterion of verdict.criteria) {
    const place = places.find(({ id }) => id === criterion.id);
    const token = gradeTokens.find(({ offset }) => offset === place?.offset);
    const said = token?.logProbabilities[String(criterion.label)];
    if (place?.grade !== String(criterion.label) || token === undefined || said === undefined) {
      return unusable(
        `the probabilities of the grade of criterion ${JSON.stringify(criterion.id)} cannot be told from other text`,
      );
    }
    criteria.push({ ...criterion, value: (expectedGrade(token) - min) / (max - min) });
  }
  return { kind: "accepted", answer: { ...verdict, criteria } };
}
