import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { scanJson } from "../../src/config/json-scan.ts";

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Texts that are nearly JSON: a valid one with a few characters changed. */
const nearlyJson = fc
  .tuple(
    fc.json(),
    fc.nat(),
    fc.constantFrom("", '"', ",", "}", "[", "\\", "0", "-", ".", "e", "\n", "\u0001", "t", " "),
  )
  .map(([text, place, piece]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + piece + text.slice(at + 1);
  });

describe("scanJson", () => {
  it("accepts exactly what JSON.parse accepts, twin keys and deep nesting aside", () => {
    fc.assert(
      fc.property(fc.oneof(nearlyJson, fc.json(), fc.string()), (text) => {
        const fault = scanJson(text);
        if (fault !== null && /twice|levels/.test(fault.message)) return;
        expect(fault === null).toBe(isJson(text));
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['{"a":1,}', 7, 'expected a key in "double quotes"'],
    ["{'a':1}", 1, 'expected a key in "double quotes"'],
    ['{"a" 1}', 5, "expected :"],
    ["[1 2]", 3, "expected , or ]"],
    ["[1,", 3, "expected a JSON value, but the text ends here"],
    ["[01]", 2, "expected , or ]"],
    ["[+1]", 1, "expected a JSON value"],
    ["NaN", 0, "expected a JSON value"],
    ["1 // note", 2, "expected nothing after the value"],
    ['"a\tb"', 2, "expected control characters in text to be escaped, e.g. \\n"],
    ['"\\x"', 1, 'expected an escape such as \\n, \\" or \\u00e9'],
    ['{"a":1,"\\u0061":2}', 7, "expected every key once, this one appears twice"],
  ])("%s fails at %d", (text, offset, message) => {
    expect(scanJson(text)).toEqual({ offset, message });
  });

  it("stops at a hundred levels, and before the stack does", () => {
    expect(scanJson(`${"[".repeat(100)}1${"]".repeat(100)}`)).toBeNull();
    expect(scanJson("[".repeat(1_000_000))).toEqual({
      offset: 101,
      message: "expected at most 100 levels of nesting",
    });
  });

  it("tells where every value and key begins", () => {
    const seen: unknown[] = [];
    scanJson('{"a": [1, {"b": 2}]}', (path, key, value) => seen.push([[...path], key, value]));
    expect(seen).toEqual([
      [[], 0, 0],
      [["a"], 1, 6],
      [["a", 0], 7, 7],
      [["a", 1], 10, 10],
      [["a", 1, "b"], 11, 16],
    ]);
  });
});
