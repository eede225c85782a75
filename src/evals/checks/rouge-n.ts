import * as z from "zod";
import { textFor, textValue } from "./assertion-value.ts";
import { measured, outputCheck, unmeasured } from "./check.ts";

const DEFAULT_THRESHOLD = 0.75;

/** Words with the hyphens, apostrophes and points inside them; numbers keep `,` and `:`; every other sign by itself. */
const TOKEN = /[\p{L}\p{M}\p{N}]+(?:(?:[-'\u2019._/]|[,:](?=\p{N}))[\p{L}\p{M}\p{N}]+)*|\.{3}|--|[^\s]/gu;

/** Contractions are two tokens, as in the Penn Treebank: `can't` is `ca` and `n't`. */
const CONTRACTION = /^(.+?)(n['\u2019]t|['\u2019](?:ll|re|ve|s|m|d))$/u;

/** Longer outputs are not cut but left unscored: their word sequences would take hundreds of megabytes. */
const MAX_LENGTH = 500_000;

function tokenize(text: string): string[] {
  return (text.toLowerCase().match(TOKEN) ?? []).flatMap((token) => {
    const parts = token.length < 40 ? CONTRACTION.exec(token) : null;
    return parts === null ? [token] : parts.slice(1);
  });
}

/** How often each run of `n` tokens occurs; no token holds white space, so a space joins them unmistakably. */
function countGrams(tokens: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + n <= tokens.length; start += 1) {
    const gram = n === 1 ? (tokens[start] ?? "") : tokens.slice(start, start + n).join(" ");
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

/** ROUGE-N as F1 with clipped counts (Lin 2004), in [0,1]; 0 when either text has fewer than `n` tokens. */
export function rougeScore(candidate: string, reference: string, n: number): number {
  const candidateTokens = tokenize(candidate);
  const referenceTokens = tokenize(reference);
  const referenceCounts = countGrams(referenceTokens, n);
  let overlap = 0;
  for (const [gram, count] of countGrams(candidateTokens, n)) {
    overlap += Math.min(count, referenceCounts.get(gram) ?? 0);
  }
  if (overlap === 0) return 0;
  // F1 of overlap / candidate grams and overlap / reference grams.
  return (2 * overlap) / (candidateTokens.length - n + 1 + (referenceTokens.length - n + 1));
}

export const rougeN = outputCheck(
  {
    value: textValue.optional(),
    n: z
      .int("expected a whole number")
      .min(1, "expected 1 to 10")
      .max(10, "expected 1 to 10")
      .describe("Length of the word sequences; default 1.")
      .optional(),
    threshold: z
      .number()
      .min(0, "expected 0 to 1")
      .max(1, "expected 0 to 1")
      .describe("Lowest score that passes; default 0.75.")
      .optional(),
  },
  {
    summary:
      "Passes when the ROUGE-N score (F1, upper and lower case alike) against `value` reaches `threshold`.",
    prepare: ({ value, n = 1, threshold = DEFAULT_THRESHOLD }, preparation) => {
      const wanted = textFor(value, preparation);
      return ({ completion: { text } }) => {
        if (text.length > MAX_LENGTH) {
          return unmeasured(
            `the output (${text.length} characters) is too long for ROUGE, which reads ${MAX_LENGTH}`,
          );
        }
        const score = rougeScore(text, wanted, n);
        return measured(
          score >= threshold,
          `reach a ROUGE-${n} score of ${threshold} against the value`,
          score.toFixed(3),
          score,
        );
      };
    },
  },
);
