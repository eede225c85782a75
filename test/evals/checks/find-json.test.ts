import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import { findJson } from "../../../src/evals/checks/find-json.ts";

/** Tries every end for every beginning: slow and plain. */
function findSlowly(text: string): unknown[] {
  const found: unknown[] = [];
  for (let start = 0; start < text.length; start += 1) {
    if (!"{[".includes(text.charAt(start))) continue;
    for (let end = start + 1; end <= text.length; end += 1) {
      try {
        found.push(JSON.parse(text.slice(start, end)));
        start = end - 1;
        break;
      } catch {
        // Not whole yet.
      }
    }
  }
  return found;
}

describe("finding JSON in prose", () => {
  it.each([
    ["an object in a fence", 'Here:\n```json\n{"a": [1, 2]}\n```\nDone.', [{ a: [1, 2] }]],
    ["several, in order", 'x {"a":1} y [2] z {}', [{ a: 1 }, [2], {}]],
    ["an object inside what never closes", '[ { "b {"a":1}', [{ a: 1 }]],
    ["an object inside a broken one", '{"a": {"b": 1}, oops}', [{ b: 1 }]],
    ["braces and quotes inside strings", '{"a":"}\\"{"}', [{ a: '}"{' }]],
    ["nothing where quotes are single", "{'a': 1}", []],
    ["nothing where a comma trails", '{"a": 1,}', []],
    ["nothing where a string holds a newline", '{"a": "\n"}', []],
    ["nothing where a number is none", '{"a": 01}', []],
  ])("finds %s", (_, text, expected) => {
    expect([...findJson(text)]).toEqual(expected);
  });

  it("finds whatever stands between words", () => {
    const containers = fc
      .jsonValue()
      .filter((value) => typeof value === "object" && value !== null)
      .map((value) => JSON.parse(JSON.stringify(value)) as unknown);
    const words = fc.string({ unit: fc.constantFrom("a", " ", ".", '"', "\\", "}", "]", "\n") });
    fc.assert(
      fc.property(words, containers, words, (before, value, after) => {
        expect([...findJson(`${before} ${JSON.stringify(value)} ${after}`)]).toEqual([value]);
      }),
    );
  });

  it("finds exactly what trying every place finds", () => {
    const signs = fc.string({
      unit: fc.constantFrom("[", "]", "{", "}", '"', "\\", ":", ",", "1", " "),
      maxLength: 24,
    });
    const pieces = fc
      .array(fc.constantFrom("[", "]", "{", "}", '"', '\\"', '"a":', ",", "1", "null", '"b"', " x "), {
        maxLength: 16,
      })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(fc.oneof(signs, pieces), (text) => {
        expect([...findJson(text)]).toEqual(findSlowly(text));
      }),
      { numRuns: 3_000 },
    );
  });
});
