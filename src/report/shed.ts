import { count } from "./figures.ts";

/** A piece of a document; pieces are joined by blank lines. */
export interface Section {
  /** What a reader calls it, in own words or escaped. */
  readonly name: string;
  readonly text: string;
  /** `always` is never left out; `core` only when everything else is gone. */
  readonly keep: "always" | "core" | "detail";
}

const NAMES = 8;
const SEPARATOR = "\n\n";

function notice(left: readonly Section[], remedy: string): string {
  const names = left.slice(0, NAMES).map(({ name, text }) => `${name} (${count(text.length)} characters)`);
  const rest = left.length > NAMES ? [`${count(left.length - NAMES)} more sections`] : [];
  return `_Left out for length: ${[...names, ...rest].join(", ")}._ ${remedy}`;
}

/**
 * The document in at most `maxCharacters`, where the sections that are always kept allow it: the largest details go
 * first, then the largest core sections, and what went is named at the end with `remedy`, a sentence on where it is.
 */
export function fit(sections: readonly Section[], maxCharacters: number, remedy: string): string {
  const bySize = (keep: Section["keep"]): Section[] =>
    sections.filter((section) => section.keep === keep).sort((a, b) => b.text.length - a.text.length);
  const left: Section[] = [];
  let length = sections.reduce((sum, { text }) => sum + text.length + SEPARATOR.length, 0);
  const excess = (): number => length + (left.length === 0 ? 0 : notice(left, remedy).length) - maxCharacters;
  for (const section of [...bySize("detail"), ...bySize("core")]) {
    if (excess() <= 0) break;
    left.push(section);
    length -= section.text.length + SEPARATOR.length;
  }
  const gone = new Set(left);
  const texts = sections.filter((section) => !gone.has(section)).map(({ text }) => text);
  return `${[...texts, ...(left.length === 0 ? [] : [notice(left, remedy)])].join(SEPARATOR)}\n`;
}
