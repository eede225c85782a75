import { isQuestion, sentencesOf, termsOf } from "./words.ts";

interface Sentence {
  readonly text: string;
  /** Its place in the context, from 0. */
  readonly index: number;
}

/** The context sentences that answer a question best, in context order. */
export interface Selection {
  readonly sentences: readonly Sentence[];
  /** Share in [0,1] of the question's weight that they cover together; 0 when the question has no content words. */
  readonly covered: number;
}

/** The least share of the question that a further sentence must add. */
const LEAST_GAIN = 0.12;

const NARRATIVE_WEIGHT = 0.4;

/** A question's terms and how much each matters: what only the story around the question says counts less. */
export function questionTerms(question: string): Map<string, number> {
  const sentences = sentencesOf(question);
  const asked = sentences.filter(isQuestion);
  const weights = new Map(termsOf(question).map((term) => [term, NARRATIVE_WEIGHT]));
  for (const term of termsOf((asked.length > 0 ? asked : sentences).join(" "))) weights.set(term, 1);
  return weights;
}

/** Rare terms weigh more: by 1 + ln((N + 1) / (n + 1)) / 2 for a term in n of N sentences. */
function weighByRarity(
  question: ReadonlyMap<string, number>,
  sentences: readonly ReadonlySet<string>[],
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const term of sentences.flatMap((sentence) => [...sentence]))
    counts.set(term, (counts.get(term) ?? 0) + 1);
  return new Map(
    Array.from(question, ([term, weight]) => {
      const rarity = Math.log((sentences.length + 1) / ((counts.get(term) ?? 0) + 1)) / 2;
      return [term, weight * (1 + rarity)];
    }),
  );
}

/** Picks greedily the sentence that covers most of what is still open; the earlier one of equals. */
export function selectSentences(
  context: string,
  question: ReadonlyMap<string, number>,
  limit: number,
): Selection {
  const texts = sentencesOf(context);
  const terms = texts.map((text) => new Set(termsOf(text)));
  const open = weighByRarity(question, terms);
  const total = [...open.values()].reduce((sum, weight) => sum + weight, 0);
  const chosen: Sentence[] = [];
  let covered = 0;
  while (chosen.length < limit) {
    let best = -1;
    let gain = 0;
    for (const [index, sentence] of terms.entries()) {
      let weight = 0;
      for (const term of sentence) weight += open.get(term) ?? 0;
      if (weight > gain) [best, gain] = [index, weight];
    }
    if (best < 0 || gain < LEAST_GAIN * total) break;
    chosen.push({ text: texts[best] ?? "", index: best });
    covered += gain / total;
    for (const term of terms[best] ?? []) open.delete(term);
  }
  return { sentences: chosen.sort((left, right) => left.index - right.index), covered: Math.min(1, covered) };
}
