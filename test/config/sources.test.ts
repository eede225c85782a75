import { isDeepStrictEqual } from "node:util";
import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { parseJsonSource, type ParsedSource } from "../../src/config/json-source.ts";
import { parseYamlSource } from "../../src/config/yaml-source.ts";

function faults(parsed: ParsedSource): string[] {
  return parsed.kind === "parsed"
    ? []
    : parsed.problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

function valueOf(parsed: ParsedSource): unknown {
  expect(faults(parsed)).toEqual([]);
  return parsed.kind === "parsed" ? parsed.document.value : undefined;
}

const bomb = [
  "a: &a [x, x, x, x, x, x, x, x, x, x]",
  ...["ab", "bc", "cd", "de", "ef", "fg", "gh", "hi"].map(
    ([from, to]) => `${to}: &${to} [${Array.from({ length: 10 }, () => `*${from}`).join(", ")}]`,
  ),
].join("\n");

describe("parseYamlSource", () => {
  it.each([
    ["a key twice", "a: 1\nb: 2\na: 3", ["3:1 expected every key once, this one appears twice"]],
    ["a tab", "a:\n\t- b", ["2:1 expected spaces for indentation, got a tab"]],
    ["a list as a key", "? [a]\n: 1", ["1:3 expected a key that is text"]],
    ["__proto__", "a:\n  __proto__: { b: 1 }", ["2:3 the key __proto__ is not allowed"]],
    ["a tag", "a: !!binary eA==", ["1:4 expected plain YAML without tags such as !!binary"]],
    ["an own tag", "a: !run x", ["1:4 expected plain YAML without tags such as !!binary"]],
    ["infinity", "a: .inf", ["1:4 expected a number that JSON can hold; infinity and NaN are none"]],
    [
      "a number that would be rounded",
      "a: 12345678901234567890",
      [expect.stringMatching(/^1:4 .* "quotes"$/)],
    ],
    ["an unknown alias", "a: *b", ["1:4 expected an alias of an anchor that was defined before it"]],
    ["an alias of itself", "a: &a [*a]", ["1:8 expected an alias of an anchor that was defined before it"]],
    ["two documents", "a: 1\n---\nb: 1", ["2:1 expected one document"]],
    ["an open quote", "a: 'x", ["1:6 expected a closing quote, bracket, comma or space before this"]],
    ["a mapping in a line", "a: b: c", [expect.stringContaining("1:4 expected one value on this line")]],
    ["an alias bomb", bomb, ["7:20 aliases unfold to more data than is allowed: write the values out"]],
    ["deep lists in a line", "[".repeat(100_000), ["1:102 expected at most 100 levels of nesting"]],
    ["deep lists of dashes", "- ".repeat(50_000), [expect.stringContaining("expected at most 100 levels")]],
    [
      "deep mappings",
      Array.from({ length: 500 }, (_, depth) => `${" ".repeat(depth)}a:`).join("\n"),
      [expect.stringContaining("expected at most 100 levels")],
    ],
  ])("refuses %s, with its place", (_, text, expected) => {
    expect(faults(parseYamlSource("a.yml", text))).toEqual(expected);
  });

  it("reads YAML 1.2 of the core schema", () => {
    const text = "no: no\nday: 2026-01-31\noctal: 017\n5: five\nconstructor: 1\nnothing:\n<<: { a: 1 }\n";
    expect(valueOf(parseYamlSource("a.yml", text))).toEqual({
      no: "no",
      day: "2026-01-31",
      octal: 17,
      "5": "five",
      constructor: 1,
      nothing: null,
      "<<": { a: 1 },
    });
  });

  it("resolves aliases to the last anchor before them", () => {
    const text = "a: &x 1\nb: *x\nc: &x 2\nd: *x";
    expect(valueOf(parseYamlSource("a.yml", text))).toEqual({ a: 1, b: 1, c: 2, d: 2 });
  });

  it("finds twin keys among a hundred thousand in linear time", () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => `k${index}: 1`);
    expect(faults(parseYamlSource("a.yml", [...keys, "k7: 2"].join("\n")))).toHaveLength(1);
  });

  it("knows where keys and values are, through CRLF too", () => {
    const parsed = parseYamlSource("a.yml", "x:\r\n  - a: { b: 1 }\r\n  - é: [p, q]\r\n");
    if (parsed.kind !== "parsed") throw new Error("expected a document");
    const { locate } = parsed.document;
    expect(locate(["x", 0, "a", "b"], "key")).toEqual({ line: 2, column: 10 });
    expect(locate(["x", 0, "a", "b"], "value")).toEqual({ line: 2, column: 13 });
    expect(locate(["x", 1, "é", 1], "value")).toEqual({ line: 3, column: 12 });
    expect(locate(["x", 0, "missing"], "value")).toEqual({ line: 2, column: 5 });
    expect(locate(["missing", "deeper"], "key")).toEqual({ line: 1, column: 1 });
  });
});

describe("parseJsonSource", () => {
  it("is strict where YAML is not", () => {
    expect(faults(parseJsonSource("a.json", "{\n  a: 1\n}"))).toEqual([
      '2:3 expected a key in "double quotes"',
    ]);
    expect(faults(parseJsonSource("a.json", '[\n1,\n{"a": }]'))).toEqual(["3:7 expected a JSON value"]);
  });

  it.each([
    ['{"a":{"__proto__":1}}', ["1:7 the key __proto__ is not allowed"]],
    ['[1,"\\ud800"]', ["1:4 expected text, got half a character"]],
    ["[9007199254740993]", [expect.stringContaining("1:2 expected a number that is kept exactly")]],
  ])("refuses %s", (text, expected) => {
    expect(faults(parseJsonSource("a.json", text))).toEqual(expected);
  });

  it("knows where keys and values are", () => {
    const parsed = parseJsonSource("a.json", '{\n "a": [\n  {"b": 1}\n]}');
    if (parsed.kind !== "parsed") throw new Error("expected a document");
    expect(parsed.document.locate(["a", 0, "b"], "key")).toEqual({ line: 3, column: 4 });
    expect(parsed.document.locate(["a", 0, "b"], "value")).toEqual({ line: 3, column: 9 });
    expect(parsed.document.locate(["a", 0, "c", "d"], "key")).toEqual({ line: 3, column: 3 });
  });
});

/** Pieces that mean something to the parsers, in any order. */
const yamlish = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "- ",
        "a: ",
        "? ",
        ": ",
        "\n",
        "\n  ",
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "!!set ",
        "|",
        ">",
        "'",
        '"',
      ),
      fc.constantFrom(
        "%YAML 1.1\n",
        "---\n",
        "...\n",
        "#",
        "\t",
        ",",
        "<<: ",
        "\r",
        "\u0000",
        "\ufeff",
        "\ud800",
      ),
      fc.string({ maxLength: 5 }),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(""));

/** Every value has a JSON form and a place; every refusal has a reason and a place. */
function isOrderly(parsed: ParsedSource): boolean {
  if (parsed.kind === "invalid") {
    return parsed.problems.length > 0 && parsed.problems.every(({ line, column }) => line > 0 && column > 0);
  }
  const { value, locate } = parsed.document;
  return typeof JSON.stringify(value) === "string" && locate(["a", 0, "b"], "key").line > 0;
}

describe("any text", () => {
  it.each([
    ["YAML", parseYamlSource],
    ["JSON", parseJsonSource],
  ] as const)("is parsed as %s or refused with a place, and never throws", (_, parse) => {
    fc.assert(
      fc.property(fc.oneof(yamlish, fc.string(), fc.json()), (text) => isOrderly(parse("a", text))),
      { numRuns: 1500 },
    );
  });

  it("that is JSON means the same as YAML", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value, null, 1);
        const json = parseJsonSource("a", text);
        const yaml = parseYamlSource("a", text);
        if (json.kind === "invalid") return yaml.kind === "invalid";
        return yaml.kind === "parsed" && isDeepStrictEqual(yaml.document.value, json.document.value);
      }),
    );
  });
});
