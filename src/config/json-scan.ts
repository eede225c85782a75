import type { Path, SyntaxFault } from "./source-document.ts";

/** Levels of lists and objects in one another; parsers and digests descend as deep. */
export const MAX_DEPTH = 100;

/** Told of every value before its parts: its path (reused, copy it to keep it), where its key and itself begin. */
type Visit = (path: Path, keyOffset: number, valueOffset: number) => void;

interface Scan {
  readonly text: string;
  readonly visit: Visit;
  readonly path: (string | number)[];
  fault: SyntaxFault | null;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const ESCAPE = /["\\/bfnrt]|u[0-9a-fA-F]{4}/y;

/** What the functions below return instead of the offset behind what they read. */
const FAILED = -1;

function fail(scan: Scan, offset: number, message: string): number {
  const ending = offset >= scan.text.length ? ", but the text ends here" : "";
  scan.fault ??= { offset, message: `${message}${ending}` };
  return FAILED;
}

function skipSpace({ text }: Scan, offset: number): number {
  let at = offset;
  while (text[at] === " " || text[at] === "\n" || text[at] === "\r" || text[at] === "\t") at += 1;
  return at;
}

function scanToken({ text }: Scan, pattern: RegExp, offset: number): number {
  pattern.lastIndex = offset;
  return pattern.test(text) ? pattern.lastIndex : FAILED;
}

function scanText(scan: Scan, offset: number): number {
  const { text } = scan;
  for (let at = offset + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return fail(scan, at, "expected control characters in text to be escaped, e.g. \\n");
    if (code === 0x5c) {
      const end = scanToken(scan, ESCAPE, at + 1);
      if (end === FAILED) return fail(scan, at, 'expected an escape such as \\n, \\" or \\u00e9');
      at = end - 1;
    }
  }
  return fail(scan, text.length, 'expected a closing "');
}

/** Items, each read by `scanItem`, separated by commas up to the closing bracket. */
function scanItems(
  scan: Scan,
  offset: number,
  close: "]" | "}",
  scanItem: (offset: number, index: number) => number,
): number {
  const { text } = scan;
  let at = skipSpace(scan, offset + 1);
  if (text[at] === close) return at + 1;
  for (let index = 0; ; index += 1) {
    const end = scanItem(at, index);
    if (end === FAILED) return FAILED;
    at = skipSpace(scan, end);
    if (text[at] === close) return at + 1;
    if (text[at] !== ",") return fail(scan, at, `expected , or ${close}`);
    at = skipSpace(scan, at + 1);
  }
}

function scanProperty(scan: Scan, keyOffset: number, keys: Set<string>): number {
  const { text } = scan;
  if (text[keyOffset] !== '"') return fail(scan, keyOffset, 'expected a key in "double quotes"');
  const keyEnd = scanText(scan, keyOffset);
  if (keyEnd === FAILED) return FAILED;
  const key = JSON.parse(text.slice(keyOffset, keyEnd)) as string;
  if (keys.has(key)) return fail(scan, keyOffset, "expected every key once, this one appears twice");
  keys.add(key);
  const colon = skipSpace(scan, keyEnd);
  if (text[colon] !== ":") return fail(scan, colon, "expected :");
  return scanValue(scan, skipSpace(scan, colon + 1), { key, keyOffset });
}

function scanValue(
  scan: Scan,
  offset: number,
  { key, keyOffset }: { readonly key: string | number | null; readonly keyOffset: number },
): number {
  const { text, path } = scan;
  if (key !== null) path.push(key);
  if (path.length > MAX_DEPTH) return fail(scan, offset, `expected at most ${MAX_DEPTH} levels of nesting`);
  scan.visit(path, keyOffset, offset);
  const end = scanContent(scan, offset, text[offset]);
  if (key !== null) path.pop();
  return end;
}

function scanContent(scan: Scan, offset: number, first: string | undefined): number {
  if (first === "{") {
    const keys = new Set<string>();
    return scanItems(scan, offset, "}", (at) => scanProperty(scan, at, keys));
  }
  if (first === "[") {
    return scanItems(scan, offset, "]", (at, index) => scanValue(scan, at, { key: index, keyOffset: at }));
  }
  if (first === '"') return scanText(scan, offset);
  const end = Math.max(scanToken(scan, NUMBER, offset), scanToken(scan, WORD, offset));
  return end === FAILED ? fail(scan, offset, "expected a JSON value") : end;
}

/**
 * Checks a text against the JSON grammar (RFC 8259), and for keys that appear twice in one object and too deep nesting.
 * Returns the first fault, or null. Builds no values: `JSON.parse` does that better.
 */
export function scanJson(text: string, visit: Visit = () => {}): SyntaxFault | null {
  const scan: Scan = { text, visit, path: [], fault: null };
  const start = skipSpace(scan, 0);
  const end = scanValue(scan, start, { key: null, keyOffset: start });
  const rest = end === FAILED ? text.length : skipSpace(scan, end);
  if (rest < text.length) fail(scan, rest, "expected nothing after the value");
  return scan.fault;
}
