/** A word, number, placeholder or symbol of a sentence; punctuation and case do not count. */
export type Token = string;

// Scripts that put no spaces between words are taken character by character. Invisible characters count: text can hide
// in them that a model reads.
const TOKEN =
  /\{\{[^{}]*\}\}|[+-]?\p{N}+(?:[.,:]\p{N}+)*|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]|[\p{L}\p{M}_]+(?:['’][\p{L}\p{M}]+)*|[\p{S}\p{Cf}\p{Co}%#@&/\\]/gu;

// Marks of lists, emphasis and code that are layout, although Unicode calls some of them symbols.
const LAYOUT = new Set(["`", "|", "^", "¨", "´", "¯"]);

/** Tokens of a text in order, in lower case. */
export function tokensOf(text: string): Token[] {
  const normal = text.normalize("NFC").toLowerCase();
  return Array.from(normal.matchAll(TOKEN), ([token]) =>
    token.replace(/\s+/g, "").replaceAll("’", "'"),
  ).filter((token) => !LAYOUT.has(token));
}

/** Words that allow, forbid, limit or count: a change of one of them changes a rule, not its wording. */
const RULE_WORDS = new Set(
  [
    // English
    "not no never none nobody nothing neither nor without cannot cant dont wont must shall should may might can could",
    "only always sometimes often usually all any every each except unless until exactly least most maximum minimum more less fewer than",
    "required optional forbidden prohibited allowed permitted mandatory avoid refuse decline ignore",
    "zero one two three four five six seven eight nine ten eleven twelve first second third once twice half",
    // German
    "nicht nie niemals kein keine keinen keinem keiner keines ohne muss musst müssen darf darfst dürfen soll sollst sollen",
    "nur immer alle jede jeder jedes außer mindestens höchstens genau verboten erlaubt null eins zwei drei vier fünf",
    // French
    "ne pas jamais aucun aucune rien sans doit dois doivent devez peut peux peuvent seulement uniquement toujours tous",
    "toutes chaque sauf moins plus exactement interdit obligatoire deux trois quatre cinq",
    // Spanish and Portuguese
    "nunca ningún ninguna nada sin debe debes deben puede puedes pueden solo sólo solamente únicamente siempre todos todas",
    "cada salvo excepto menos más exactamente prohibido obligatorio não sem deve deves devem pode podem somente apenas",
    "sempre exceto mais dos tres cuatro cinco dois duas três quatro",
    // Italian and Dutch
    "non mai nessuno nessuna niente senza devi deve devono può puoi possono solo soltanto tutti tutte tranne meno più",
    "niet nooit geen zonder moet moeten mag mogen alleen altijd behalve minstens hoogstens",
  ].flatMap((line) => line.split(" ")),
);

const RULE_MARKS = /[不没沒别勿禁必须須只仅僅]|ない|なく|ません|べき|のみ|だけ|않|못|금지|반드시|만/gu;

const QUOTED =
  /"([^"]{1,300})"|“([^”]{1,300})”|„([^“”]{1,300})[“”]|«([^»]{1,300})»|「([^」]{1,300})」|`([^`]{1,300})`|(?<![\p{L}\p{N}])'([^']{1,300})'(?![\p{L}\p{N}])/gu;

function isRule(token: Token): boolean {
  return (
    RULE_WORDS.has(token) ||
    token.endsWith("n't") ||
    /^[+-]?\p{N}/u.test(token) ||
    /^\{\{|^[^\p{L}\p{M}]$/u.test(token)
  );
}

/**
 * What a sentence lays down, in order: negations, modals, quantities, numbers, symbols, placeholders and quoted
 * literals. Two wordings of one rule have the same.
 */
export function rulesOf(text: string): string[] {
  const words = tokensOf(text).filter(isRule);
  const marks = Array.from(text.matchAll(RULE_MARKS), ([mark]) => mark);
  const quoted = Array.from(text.matchAll(QUOTED), (match) =>
    JSON.stringify((match.slice(1).find((part) => part !== undefined) ?? "").trim()),
  );
  return [...words, ...marks, ...quoted];
}

/** Share of common tokens (Dice), in [0,1]; 1 for two texts without any. */
export function similarity(left: readonly Token[], right: readonly Token[]): number {
  if (left.length + right.length === 0) return 1;
  const counts = new Map<Token, number>();
  for (const token of left) counts.set(token, (counts.get(token) ?? 0) + 1);
  let common = 0;
  for (const token of right) {
    const count = counts.get(token) ?? 0;
    if (count > 0) common++;
    counts.set(token, count - 1);
  }
  return (2 * common) / (left.length + right.length);
}
