const LEAD = 60;

function cut(text: string, start: number, length: number): string {
  const piece = Array.from(text.slice(start, start + length * 2))
    .slice(0, length)
    .join("");
  return `${start > 0 ? "…" : ""}${piece}${start + piece.length < text.length ? "…" : ""}`;
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
  const common = baseline === null || candidate === null ? 0 : commonPrefix(baseline, candidate);
  const start = common > length - LEAD ? characterStart(baseline, common - LEAD) : 0;
  const short = (text: string | null): string | null => (text === null ? null : cut(text, start, length));
  return { baseline: short(baseline), candidate: short(candidate) };
}
