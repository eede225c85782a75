import { stockSentences } from "./stock-sentences.ts";
import { isNumber, isQuestion, sentencesOf, termsOf, wordsOf } from "./words.ts";

/** One statement and how far the ground supports it, in [0,1]. */
interface Claim {
  readonly text: string;
  readonly support: number;
}

/** The output of a model as a judge takes it apart. */
export interface Statements {
  /** Sentences that say something about the matter. */
  readonly claims: readonly Claim[];
  /** True when a sentence declines to answer or hands over. */
  readonly declines: boolean;
}

const DECLINES =
  /\b(?:cannot|can t|could not|unable|(?:do|does|did) not (?:know|say|contain|cover|mention|answer|have)|(?:don|doesn|didn) t (?:know|say|contain|cover|mention|answer|have)|no information|not (?:contain|mention|cover|say)\w*|colleague|specialist|team|hand(?:ing|ed)? (?:this|it|your|you|the|over)|pass(?:ing|ed)? (?:this|it|your)|escalat\w+|get back to you|nicht (?:beantworten|sagen)|weiss (?:ich )?nicht|keine (?:information|angabe)\w*|kolleg\w+|ne (?:peux|sais|dispose) pas|collegues?|transmets|no (?:puedo|tengo|dispongo|se)|companer[oa]|colega|paso su|nao (?:posso|sei|tenho)|passar o seu|non (?:posso|so|ho)|collega|passo la)\b/;

const COURTESY =
  /\b(?:hello|dear|thanks?|welcome|sorry|apologi[sz]e|regards|sincerely|happy to help|guten tag|hallo|danke|leid|grusse?n?|bonjour|merci|desole|cordialement|hola|gracias|siento|saludos|ola|obrigad[oa]|lamento|cumprimentos|buongiorno|grazie|dispiace|saluti)\b/;

// What declining and courtesy are usually made of, besides words of the matter at hand.
let usual: ReadonlySet<string> | undefined;

/** Made when the first claim is read: most commands ask no embedded model. */
function usualTerms(): ReadonlySet<string> {
  usual ??= new Set(
    termsOf(
      `${Object.values(stockSentences)
        .flatMap(({ refusal, handover, greeting, closing, apology }) => [
          refusal,
          handover,
          greeting,
          closing,
          apology,
        ])
        .join(
          " ",
        )} context documents help pages sorry afraid unfortunately find provided available contain mention cover
     say know answer question details person human agent team specialist support service customer look contact reach reply
     respond follow soon shortly working business days hours hand pass forward case request matter welcome regards`,
    ),
  );
  return usual;
}
const UNUSUAL_TERMS = 2;

/** Texts of an output: the string values when it is JSON, else itself. */
function textsOf(output: string): string {
  const leaves = (value: unknown): string[] => {
    if (typeof value === "string") return [value];
    return typeof value === "object" && value !== null ? Object.values(value).flatMap(leaves) : [];
  };
  if (!/^\s*[[{]/.test(output)) return output;
  try {
    return leaves(JSON.parse(output)).join("\n");
  } catch {
    return output;
  }
}

/** Without the marks that quoting and citing put between words. */
function plain(text: string): string {
  return text.replace(/\\u\{[0-9a-f]+\}/g, "").replace(/\[\d+\]/g, " ");
}

/** Everything a claim may rest on. */
export interface Ground {
  readonly sentences: readonly { readonly terms: ReadonlySet<string>; readonly negated: boolean }[];
  readonly terms: ReadonlySet<string>;
  /** Terms of the question: repeating them neither supports a claim nor speaks against it. */
  readonly asked: ReadonlySet<string>;
}

const NEGATION =
  /\b(?:not|no|never|none|cannot|t|nicht|kein\w*|nie|pas|jamais|aucune?|ni|nunca|ningun\w*|nao|nem|non|mai|nessun\w*)\b/;

function isNegated(sentence: string): boolean {
  // A leading "No," answers the question; it does not negate what follows.
  return NEGATION.test(
    wordsOf(sentence)
      .join(" ")
      .replace(/^(?:no|non|nao|nein)\b/, ""),
  );
}

/** What the context says and the question asks, prepared for many claims. */
export function readGround(context: string, question: string): Ground {
  const sentences = sentencesOf(plain(context)).map((sentence) => ({
    terms: new Set(termsOf(sentence)),
    negated: isNegated(sentence),
  }));
  return {
    sentences,
    terms: new Set(sentences.flatMap(({ terms }) => [...terms])),
    asked: new Set(termsOf(plain(question))),
  };
}

/** Share in [0,1] of `terms` that `known` has; 0 of nothing. */
export function share(terms: readonly string[], known: ReadonlySet<string>): number {
  return terms.length === 0 ? 0 : terms.filter((term) => known.has(term)).length / terms.length;
}

const UNKNOWN_FIGURE = 0.3;

/**
 * How far a claim rests on the ground, in [0,1]: half of it the share of its terms found anywhere, half the share found in
 * the one sentence that fits best. A figure found nowhere and a negation that this sentence does not have count against it.
 */
function supportOf(claim: string, { sentences, terms, asked }: Ground): number {
  const all = termsOf(claim);
  const own = all.filter((term) => terms.has(term) || !asked.has(term));
  const counted = own.length > 0 ? own : all;
  let best = { fit: 0, negated: false };
  for (const sentence of sentences) {
    const fit = share(counted, sentence.terms);
    if (fit > best.fit) best = { fit, negated: sentence.negated };
  }
  const support = (share(counted, terms) + best.fit) / 2;
  if (counted.some((term) => isNumber(term) && !terms.has(term))) return Math.min(support, UNKNOWN_FIGURE);
  return best.negated === isNegated(claim) ? support : support / 2;
}

/** From here on a claim counts as supported. */
export const SUPPORTED = 0.7;

/** Sorts an output's sentences. What the ground supports is a claim even if it reads like declining ("cannot be returned"). */
export function readStatements(output: string, ground: Ground): Statements {
  const claims: Claim[] = [];
  let declines = false;
  for (const sentence of sentencesOf(plain(textsOf(output)))) {
    const terms = termsOf(sentence);
    if (terms.length === 0 || isQuestion(sentence)) continue;
    const words = wordsOf(sentence).join(" ");
    const unusual = terms.filter(
      (term) => !usualTerms().has(term) && !ground.terms.has(term) && !ground.asked.has(term),
    ).length;
    const claim = { text: sentence, support: supportOf(sentence, ground) };
    if (unusual > UNUSUAL_TERMS || claim.support >= SUPPORTED) claims.push(claim);
    else if (DECLINES.test(words)) declines = true;
    else if (!COURTESY.test(words)) claims.push(claim);
  }
  return { claims, declines };
}
