import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import type { GateResult } from "../../src/domain/gate-result.ts";
import { block, cellCode, code, prose } from "../../src/report/markdown-text.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { aCaseChange, aGateResult, aMetricResult, aPromptGateResult } from "../builders.ts";

const hostilePieces = [
  ...Array.from("`|\\<>@#[]!*_~$&^{}=:-+.\n\r\t é"),
  "```",
  "~~~",
  "\\|",
  "</details>",
  "<!--",
  "-->",
  "<script>",
  "@octocat",
  "#12",
  "fixes #12",
  "GH-12",
  "owner/repo#3",
  "https://evil.example",
  "www.evil.example",
  "a@b.example",
  "![a](b)",
  "[x]: http://a",
  "[^1]",
  "$x$",
  "&#64;octocat",
  "- [ ] task",
  "1. ",
  "> [!NOTE]",
  "\n# heading\n",
  "\n\n    indented",
  "===",
  ":tada:",
  "0123abc4567",
  "|a|b|\n|-|-|",
  "\u2028",
  "\u202e",
  "plain words",
];
const hostile = fc
  .array(fc.constantFrom(...hostilePieces), { maxLength: 14 })
  .map((pieces) => pieces.join(""));

/** A result whose every free text is one of two hostile ones. */
function resultOf(first: string, second: string): GateResult {
  return aGateResult(
    aPromptGateResult({
      name: first,
      headline: second,
      reasons: [first, second],
      warnings: [second],
      candidate: { ...aPromptGateResult().candidate, version: second, source: first },
      tier: {
        declared: "minor",
        required: "minor",
        applied: "minor",
        findings: [{ tier: "minor", path: first, message: second }],
      },
      models: [{ role: "judge", provider: first, model: second, metric: first }],
      metrics: [aMetricResult({ name: first, reason: second }), aMetricResult({ name: second + first })],
      cases: { total: 2, used: 2, unscored: 0, waived: 0, broken: [first, second] },
      regressions: [
        aCaseChange({ id: first, metric: second, reason: first, baselineOutput: first + second }),
      ],
      improvements: [aCaseChange({ id: second, metric: first })],
      unscored: [{ id: first, metric: second, side: "candidate", reason: second }],
      runDir: second,
    }),
  );
}

/** Lines outside code blocks; a block that is never closed is an error. */
function linesOutsideBlocks(markdown: string): string[] {
  const outside: string[] = [];
  let fence: string | null = null;
  for (const line of markdown.split("\n")) {
    const run = /^(`{3,})(\w*)$/.exec(line);
    if (fence === null && run?.[1] !== undefined && run[2] === "text") fence = run[1];
    else if (fence === null) outside.push(line);
    else if (line === fence) fence = null;
  }
  expect(fence).toBeNull();
  return outside;
}

/** The line without its code spans, found as CommonMark does: a run of backticks ends at the next run of that length. */
function withoutSpans(line: string): string {
  let rest = line;
  let outside = "";
  for (;;) {
    const open = /`+/.exec(rest);
    if (open === null) return outside + rest;
    const after = rest.slice(open.index + open[0].length);
    const close = Array.from(after.matchAll(/`+/g)).find(([run]) => run.length === open[0].length);
    if (close === undefined) throw new Error(`a code span is not closed: ${line}`);
    outside += rest.slice(0, open.index);
    rest = after.slice(close.index + open[0].length);
  }
}

const ownMarkup =
  /^(?:<\/?details>|<summary>[\w ,()]+<\/summary>|> \[!(?:TIP|CAUTION|WARNING)\]|#{2,3} |---)/;

describe("renderMarkdown", () => {
  it("leaves no markup, HTML, mention, reference or link of a foreign text alive", () => {
    fc.assert(
      fc.property(hostile, hostile, (first, second) => {
        const lines = linesOutsideBlocks(renderMarkdown(resultOf(first, second)));
        for (const line of lines) {
          const text = withoutSpans(line)
            .replace(ownMarkup, "")
            .replace(/\*\*(?:PASS|Warning|Tier)?:?\*\*/g, "")
            .replace(/\*\*\*\*/g, "");
          expect(text).not.toMatch(/[<@＠#*_~`[\]\\{}^&]|www\.|:\/\/|!\[|\bGH-\d|:tada:|[0-9a-f]{7}/);
        }
        expect(lines.filter((line) => line === "<details>")).toHaveLength(4);
        expect(lines.filter((line) => line === "</details>")).toHaveLength(4);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps every row of the table at seven cells, whatever a metric is called", () => {
    fc.assert(
      fc.property(hostile, hostile, (first, second) => {
        const rows = linesOutsideBlocks(renderMarkdown(resultOf(first, second))).filter((line) =>
          line.startsWith("|"),
        );
        expect(rows).toHaveLength(4);
        // A pipe after any backslash is no border for one parser and a border for another: there is none.
        for (const row of rows) {
          expect(row.match(/\\\\\|/)).toBeNull();
          expect(row.match(/(?<!\\)\|/g)).toHaveLength(8);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("stays within the limit, drops the largest parts first and says what it dropped", () => {
    const long = "word ".repeat(200);
    const regressions = Array.from({ length: 25 }, (_, index) =>
      aCaseChange({
        id: `case-${index}`,
        reason: long,
        baselineOutput: long,
        candidateOutput: `other ${long}`,
      }),
    );
    const result = aGateResult(aPromptGateResult({ verdict: "fail", regressions }));
    const whole = renderMarkdown(result);
    const short = renderMarkdown(result, { maxCharacters: 8_000 });
    expect(whole.length).toBeGreaterThan(30_000);
    expect(whole).not.toContain("Left out for length");
    expect(short.length).toBeLessThanOrEqual(8_000);
    expect(short).toMatch(
      /_Left out for length: the rest of what got worse \([\d,]+ characters\)\._ All of it: `promptgate report /,
    );
    expect(short).toContain("`case-0`");
    expect(short).not.toContain("case-24");
    expect(short.startsWith("> [!CAUTION]\n> **FAIL:**")).toBe(true);
  });

  it.each([1, 5, 60, 400])(
    "keeps %i prompts within 60,000 characters with all verdicts it has room for",
    (size) => {
      const name = "a@".repeat(100);
      const prompt = aPromptGateResult({ name, headline: "`@` ".repeat(500), runDir: name });
      const markdown = renderMarkdown(aGateResult(...Array.from({ length: size }, () => prompt)));
      expect(markdown.length).toBeLessThanOrEqual(60_000);
      expect(markdown.startsWith("> [!TIP]\n> **PASS:**")).toBe(true);
    },
  );
});

describe("text for Markdown", () => {
  it.each([
    ["a plain sentence, with -1.5 points (5 %).", "a plain sentence, with -1.5 points (5 %)."],
    ["ask @octocat now", "ask `@octocat` now"],
    ["ends_as_required fell", "`ends_as_required` fell"],
    ["1. first", "`1.` first"],
    ["- item", "`-` item"],
    ["see https://evil.example/a", "see `https://evil.example/a`"],
    ["in `code` here", "in `` `code` `` here"],
    ["line\nbreak", "line break"],
    ["", ""],
  ])("writes %j as %j", (text, expected) => {
    expect(prose(text)).toBe(expected);
  });

  it.each([
    ["a", "`a`"],
    ["`", "`` ` ``"],
    ["a``b", "```a``b```"],
    ["", "`(empty)`"],
    ["a\nb", "`a b`"],
  ])("puts %j into the code span %j", (text, expected) => {
    expect(code(text)).toBe(expected);
  });

  it.each([
    ["a|b", "`a\\|b`"],
    ["a\\|b", "`a\\\\u{7c}b`"],
    ["||", "`\\|\\|`"],
  ])("puts %j into the table cell %j", (text, expected) => {
    expect(cellCode(text)).toBe(expected);
  });

  it("opens a code block with more backticks than any run inside", () => {
    expect(block("a\n````\nb")).toBe("`````text\na\n````\nb\n`````");
  });
});
