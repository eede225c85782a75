import { Composer, isMap, isSeq, LineCounter, Parser, type CST, type Node, type YAMLError } from "yaml";
import { MAX_DEPTH } from "./json-scan.ts";
import { syntaxProblem, type ParsedSource } from "./json-source.ts";
import type { Path, Position, SourceDocument, SyntaxFault } from "./source-document.ts";
import { plainYamlValue } from "./yaml-value.ts";

const FAULTS: Readonly<Record<YAMLError["code"], string>> = {
  ALIAS_PROPS: "expected an alias without anchor or tag of its own",
  BAD_ALIAS: "expected the name of an anchor after *",
  BAD_COLLECTION_TYPE: "expected another kind of value for this tag",
  BAD_DIRECTIVE: "expected YAML 1.2 without other directives",
  BAD_DQ_ESCAPE: "expected a valid escape after \\",
  BAD_INDENT: "expected the indentation of the lines above, or a closing bracket",
  BAD_PROP_ORDER: "expected anchor and tag before the value",
  BAD_SCALAR_START: 'expected text that starts with this character to be in "quotes"',
  BLOCK_AS_IMPLICIT_KEY: 'expected one value on this line; text with ": " in it needs "quotes"',
  BLOCK_IN_FLOW: "expected no indented block inside [ ] or { }",
  DUPLICATE_KEY: "expected every key once, this one appears twice",
  IMPOSSIBLE: "expected valid YAML",
  KEY_OVER_1024_CHARS: "expected a key of at most 1,024 characters",
  MISSING_CHAR: "expected a closing quote, bracket, comma or space before this",
  MULTILINE_IMPLICIT_KEY: "expected a key on one line",
  MULTIPLE_ANCHORS: "expected one anchor",
  MULTIPLE_DOCS: "expected one document",
  MULTIPLE_TAGS: "expected one tag",
  NON_STRING_KEY: "expected a key that is text",
  RESOURCE_EXHAUSTION: "expected less nesting",
  TAB_AS_INDENT: "expected spaces for indentation, got a tab",
  TAG_RESOLVE_FAILED: "expected plain YAML without tags such as !!binary",
  UNEXPECTED_TOKEN: "expected valid YAML here",
};

/** Tokens directly inside a token of the syntax tree. */
function innerTokens(token: CST.Token): (CST.Token | null | undefined)[] {
  if (token.type === "document") return [token.value];
  return "items" in token ? token.items.flatMap((item) => [item.key, item.value]) : [];
}

/** The first token that is nested too deep. Found without recursion: the composer descends, and would crash Node. */
function tooDeep(tokens: readonly CST.Token[]): SyntaxFault | null {
  const waiting = tokens.map((token) => ({ token, depth: 0 }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH + 1) {
      return { offset: token.offset, message: `expected at most ${MAX_DEPTH} levels of nesting` };
    }
    for (const inner of innerTokens(token)) {
      if (inner !== null && inner !== undefined) waiting.push({ token: inner, depth: depth + 1 });
    }
  }
  return null;
}

interface Composed {
  readonly root: Node | null;
  readonly value: unknown;
  readonly faults: readonly SyntaxFault[];
}

function compose(text: string, lines: LineCounter): Composed {
  const tokens = [...new Parser(lines.addNewLine).parse(text)];
  const deep = tooDeep(tokens);
  if (deep !== null) return { root: null, value: null, faults: [deep] };
  const composer = new Composer({
    version: "1.2",
    schema: "core",
    resolveKnownTags: false,
    stringKeys: true,
    // The library compares every pair of keys; `plainYamlValue` finds twins in linear time.
    uniqueKeys: false,
    logLevel: "silent",
  });
  const [first, second] = [...composer.compose(tokens, true, text.length)];
  const root = (first?.contents ?? null) as Node | null;
  if (second !== undefined) {
    return { root, value: null, faults: [{ offset: second.range[0], message: FAULTS.MULTIPLE_DOCS }] };
  }
  const found = [...(first?.errors ?? []), ...(first?.warnings ?? [])];
  if (found.length > 0) {
    return {
      root,
      value: null,
      faults: found.map(({ code, pos }) => ({ offset: pos[0], message: FAULTS[code] })),
    };
  }
  return { root, ...plainYamlValue(root) };
}

/** Offset of the value or key at a path; of the nearest container when it does not exist. */
function offsetOf(root: Node | null, path: Path, target: "key" | "value"): number {
  let node = root;
  let offset = node?.range?.[0] ?? 0;
  for (const [index, part] of path.entries()) {
    const pair = isMap(node)
      ? node.items.find(({ key }) => (key as { readonly value?: unknown } | null)?.value === part)
      : undefined;
    const next = (isSeq(node) && typeof part === "number" ? node.items[part] : pair?.value) as
      | Node
      | null
      | undefined;
    const key = pair?.key as Node | undefined;
    const wanted = index === path.length - 1 && target === "key" ? (key ?? next) : (next ?? key);
    if (wanted === undefined || wanted === null) return offset;
    offset = wanted.range?.[0] ?? offset;
    node = next ?? null;
  }
  return offset;
}

/** Parses one YAML 1.2 document of the core schema: no tags, every key once, bounded nesting and aliases. */
export function parseYamlSource(file: string, text: string): ParsedSource {
  const lines = new LineCounter();
  const { root, value, faults } = compose(text, lines);
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  if (faults.length > 0) {
    return {
      kind: "invalid",
      problems: faults.map(({ offset, message }) => syntaxProblem(file, positionAt(offset), message)),
    };
  }
  const locate: SourceDocument["locate"] = (path, target) => positionAt(offsetOf(root, path, target));
  return { kind: "parsed", document: { file, value, locate } };
}
