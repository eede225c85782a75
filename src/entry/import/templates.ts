/** What Nunjucks and this project fill in alike: a name alone, without a point, a filter or a sign. */
const PLAIN = /\{\{\s*[A-Za-z_][A-Za-z0-9_]*\s*\}\}/g;
const NAME = /\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g;

/** The first piece of template logic that only Nunjucks understands, or null. */
export function templateLogic(text: string): string | null {
  const rest = text.replace(PLAIN, "");
  return /\{[%#][^]{0,60}|\{\{[^{}]*\}?\}?/.exec(rest)?.[0] ?? null;
}

/** Replaces every `{{name}}` by what `fill` gives; null leaves it as it is. */
export function fillNames(text: string, fill: (name: string) => string | null): string {
  return text.replace(NAME, (placeholder, name: string) => fill(name) ?? placeholder);
}

/** A text as part of a file name or an id: lowercase letters, digits and hyphens, at most `length`; perhaps empty. */
export function slug(text: string, length = 60): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, length)
    .replace(/^-+|-+$/g, "");
}

/** The name, or the name with the first number that makes it unused; it is taken afterwards. */
export function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}`;
  taken.add(free);
  return free;
}
