import { isStopword } from "./stopwords.ts";

/** Lower case, compatibility forms unified, accents removed: what spelling variants have in common. */
function fold(text: string): string {
  if (/^[\x00-\x7f]*$/.test(text)) return text.toLowerCase();
  return text
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .normalize("NFC")
    .toLowerCase()
    .replaceAll("ß", "ss");
}

const TOKEN = /\p{N}+(?:[.,:]\p{N}+)*|[\p{L}\p{M}]+/gu;
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
const SUFFIX =
  /(?:ations?|ungen|ung|ements?|ments?|ciones|cion|coes|cao|zioni|zione|ings?|ies|ied|eds?|es|en|er|s)$/;

/** Words of a text, folded, in order; numbers keep their separators. */
export function wordsOf(text: string): string[] {
  return fold(text).match(TOKEN) ?? [];
}

/** True for a token that is a figure, which no paraphrase may change. */
export function isNumber(term: string): boolean {
  return /^\p{N}/u.test(term);
}

/** Light stemming over six languages: one suffix off, a doubled consonant halved, at most six letters kept. */
function stem(word: string): string {
  if (isNumber(word) || word.length < 4) return word;
  const short = word.replace(SUFFIX, (suffix) => (suffix === "ies" || suffix === "ied" ? "y" : ""));
  const base = (short.length >= 3 ? short : word).replace(/([^aeiouls])\1$/, "$1").replace(/[aeoy]$/, "");
  return base.slice(0, 6);
}

/** Languages without spaces have no words to split at: two characters at a time carry the matter. */
function bigrams(run: string): string[] {
  const characters = Array.from(run);
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => `${characters[index] ?? ""}${character}`);
}

/** What a text is about: stems of its content words, figures and character bigrams, with repeats, in order. */
export function termsOf(text: string): string[] {
  return wordsOf(text)
    .filter((word) => !isStopword(word))
    .flatMap((word) => (UNSPACED.test(word) ? bigrams(word) : [stem(word)]));
}

const ABBREVIATION = /(?:^|[\s(])(?:\p{L}|e\.g|i\.e|z\.B|Dr|Mr|Mrs|Ms|Nr|No|St|ca|vs|approx|bzw|etc)\.$/u;

/** Sentences of a text in order, trimmed, without empty ones; lines and list items end a sentence too. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  for (const line of text.split(/\n+/)) {
    let open = "";
    for (const piece of line.split(/(?<=[.!?…]["'”’»)\]]?)\s+|(?<=[。！？])/u)) {
      open = open === "" ? piece : `${open} ${piece}`;
      if (ABBREVIATION.test(piece.slice(-12))) continue;
      sentences.push(open);
      open = "";
    }
    if (open !== "") sentences.push(open);
  }
  return sentences
    .map((sentence) => sentence.replace(/^\s*(?:[-*•]|\d{1,3}[.)])\s+/, "").trim())
    .filter((sentence) => sentence !== "");
}

/** True for a sentence that ends with a question mark. */
export function isQuestion(sentence: string): boolean {
  return /[?？؟]["'”’»)]?$/u.test(sentence);
}

/** A cheap stand-in for a tokenizer: one token per four UTF-8 bytes, rounded up. */
export function estimateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text, "utf8") / 4);
}
