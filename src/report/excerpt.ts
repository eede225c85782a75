const LEAD = 60;

function cut(text: string, start: number, length: number): string {
  const piece = Array.from(text.slice(start, start + length * 2))
    .slice(0, length)
    .join("");
  return `${start > 0 ? "…" : ""}${piece}${start + piece.length < text.length ? "…" : ""}`;
}

/** A line ends the same way whoever wrote it. */
function unixLines(text: string | null): string | null {
  return text === null ? null : text.replaceAll("\r\n", "\n");
}

/** Where two texts part. */
function commonPrefix(left: string, right: string): number {
  let index = 0;
  while (index < left.length && index < right.length && left[index] === right[index]) index += 1;
  return index;
}

/** The same place, or the one before when it lies inside a character of two code units. */
function characterStart(text: string | null, index: number): number {
  const unit = text?.charCodeAt(index) ?? 0;
  return unit >= 0xdc00 && unit <= 0xdfff ? index - 1 : index;
}

/**
 * Excerpts of two outputs, at most `length` characters and two ellipses each. Long texts that begin alike are shown
 * from shortly before the place where they part: the same first lines twice would explain nothing.
 */
export function excerpts(
  baseline: string | null,
  candidate: string | null,
  length: number,
): { readonly baseline: string | null; readonly candidate: string | null } {
  const old = unixLines(baseline);
  const fresh = unixLines(candidate);
  const common = old === null || fresh === null ? 0 : commonPrefix(old, fresh);
  const start = common > length - LEAD ? Math.max(0, characterStart(old, common - LEAD)) : 0;
  const short = (text: string | null): string | null => (text === null ? null : cut(text, start, length));
  return { baseline: short(old), candidate: short(fresh) };
}
