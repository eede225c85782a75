/** The sentence that every version of the prompt asks for where the help pages do not answer. */
const REFUSAL = "I cannot find that in our help pages.";

function wordsOf(text) {
  return text.toLowerCase().match(/[\p{L}\p{N}]{4,}/gu) ?? [];
}

/** The share of `words` that stand in `text`; 1 where there are none. */
function shareIn(words, text) {
  const known = new Set(wordsOf(text));
  return words.length === 0 ? 1 : words.filter((word) => known.has(word)).length / words.length;
}

/**
 * How good an answer is, in [0,1]: mostly whether what it claims stands in the help page, and a little whether it speaks of
 * what was asked. A check as cheap as this one can look at every answer; a judge model would look at a sample.
 */
export function qualityOf({ answer, page, question }) {
  const sentences = answer.replace(REFUSAL, "").match(/[^.!?]+[.!?]?/g) ?? [];
  const claims = sentences.filter((sentence) => !sentence.endsWith("?")).join(" ");
  return 0.7 * shareIn(wordsOf(claims), page) + 0.3 * shareIn(wordsOf(question), answer);
}
