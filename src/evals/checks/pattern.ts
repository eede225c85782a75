import { RE2JS } from "re2js";
import { messageOf } from "./check.ts";
import { boundedCache } from "./bounded-cache.ts";

/** A pattern in RE2's linear-time engine; `test` throws when the text is too long for so large a pattern. */
export interface Pattern {
  readonly test: (text: string) => boolean;
}

/** Instructions of a compiled pattern. */
const MAX_PROGRAM = 5_000;

/** Instructions times characters: what the slowest engine walks through in a few seconds. */
const MAX_WORK = 500_000_000;

/** Instructions that counted repetitions may unfold to before compiling is even tried. */
const MAX_UNFOLDED = 200_000;

const FLAGS = { i: RE2JS.CASE_INSENSITIVE, s: RE2JS.DOTALL, m: RE2JS.MULTILINE } as const;

function unfoldedSize(source: string): number {
  let repeats = 0;
  for (const [, from = "0", to = ""] of source.matchAll(/\{(\d{1,7})(?:,(\d{0,7}))?\}/g)) {
    repeats += Math.max(Number(from), Number(to));
  }
  return repeats * source.length;
}

/** The escapes that JavaScript or RE2 knows; the last group catches the others. */
const ESCAPE =
  /\\(?:[^a-zA-Z0-9]|[abBdDfnrsStvwWpPAzQE0]|x[\da-fA-F]{2}|x\{|u[\da-fA-F]{4}|u\{|c[a-zA-Z]|(k<|[\s\S]?))/g;

/** Escapes without a meaning stand for their letter in JavaScript: `\h` would silently look for an h. */
function escapeProblem(source: string): string | null {
  const unknown = Array.from(source.matchAll(ESCAPE), (match) => match[1]).find(
    (letter) => letter !== undefined,
  );
  if (unknown === undefined) return null;
  if (/[1-9]|k</.test(unknown)) return "backreferences are not supported: matching takes linear time (RE2)";
  return `unknown escape \\${unknown}`;
}

function syntaxProblem(source: string, error: unknown): string {
  if (/\(\?<?[=!]/.test(source)) {
    return "lookahead and lookbehind are not supported: matching takes linear time (RE2)";
  }
  return `not a regular expression that RE2 reads: ${messageOf(error)}`;
}

function compile(source: string, flags: string): Pattern {
  const problem = escapeProblem(source);
  if (problem !== null) throw new Error(problem);
  if (unfoldedSize(source) > MAX_UNFOLDED) {
    throw new Error("the pattern unfolds to too many steps: repeat less");
  }
  const mask = Array.from(flags).reduce((sum, flag) => sum | (FLAGS[flag as keyof typeof FLAGS] ?? 0), 0);
  let program: RE2JS;
  try {
    program = RE2JS.compile(RE2JS.translateRegExp(source), mask);
  } catch (error) {
    throw new Error(syntaxProblem(source, error), { cause: error });
  }
  const size = program.programSize();
  if (size > MAX_PROGRAM) {
    throw new Error(`the pattern compiles to ${size} steps, more than the ${MAX_PROGRAM} that are allowed`);
  }
  return {
    test: (text) => {
      if (size * text.length > MAX_WORK) {
        throw new Error(`the text (${text.length} characters) is too long for a pattern of ${size} steps`);
      }
      return program.test(text);
    },
  };
}

const compiled = boundedCache<Pattern>(100);

/** Compiles a pattern once; JavaScript's spelling of escapes and named groups is understood. Throws on a bad one. */
export function patternOf(source: string, flags = ""): Pattern {
  return compiled(`${flags}/${source}`, () => compile(source, flags));
}
