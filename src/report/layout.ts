const ZERO_WIDTH = /[\p{M}\p{Cf}]/u;
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Columns that a terminal needs for a text without control characters. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (ZERO_WIDTH.test(character)) continue;
    width += WIDE.test(character) ? 2 : 1;
  }
  return width;
}

export function padEnd(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

export function padStart(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - displayWidth(text))) + text;
}

/** Pieces of a word, none wider than `width`. */
function breakWord(word: string, width: number): string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const character of word) {
    if (piece !== "" && displayWidth(piece + character) > width) {
      pieces.push(piece);
      piece = "";
    }
    piece += character;
  }
  return piece === "" ? pieces : [...pieces, piece];
}

/** Lines of at most `width` columns, broken at spaces; a word that is too long is cut. */
export function wrap(text: string, width: number): string[] {
  const room = Math.max(10, width);
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ").filter((part) => part !== "")) {
    for (const piece of displayWidth(word) > room ? breakWord(word, room) : [word]) {
      if (line === "") line = piece;
      else if (displayWidth(line) + 1 + displayWidth(piece) <= room) line += ` ${piece}`;
      else {
        lines.push(line);
        line = piece;
      }
    }
  }
  return line === "" && lines.length > 0 ? lines : [...lines, line];
}

/** Wrapped lines with `first` before the first one and as many spaces before the others. */
export function hang(first: string, text: string, width: number): string[] {
  const indent = displayWidth(first);
  return wrap(text, width - indent).map((line, index) => (index === 0 ? first : " ".repeat(indent)) + line);
}
