import type { Path, SyntaxFault } from "./source-document.ts";

/** Levels of lists and objects in one another; parsers and digests descend as deep. */
export const MAX_DEPTH = 100;

/** Told of every value before its parts: its path (reused, copy it to keep it), where its key and itself begin. */
type Visit = (path: Path, keyOffset: number, valueOffset: number) => void;

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;
const FAILED = -1;

/**
 * Checks a text against the JSON grammar (RFC 8259), and for keys that appear twice in one object and too deep nesting.
 * Returns the first fault, or null. Builds no values: `JSON.parse` does that better.
 */
export function scanJson(text: string, visit: Visit = () => {}): SyntaxFault | null {
  const path: (string | number)[] = [];
  let fault: SyntaxFault | null = null;

  function fail(offset: number, message: string): number {
    fault ??= { offset, message: offset >= text.length ? `${message}, but the text ends here` : message };
    return FAILED;
  }

  function skipSpace(offset: number): number {
    let at = offset;
    while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
    return at;
  }

  function token(pattern: RegExp, offset: number): number {
    pattern.lastIndex = offset;
    return pattern.test(text) ? pattern.lastIndex : FAILED;
  }

  function string(offset: number): number {
    for (let at = offset + 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 0x22) return at + 1;
      if (code < 0x20) return fail(at, "expected control characters in text to be escaped, e.g. \\n");
      if (code === 0x5c) {
        const end = token(ESCAPE, at + 1);
        if (end === FAILED) return fail(at, 'expected an escape such as \\n, \\" or \\u00e9');
        at = end - 1;
      }
    }
    return fail(text.length, 'expected a closing "');
  }

  function list(offset: number): number {
    let at = skipSpace(offset + 1);
    if (text[at] === "]") return at + 1;
    for (let index = 0; ; index += 1) {
      path.push(index);
      at = value(at, at);
      path.pop();
      if (at === FAILED) return FAILED;
      at = skipSpace(at);
      if (text[at] === "]") return at + 1;
      if (text[at] !== ",") return fail(at, "expected , or ]");
      at = skipSpace(at + 1);
    }
  }

  function object(offset: number): number {
    const keys = new Set<string>();
    let at = skipSpace(offset + 1);
    if (text[at] === "}") return at + 1;
    for (;;) {
      at = property(at, keys);
      if (at === FAILED) return FAILED;
      at = skipSpace(at);
      if (text[at] === "}") return at + 1;
      if (text[at] !== ",") return fail(at, "expected , or }");
      at = skipSpace(at + 1);
    }
  }

  function property(keyOffset: number, keys: Set<string>): number {
    if (text[keyOffset] !== '"') return fail(keyOffset, 'expected a key in "double quotes"');
    const keyEnd = string(keyOffset);
    if (keyEnd === FAILED) return FAILED;
    const key = JSON.parse(text.slice(keyOffset, keyEnd)) as string;
    if (keys.has(key)) return fail(keyOffset, "expected every key once, this one appears twice");
    keys.add(key);
    const colon = skipSpace(keyEnd);
    if (text[colon] !== ":") return fail(colon, "expected :");
    path.push(key);
    const end = value(skipSpace(colon + 1), keyOffset);
    path.pop();
    return end;
  }

  function value(offset: number, keyOffset: number): number {
    if (path.length > MAX_DEPTH) return fail(offset, `expected at most ${MAX_DEPTH} levels of nesting`);
    visit(path, keyOffset, offset);
    const first = text[offset];
    if (first === "{") return object(offset);
    if (first === "[") return list(offset);
    if (first === '"') return string(offset);
    const end = Math.max(token(NUMBER, offset), token(WORD, offset));
    return end === FAILED ? fail(offset, "expected a JSON value") : end;
  }

  const start = skipSpace(0);
  const end = value(start, start);
  if (end !== FAILED && skipSpace(end) < text.length)
    fail(skipSpace(end), "expected nothing after the value");
  return fault;
}
