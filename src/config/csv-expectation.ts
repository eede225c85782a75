/** An assertion as a user would write it in YAML, or why the text is none. */
export type CsvExpectation =
  | { readonly kind: "assertion"; readonly assertion: Readonly<Record<string, unknown>> }
  | { readonly kind: "invalid"; readonly message: string };

const PREFIX = /^((?:not-)?[a-z][a-z-]*)(?:\((\d+(?:\.\d+)?)\))?(?::([\s\S]*))?$/;
const LISTS = /^(?:not-)?i?contains-(?:all|any)$/;
const NUMBERS = /^(?:not-)?(?:numeric|word-count|char-count)$/;
/** promptfoo's ways to run code or another model from a cell. */
const FOREIGN = /^(?:javascript|fn|eval|python|grade|llm-rubric|similar|file|webhook):/;

/** What stands after the colon, as the check wants it: comma-separated lists, numbers, JSON, else text. */
function cellValue(type: string, text: string): unknown {
  if (LISTS.test(type)) return text.split(",").map((item) => item.trim());
  if (NUMBERS.test(type) && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (/^(?:not-)?(?:is|contains)-json$/.test(type)) {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Left as text: the check's own schema says what it expects.
    }
  }
  return text;
}

/**
 * Reads a cell of promptfoo's `__expected` columns: `type:value`, `type(threshold):value` or `type` alone; a plain text
 * means `equals`. `types` are the checks that exist. In doubt it is an error: a mistyped check must not become a text.
 */
export function csvExpectation(cell: string, isCheck: (type: string) => boolean): CsvExpectation {
  const text = cell.trim();
  if (FOREIGN.test(text)) {
    return {
      kind: "invalid",
      message: `expected a check, got ${text.slice(0, text.indexOf(":"))}, which is not supported`,
    };
  }
  const [, type = "", threshold, value] = PREFIX.exec(text) ?? [];
  if (!isCheck(type)) {
    // Only `word:` with nothing in between looks like a check; `https://…` and `Note: …` do not.
    const looksLikeCheck =
      type !== "" && (threshold !== undefined || (value !== undefined && !/^(?:\/\/|\s)/.test(value)));
    if (!looksLikeCheck) return { kind: "assertion", assertion: { type: "equals", value: cell } };
    return {
      kind: "invalid",
      message: `expected a check before the colon, got "${type}"; for that very text write equals:${type}:…`,
    };
  }
  return {
    kind: "assertion",
    assertion: {
      type,
      ...(value === undefined ? {} : { value: cellValue(type, value) }),
      ...(threshold === undefined ? {} : { threshold: Number(threshold) }),
    },
  };
}
