/** Control characters but tab and newline, the invisible characters that reorder or hide text, and halves of characters. */
const INVISIBLE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** Untrusted text made harmless for a terminal or a log: invisible characters appear as `\u{…}`, newlines stay. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same on one line and cut to `length` characters with an ellipsis. */
export function visibleLine(text: string, length = 200): string {
  const line = visible(text.slice(0, length * 4))
    .replace(/\s+/g, " ")
    .trim();
  if (line.length <= length) return line;
  const characters = Array.from(line);
  return characters.length <= length ? line : `${characters.slice(0, length - 1).join("")}…`;
}
