import { diffArrays } from "diff";
import { rulesOf, similarity, tokensOf, type Token } from "./change-words.ts";

/** One difference between two texts. `rule`, `clause` and `wording` are changes inside a sentence that stays. */
export type TextChange =
  | { readonly kind: "added" | "removed"; readonly sentence: string }
  | {
      readonly kind: "rule";
      readonly sentence: string;
      readonly removed: readonly string[];
      readonly added: readonly string[];
    }
  | { readonly kind: "clause" | "wording"; readonly sentence: string }
  | { readonly kind: "spacing" | "rewritten" };

interface Sentence {
  readonly text: string;
  readonly tokens: readonly Token[];
}

/** Two sentences that share less than this (Dice over their words) are one removed and one added, not one reworded. */
const SAME_SENTENCE = 0.5;
/** From so many words on, what one place of a sentence gained or lost is a clause of its own, not a wording. */
const CLAUSE_WORDS = 4;
// Beyond these sizes an alignment costs more than it tells: the change counts as rewritten, which asks for more.
const LARGEST_EDIT = 2000;
const LARGEST_TABLE = 40_000;

function collapse(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}

/**
 * Sentences and lines of a text, white space collapsed. A line break always ends one: instructions stand in lists more
 * often than in prose. Splits by Unicode's sentence terminals alone, so that every machine splits alike; a split after
 * an abbreviation only ever raises a tier.
 */
function sentencesOf(text: string): string[] {
  return text
    .split(/[\r\n\u2028\u2029]+/)
    .flatMap((line) => line.split(/(?<=\p{STerm}[\p{Pe}\p{Pf}"'*_]{0,3})(?=\s)|(?<=[。！？｡])/u))
    .map(collapse)
    .filter((sentence) => sentence !== "");
}

function asSentence(text: string): Sentence {
  return { text, tokens: tokensOf(text) };
}

function equal(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((item, index) => item === right[index]);
}

/** True when one place of the sentence gained or lost a clause. */
function changesClause(before: readonly Token[], after: readonly Token[]): boolean {
  const changes = diffArrays([...before], [...after], { maxEditLength: LARGEST_EDIT });
  if (changes === undefined) return true;
  const gains: number[] = [];
  let gained = 0;
  for (const change of changes) {
    if (change.added) gained += change.count;
    else if (change.removed) gained -= change.count;
    else {
      gains.push(gained);
      gained = 0;
    }
  }
  return [...gains, gained].some((gain) => Math.abs(gain) >= CLAUSE_WORDS);
}

function inside(before: Sentence, after: Sentence): TextChange {
  const sentence = after.text;
  const rulesBefore = rulesOf(before.text);
  const rulesAfter = rulesOf(after.text);
  if (!equal(rulesBefore, rulesAfter)) {
    const changes = diffArrays(rulesBefore, rulesAfter, { maxEditLength: LARGEST_EDIT });
    if (changes === undefined) return { kind: "rewritten" };
    return {
      kind: "rule",
      sentence,
      removed: changes.flatMap((change) => (change.removed ? change.value : [])),
      added: changes.flatMap((change) => (change.added ? change.value : [])),
    };
  }
  return { kind: changesClause(before.tokens, after.tokens) ? "clause" : "wording", sentence };
}

/** Pairs of indexes, in order, that share most in sum; only sentences alike enough are paired. */
function pairUp(removed: readonly Sentence[], added: readonly Sentence[]): [number, number][] {
  if (removed.length * added.length > LARGEST_TABLE) return [];
  const likeness = removed.map((left) => added.map((right) => similarity(left.tokens, right.tokens)));
  const pairable = (i: number, j: number): number => {
    const value = likeness[i]?.[j] ?? 0;
    return value >= SAME_SENTENCE ? value : 0;
  };
  // best[i][j]: the largest sum of likeness from removed[i] and added[j] on.
  const best = Array.from({ length: removed.length + 1 }, () => new Float64Array(added.length + 1));
  const at = (i: number, j: number): number => best[i]?.[j] ?? 0;
  for (let i = removed.length - 1; i >= 0; i--) {
    for (let j = added.length - 1; j >= 0; j--) {
      const paired = pairable(i, j) > 0 ? pairable(i, j) + at(i + 1, j + 1) : 0;
      const row = best[i];
      if (row !== undefined) row[j] = Math.max(paired, at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < removed.length && j < added.length;) {
    if (at(i, j) === at(i + 1, j)) i++;
    else if (at(i, j) === at(i, j + 1)) j++;
    else pairs.push([i++, j++]);
  }
  return pairs;
}

function alone(kind: "added" | "removed", { text, tokens }: Sentence): TextChange {
  // A line of dashes or dots says nothing: layout, whose coming and going is wording.
  return tokens.length === 0 ? { kind: "wording", sentence: text } : { kind, sentence: text };
}

/** What happened to neighbouring sentences between two that stayed. */
function blockChanges(removedTexts: readonly string[], addedTexts: readonly string[]): TextChange[] {
  const removed = removedTexts.map(asSentence);
  const added = addedTexts.map(asSentence);
  const before = asSentence(removedTexts.join(" "));
  const after = asSentence(addedTexts.join(" "));
  // Punctuation may cut the same words into other sentences.
  if (removed.length > 0 && added.length > 0 && equal(before.tokens, after.tokens))
    return [inside(before, after)];
  const pairs = pairUp(removed, added);
  const pairedBefore = new Set(pairs.map(([i]) => i));
  const pairedAfter = new Set(pairs.map(([, j]) => j));
  return [
    ...removed.flatMap((sentence, i) => (pairedBefore.has(i) ? [] : alone("removed", sentence))),
    ...added.flatMap((sentence, j) => (pairedAfter.has(j) ? [] : alone("added", sentence))),
    ...pairs.flatMap(([i, j]) => {
      const [left, right] = [removed[i], added[j]];
      return left === undefined || right === undefined ? [] : inside(left, right);
    }),
  ];
}

/** What changed between two texts, sentence by sentence; empty exactly when they are equal. */
export function textChanges(before: string, after: string): TextChange[] {
  if (before === after) return [];
  if (collapse(before) === collapse(after)) return [{ kind: "spacing" }];
  const changes = diffArrays(sentencesOf(before), sentencesOf(after), { maxEditLength: LARGEST_EDIT });
  if (changes === undefined) return [{ kind: "rewritten" }];
  const found: TextChange[] = [];
  let removed: string[] = [];
  let added: string[] = [];
  const closeBlock = (): void => {
    if (removed.length + added.length > 0) found.push(...blockChanges(removed, added));
    [removed, added] = [[], []];
  };
  for (const change of changes) {
    if (change.removed) removed.push(...change.value);
    else if (change.added) added.push(...change.value);
    else closeBlock();
  }
  closeBlock();
  // Only the cut into lines differs, which is white space and punctuation.
  return found.length === 0 ? [{ kind: "spacing" }] : found;
}
