import { visible, visibleLine } from "../domain/visible.ts";

/** Words that GitHub leaves alone: no character that Markdown or HTML gives a meaning to. */
const PLAIN = /^(?:->|[\p{L}\p{M}\p{N}.,;:?!'"()%+=/…–—−“”‘’«»-]+)$/u;
/** What GitHub turns into links or pictures without any markup: addresses, emoji names, issues, advisories, commits. */
const LINKED = /www\.|:\/|:[\w+-]+:|[a-z]-\d|(?:gh|ghsa|cve)-|[0-9a-f]{7}/i;
/** What starts a list, a heading or a rule when it is the first word of a line. */
const OPENS_BLOCK = /^(?:[^\p{L}\p{N}("'“‘«]|\d+[.)])/u;

function longestRun(text: string, character: string): number {
  const runs = text.split(new RegExp(`[^${character}]+`)).map((run) => run.length);
  return Math.max(0, ...runs);
}

function span(text: string): string {
  const fence = "`".repeat(longestRun(text, "`") + 1);
  const space = text.startsWith("`") || text.endsWith("`") ? " " : "";
  return `${fence}${space}${text}${space}${fence}`;
}

/** Untrusted text as one code span: mentions, links, HTML and markup inside it stay letters. */
export function code(text: string, length = 120): string {
  return span(visibleLine(text, length) || "(empty)");
}

/** The same inside a table, where a pipe ends the cell even in a code span. A pipe after a backslash is spelled out. */
export function cellCode(text: string, length = 60): string {
  return code(text, length).replace(/\\*\|/g, (match) =>
    match === "|" ? "\\|" : `${match.slice(0, -1)}\\u{7c}`,
  );
}

/**
 * Untrusted sentences as text. A word is left as it is only when nothing in it could mean anything to GitHub; every
 * other word becomes a code span. Good only inside a line or as its first word, on one line.
 */
export function prose(text: string, length = 600): string {
  return visibleLine(text, length)
    .split(" ")
    .map((word, index) => {
      if (word === "") return word;
      const isPlain = PLAIN.test(word) && !LINKED.test(word) && !(index === 0 && OPENS_BLOCK.test(word));
      return isPlain ? word : span(word);
    })
    .join(" ");
}

/** Untrusted lines as a code block whose fence no run of backticks inside can close. Needs a blank line before it. */
export function block(text: string): string {
  const fence = "`".repeat(Math.max(3, longestRun(text, "`") + 1));
  return `${fence}text\n${visible(text)}\n${fence}`;
}
