import * as z from "zod";
import type { GradeToken } from "../domain/model.ts";

const alternativeSchema = z.object({ token: z.string(), logprob: z.number() });

/** The `logprobs` of a choice; what cannot be read was not given. */
export const logprobsSchema = z
  .object({
    content: z.array(
      alternativeSchema.extend({
        bytes: z.array(z.int().min(0).max(255)).nullish(),
        top_logprobs: z.array(alternativeSchema).default([]),
      }),
    ),
  })
  .nullish()
  .catch(null);

type Logprobs = NonNullable<z.infer<typeof logprobsSchema>>["content"];

/** Log-probabilities by grade; tokens that differ in white space alone are one grade. */
function gradesOf(token: Logprobs[number], grades: readonly string[]): Record<string, number> {
  const { token: chosen, logprob, top_logprobs: alternatives } = token;
  const all = alternatives.some((alternative) => alternative.token === chosen)
    ? alternatives
    : [{ token: chosen, logprob }, ...alternatives];
  const sums = new Map<string, number>();
  for (const alternative of all) {
    const grade = alternative.token.trim();
    if (!grades.includes(grade)) continue;
    sums.set(grade, (sums.get(grade) ?? 0) + Math.exp(alternative.logprob));
  }
  // What is as good as impossible has no logarithm, and no weight either.
  const possible = Array.from(sums).filter(([, sum]) => sum > 0);
  return Object.fromEntries(possible.map(([grade, sum]) => [grade, Math.log(sum)]));
}

/** The tokens of an answer that are grades, with their places in `text`; none when the tokens do not add up to it. */
export function readGradeTokens(content: Logprobs, grades: readonly string[], text: string): GradeToken[] {
  // A token may be a part of a character: only bytes can be put together.
  const bytes = content.map((each) => Buffer.from(each.bytes ?? Buffer.from(each.token, "utf8")));
  if (Buffer.concat(bytes).toString("utf8") !== text) return [];
  return content.flatMap((each, index) => {
    if (!grades.includes(each.token.trim())) return [];
    const before = Buffer.concat(bytes.slice(0, index)).toString("utf8").length;
    const offset = before + each.token.length - each.token.trimStart().length;
    return [{ offset, logProbabilities: gradesOf(each, grades) }];
  });
}
