import { describe, expect, it } from "vitest";
import { issuesOf, passes, scoreOutput } from "./a-subject.ts";

const days = { type: "object", required: ["days"], properties: { days: { type: "integer" } } };

function identified(type: string) {
  return { $id: "https://example.com/answer", type };
}

function call(name: string, json: unknown) {
  return { name, arguments: JSON.stringify(json) };
}

describe("is-json", () => {
  it.each([
    ["an object", undefined, '{"a": 1}', true],
    ["a bare number", undefined, " 5 ", true],
    ["prose", undefined, 'Here: {"a": 1}', false],
    ["nothing", undefined, "", false],
    ["what conforms", days, '{"days": 30}', true],
    ["what lacks a key", days, "{}", false],
    ["an inherited key for a required one", { type: "object", required: ["toString"] }, "{}", false],
    ["a format that holds", { type: "string", format: "email" }, '"ada@example.com"', true],
    ["a format that does not", { type: "string", format: "email" }, '"ada"', false],
    [
      "duplicates where items are unique",
      { type: "array", uniqueItems: true },
      '[{"a":1,"b":2},{"b":2,"a":1}]',
      false,
    ],
    ["different items where they are unique", { type: "array", uniqueItems: true }, '[1,"1",[1]]', true],
    ["duplicates where they are allowed", { type: "array", uniqueItems: false }, "[1,1]", true],
    [
      "a list of a 2020-12 schema",
      { $schema: "https://json-schema.org/draft/2020-12/schema", prefixItems: [{ type: "integer" }] },
      '["a"]',
      false,
    ],
    ["a null for a nullable", { type: ["string", "null"] }, "null", true],
    [
      "a reference to itself",
      { items: { $ref: "#" }, type: ["array", "integer"] },
      "[1, [2, [true]]]",
      false,
    ],
    ["a local reference", { $defs: { n: { type: "integer" } }, $ref: "#/$defs/n" }, "1.5", false],
  ])("judges %s", (_, value, text, expected) => {
    const raw = { type: "is-json", ...(value === undefined ? {} : { value }) };
    expect(passes(raw, text)).toBe(expected);
    expect(passes({ ...raw, type: "not-is-json" }, text)).toBe(!expected);
  });

  it("names the first thing wrong", () => {
    expect(scoreOutput({ type: "is-json", value: days }, '{"days": "30"}').reason).toBe(
      "expected the output to be JSON that conforms to the schema; found JSON/days must be integer",
    );
  });

  it("tells two patterns of one schema apart, in linear time", () => {
    const value = {
      properties: { a: { type: "string", pattern: "^(a+)+$" }, b: { type: "string", pattern: "^b$" } },
    };
    expect(passes({ type: "is-json", value }, '{"a":"aaa","b":"b"}')).toBe(true);
    expect(passes({ type: "is-json", value }, '{"a":"aaa","b":"a"}')).toBe(false);
    expect(passes({ type: "is-json", value }, JSON.stringify({ a: `${"a".repeat(100_000)}!` }))).toBe(false);
  });

  it("compares a hundred thousand items for uniqueness", () => {
    const text = JSON.stringify(Array.from({ length: 100_000 }, (_, n) => ({ n })));
    expect(passes({ type: "is-json", value: { type: "array", uniqueItems: true } }, text)).toBe(true);
  });

  it("keeps schemas with one $id apart", () => {
    expect(passes({ type: "is-json", value: identified("string") }, '"a"')).toBe(true);
    expect(passes({ type: "is-json", value: identified("number") }, '"a"')).toBe(false);
    expect(passes({ type: "is-json", value: identified("string") }, '"a"')).toBe(true);
  });

  it("leaves unscored what nests too deep for a recursive schema", () => {
    const value = { items: { $ref: "#" } };
    const text = "[".repeat(100_000) + "]".repeat(100_000);
    expect(scoreOutput({ type: "is-json", value }, text)).toMatchObject({
      kind: "unscored",
      reason: expect.stringMatching(/^check is-json could not measure: /),
    });
    expect(scoreOutput({ type: "not-is-json", value }, text).kind).toBe("unscored");
  });

  it.each([
    ["an unknown type", { type: "objekt" }, /^\w+: not a JSON Schema: schema is invalid/],
    ["a misspelt keyword", { type: "object", requierd: ["a"] }, /unknown keyword: "requierd"/],
    ["an unknown format", { type: "string", format: "phone" }, /unknown format "phone"/],
    ["a format that would be slow", { type: "string", format: "url" }, /unknown format "url"/],
    [
      "a remote reference",
      { $ref: "https://example.com/schema.json" },
      /can't resolve reference https:\/\/example\.com/,
    ],
    ["a lookahead in a pattern", { type: "string", pattern: "(?=a)" }, /lookahead/],
    ["another draft", { $schema: "http://json-schema.org/draft-04/schema#" }, /no schema with key or ref/],
    ["an asynchronous schema", { $async: true }, /asynchronous/],
  ])("refuses %s when the file is read", (_, value, message) => {
    for (const raw of [
      { type: "is-json", value },
      { type: "contains-json", value },
    ]) {
      expect(issuesOf(raw)).toEqual([expect.stringMatching(message)]);
    }
    expect(issuesOf({ type: "tool-call", name: "a", arguments: value })).toEqual([
      expect.stringMatching(message),
    ]);
  });

  it.each(['{"type":"object"}', "file://schema.json", true, []])("refuses %j as a schema", (value) => {
    expect(issuesOf({ type: "is-json", value })).toEqual([
      expect.stringMatching(/^value: expected a JSON Schema object, got /),
    ]);
  });
});

describe("contains-json", () => {
  it.each([
    ["an object in prose", undefined, 'Here you are: {"a": 1}.', true],
    ["a footnote", undefined, "As said [1], yes.", false],
    ["an object in a list", undefined, '[{"a": 1}]', true],
    ["no JSON", undefined, "none {here}", false],
    ["one that conforms among others", days, '{"weeks": 4} or {"days": 30}', true],
    ["an object in a list, for a schema of objects", days, 'x [[{"days": 30}]]', true],
    ["a list, for a schema of lists", { type: "array", items: { type: "integer" } }, "x [1, 2]", true],
    ["none that conforms", days, '{"weeks": 4} and {"days": "30"}', false],
  ])("judges %s", (_, value, text, expected) => {
    const raw = { type: "contains-json", ...(value === undefined ? {} : { value }) };
    expect(passes(raw, text)).toBe(expected);
    expect(passes({ ...raw, type: "not-contains-json" }, text)).toBe(!expected);
  });
});

describe("json-path", () => {
  const order = '{"items":[{"price":12,"tags":["a"]},{"price":9.5}],"total":21.5,"paid":null,"note":"ok"}';

  it.each([
    ["selects something", { path: "$.total" }, order, true],
    ["selects a null too", { path: "$.paid" }, order, true],
    ["selects nothing", { path: "$.missing" }, order, false],
    ["finds an equal value", { path: "$.total", value: 21.5 }, order, true],
    ["finds an equal null", { path: "$.paid", value: null }, order, true],
    ["compares lists", { path: "$.items[0].tags", value: ["a"] }, order, true],
    ["fills in variables", { path: "$.note", value: "{{note}}" }, order, true],
    ["needs one of several", { path: "$..price", value: 9.5 }, order, true],
    ["misses an unequal value", { path: "$..price", value: "12" }, order, false],
    ["finds a number in range", { path: "$.total", min: 20, max: 22 }, order, true],
    ["misses a number out of range", { path: "$.total", min: 22 }, order, false],
    ["takes no text for a number", { path: "$.note", min: 0 }, order, false],
    ["filters", { path: "$.items[?@.price < 10]" }, order, true],
    ["compares with a single value elsewhere", { path: "$.items[?@.price < $.total]" }, order, true],
    ["fails on prose", { path: "$.total" }, `Order: ${order}`, false],
  ])("%s", (_, fields, text, expected) => {
    expect(passes({ type: "json-path", ...fields }, text, { case: { vars: { note: "ok" } } })).toBe(expected);
  });

  it.each([
    [{ path: "$[" }, /^path: not a JSONPath/],
    [{ path: "items" }, /^path: not a JSONPath/],
    [{ path: "$..a..b" }, /^path: expected at most one/],
    [{ path: "$[?count($.*) > 1]" }, /^path: inside a filter/],
    [{ path: "$[?search(@.a, '(a+)+$')]" }, /^path: match\(\) and search\(\)/],
    [{ path: "$.a", value: 1, min: 0 }, /^value: expected value, or min and max/],
    [{ path: "$.a", min: 2, max: 1 }, /^max: expected at least min/],
    [{}, /^path: expected a JSONPath, got nothing/],
  ])("refuses %j", (fields, message) => {
    expect(issuesOf({ type: "json-path", ...fields })).toEqual([expect.stringMatching(message)]);
  });
});

describe("tool-call", () => {
  const schema = { type: "object", required: ["order"], properties: { order: { type: "integer" } } };

  it.each([
    ["one such call", {}, [call("lookup", { order: 7 })], true],
    ["no call", {}, [], false],
    ["another call", {}, [call("refund", {})], false],
    ["arguments that conform", { arguments: schema }, [call("lookup", { order: 7 })], true],
    ["arguments that do not", { arguments: schema }, [call("lookup", {})], false],
    [
      "one good call among bad ones",
      { arguments: schema },
      [call("lookup", {}), call("lookup", { order: 7 })],
      true,
    ],
    ["arguments that are no JSON", {}, [{ name: "lookup", arguments: "{order: 7}" }], false],
    ["as many as wanted", { count: 2 }, [call("lookup", {}), call("lookup", {})], true],
    ["more than wanted", { count: 1 }, [call("lookup", {}), call("lookup", {})], false],
  ])("judges %s", (_, fields, toolCalls, expected) => {
    expect(passes({ type: "tool-call", name: "lookup", ...fields }, "", { completion: { toolCalls } })).toBe(
      expected,
    );
  });

  it.each([
    [{}, "name: expected a tool's name, got nothing"],
    [{ name: "a", count: 0 }, "count: expected 1 or more; use not-tool-call for none"],
  ])("refuses %j", (fields, message) => {
    expect(issuesOf({ type: "tool-call", ...fields })).toEqual([message]);
  });
});

describe("finish-reason", () => {
  it.each([
    ["stop", "stop", true],
    ["STOP", "stop", true],
    ["{{why}}", "length", true],
    ["length", "stop", false],
    ["stop", "unknown", null],
  ] as const)("wants %s of a model that says %s: %s", (value, finishReason, expected) => {
    const given = { case: { vars: { why: "Length" } }, completion: { finishReason } };
    expect(passes({ type: "finish-reason", value }, "text", given)).toBe(expected);
  });

  it("refuses a reason that no model gives", () => {
    expect(issuesOf({ type: "finish-reason", value: "end_turn" })).toEqual([
      'value: expected one of stop, length, tool_calls, content_filter, got "end_turn"',
    ]);
    expect(() =>
      passes({ type: "finish-reason", value: "{{why}}" }, "", { case: { vars: { why: "x" } } }),
    ).toThrow(/must be one of stop/);
  });
});
