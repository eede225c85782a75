/** Longest output that a judge sees; more is cut out of its middle. */
export const JUDGED_CHARACTERS = 60_000;

/** Everything without a picture of its own but newline and tab: controls, formats, lone surrogates, fillers. */
const INVISIBLE = /(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\u2028\u2029\u2800]/gu;

/** Letters of other scripts that look like those of the marks below. */
const LOOK_ALIKES: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ["n", "пոոռ"],
    ["o", "оοօ੦०"],
    ["c", "сϲ"],
    ["e", "еҽ"],
    ["<", "‹«《〈⟨⟪≪⋘˂ᐸ❮❰⧼＜⋖"],
    [">", "›»》〉⟩⟫≫⋙˃ᐳ❯❱⧽＞⋗"],
  ].flatMap(([plain = "", others = ""]) => Array.from(others, (other) => [other, plain])),
);

/** What imitates the layout (`<<<tag …>>>`), the nonce, or spells letters of JSON keys as escapes. */
const IMITATIONS = /<{2,}|>{2,}|(?<![\p{L}\p{N}_])nonce(?![\p{L}\p{N}_])|\\u00[4-7][0-9a-f]/gu;

function foldCharacter(character: string): string {
  const plain = LOOK_ALIKES[character];
  if (plain !== undefined) return plain;
  const folded = character
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase();
  // One for one, so that places in the folded text are places in the text.
  return Array.from(folded).length === 1 ? (LOOK_ALIKES[folded] ?? folded) : character;
}

/** Puts a middle dot between the characters of each imitation: still readable, no longer the mark itself. */
/** Folds each character once, however often it occurs. */
function foldCharacters(characters: readonly string[]): string[] {
  const known = new Map<string, string>();
  return characters.map((character) => {
    const folded = known.get(character) ?? foldCharacter(character);
    known.set(character, folded);
    return folded;
  });
}

function breakImitations(text: string): string {
  const characters = Array.from(text);
  const folded = foldCharacters(characters);
  const dotted = new Set<number>();
  for (const { index, 0: found } of folded.join("").matchAll(IMITATIONS)) {
    for (let place = index + 1; place < index + found.length; place += 1) dotted.add(place);
  }
  if (dotted.size === 0) return text;
  let place = 0;
  return characters
    .map((character, index) => {
      const shown = dotted.has(place) ? `·${character}` : character;
      place += folded[index]?.length ?? 0;
      return shown;
    })
    .join("");
}

/**
 * Untrusted text as a judge may see it: nothing is removed, but invisible characters appear as `\u{…}` and what imitates
 * the marks of the judge's request or of its answer is broken up by middle dots.
 */
export function quoteUntrusted(text: string): string {
  const shown = text
    .replaceAll("\r\n", "\n")
    .replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
  return breakImitations(shown);
}

/** Keeps beginning and end of a text longer than `limit` characters and says in between how much is missing. */
export function cutMiddle(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const half = Math.floor(limit / 2);
  const missing = text.length - 2 * half;
  return `${text.slice(0, half)}\n[… ${missing} characters left out here …]\n${text.slice(text.length - half)}`;
}
