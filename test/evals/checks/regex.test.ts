import { describe, expect, it } from "vitest";
import { passes, issuesOf, scoreOutput } from "./a-subject.ts";

describe("regex", () => {
  it.each([
    ["finds a match anywhere", "\\d{4}", "in 2026, we", true],
    ["tells upper from lower case", "refund", "Refund", false],
    ["knows (?i)", "(?i)refund", "Refund", true],
    ["anchors at the text, not at its lines", "^days$", "30\ndays\n", false],
    ["anchors at lines with (?m)", "(?m)^days$", "30\ndays\n", true],
    ["keeps the dot from newlines", "a.b", "a\nb", false],
    ["lets the dot match newlines with (?s)", "(?s)a.b", "a\nb", true],
    ["reads JavaScript's escapes", "\\u20ac\\x41\\/", "€A/", true],
    ["takes an escaped backslash before a digit for what it is", "\\\\1", "\\1", true],
    ["reads JavaScript's named groups", "(?<year>\\d+)", "1999", true],
  ])("%s", (_, value, text, expected) => {
    expect(passes({ type: "regex", value }, text)).toBe(expected);
  });

  it.each([
    ["i", "REFUND", true],
    ["", "REFUND", false],
  ])("takes flags %j", (flags, text, expected) => {
    expect(passes({ type: "regex", value: "refund", flags }, text)).toBe(expected);
  });

  it("fills variables in unescaped, like promptfoo", () => {
    const given = { case: { vars: { days: "3." } } };
    expect(passes({ type: "regex", value: "^{{days}} days" }, "30 days", given)).toBe(true);
  });

  it("names the case whose variable breaks the pattern", () => {
    const given = { case: { id: "c7", vars: { name: "C++(" } } };
    expect(() => passes({ type: "not-regex", value: "{{name}}" }, "x", given)).toThrow(
      /case c7, check not-regex: /,
    );
  });

  it.each([
    ["lookahead", "(?=x)", /^value: lookahead and lookbehind are not supported/],
    ["negative lookahead", "^(?!x)", /^value: lookahead and lookbehind are not supported/],
    ["lookbehind", "(?<=x)y", /^value: lookahead and lookbehind are not supported/],
    ["a backreference", "(a)\\1", /^value: backreferences are not supported/],
    ["a named backreference", "(?<a>a)\\k<a>", /^value: backreferences are not supported/],
    ["an escape that means nothing", "\\h+", /^value: unknown escape \\h$/],
    ["half a code point", "\\u12", /^value: unknown escape \\u$/],
    ["a backslash at the end", "a\\", /^value: unknown escape \\$/],
    ["an open bracket", "[a", /^value: not a regular expression that RE2 reads: .*missing closing/],
    ["nested repetition", "a{1000}{1000}", /^value: .*repetition/],
    ["repetition of repetition", "((a{100}){100}){100}", /^value: .*repeat count/],
    ["a repetition that unfolds to millions of steps", "x{1000}".repeat(200), /^value: the pattern unfolds/],
    ["a long list repeated", `(?:${"abcdefghij|".repeat(100)}k){500}`, /^value: the pattern unfolds/],
    ["an empty pattern", "", /^value: expected/],
  ])("refuses %s when the file is read", (_, value, message) => {
    const issues = issuesOf({ type: "regex", value });
    expect(issues).toHaveLength(1);
    expect(issues[0]).toMatch(message);
  });

  it.each(["g", "ii", "x"])("refuses the flags %j", (flags) => {
    expect(issuesOf({ type: "regex", value: "a", flags })).toEqual([
      "flags: expected some of i, m and s, each once",
    ]);
  });

  it.each(["(a+)+$", "(a|aa)+$", "(.*a){20}$", "^(([a-z])+.)+[A-Z]$"])(
    "answers %s on 1 MB that makes other engines hang",
    (value) => {
      expect(passes({ type: "regex", value }, `${"a".repeat(1_000_000)}!`)).toBe(false);
    },
  );

  it("says so where a text is too long for a large pattern, instead of guessing", () => {
    const value = Array.from({ length: 40 }, (_, n) => `[a-m]${n}[n-y]`).join("");
    expect(scoreOutput({ type: "regex", value }, "z".repeat(5_000_000))).toMatchObject({
      kind: "unscored",
      reason: expect.stringMatching(
        /^check regex could not measure: the text \(5000000 characters\) is too long/,
      ),
    });
  });
});
