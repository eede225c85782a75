import { diffWordsWithSpace } from "diff";
import { visible, visibleLine } from "../domain/visible.ts";

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
/** Beyond this many changed words two outputs have nothing in common worth marking. */
const MAX_CHANGES = 300;

/** Untrusted text as text, in an element or in a quoted attribute. Newlines stay. */
export function escapeHtml(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => entities[character] ?? "");
}

/** The same on one line of at most `length` characters. */
export function escapeLine(text: string, length = 200): string {
  return escapeHtml(visibleLine(text, length));
}

/** Two outputs with `<del>` around what only the old one says and `<ins>` around what only the new one says. */
export function markChanges(
  baseline: string,
  candidate: string,
): { readonly old: string; readonly new: string } {
  const parts = diffWordsWithSpace(baseline, candidate, { maxEditLength: MAX_CHANGES });
  if (parts === undefined) return { old: escapeHtml(baseline), new: escapeHtml(candidate) };
  const side = (skip: "added" | "removed", tag: string): string =>
    parts
      .filter((part) => !part[skip])
      .map(({ value, added, removed }) =>
        added || removed ? `<${tag}>${escapeHtml(value)}</${tag}>` : escapeHtml(value),
      )
      .join("");
  return { old: side("added", "del"), new: side("removed", "ins") };
}
