import * as z from "zod";
import { labelValue, type Rubric, type Scale } from "../../domain/rubric.ts";
import type { Reading } from "./ask-judge.ts";
import { readStrictJson } from "./strict-json.ts";

/** A judge's word on one criterion. */
export interface CriterionLabel {
  readonly id: string;
  /** A label of the closed set, a whole number on a likert scale, or `first`, `second` and `tie`. */
  readonly label: string | number;
  /** What it is worth in [0,1], for a pair to the output in the first place; null = not applicable. */
  readonly value: number | null;
  /** The judge's quotation; it may hold text of the output. */
  readonly evidence: string;
}

/** What a judge says of one output, in the rubric's order of criteria. */
export interface JudgeVerdict {
  readonly reasoning: string;
  readonly criteria: readonly CriterionLabel[];
}

const REPLY_CHARACTERS = 20_000;

const answer = z.strictObject({
  nonce: z.string(),
  reasoning: z.string().min(1),
  criteria: z.array(
    z.strictObject({ id: z.string(), label: z.union([z.string(), z.number()]), evidence: z.string() }),
  ),
});
const SHAPE =
  'the reply must have the keys "nonce", "reasoning" (not empty) and "criteria", each criterion "id", "label" and "evidence", and no others';

function refuse(problem: string): Reading<never> {
  return { kind: "refused", problem };
}

function labelProblem(id: string, scale: Scale): string {
  const label = `the label of criterion ${JSON.stringify(id)}`;
  switch (scale.kind) {
    case "choices":
      return `${label} is none of the rubric's labels`;
    case "likert":
      return `${label} is no whole number from ${scale.min} to ${scale.max}`;
    case "pairwise":
      return `${label} is none of "first", "second" and "tie"`;
  }
}

/** Reads a reply under the answer contract; whatever departs from it is refused, never guessed at. */
export function readVerdict(
  reply: string,
  nonce: string,
  rubric: Pick<Rubric, "scale" | "criteria">,
): Reading<JudgeVerdict> {
  if (reply.length > REPLY_CHARACTERS)
    return refuse(`the reply is longer than ${REPLY_CHARACTERS} characters`);
  const json = readStrictJson(reply);
  if (json.kind === "refused") return json;
  const parsed = answer.safeParse(json.value);
  if (!parsed.success) return refuse(SHAPE);
  const { reasoning, criteria } = parsed.data;
  if (parsed.data.nonce !== nonce) return refuse("the reply does not repeat the nonce of the request");
  const keys = Object.keys(json.value);
  if (keys.indexOf("reasoning") > keys.indexOf("criteria"))
    return refuse('"reasoning" must come before "criteria"');
  if (criteria.some(({ id }) => !rubric.criteria.some((criterion) => criterion.id === id))) {
    return refuse("the reply answers a criterion that the rubric does not have");
  }
  const labels: CriterionLabel[] = [];
  for (const { id } of rubric.criteria) {
    const given = criteria.filter((criterion) => criterion.id === id);
    const [first] = given;
    if (first === undefined || given.length > 1) {
      return refuse(
        `the reply answers criterion ${JSON.stringify(id)} ${given.length} times instead of once`,
      );
    }
    const value = labelValue(first.label, rubric.scale);
    if (value === undefined) return refuse(labelProblem(id, rubric.scale));
    labels.push({ ...first, value });
  }
  return { kind: "accepted", answer: { reasoning, criteria: labels } };
}
