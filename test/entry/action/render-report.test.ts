import { describe, expect, it } from "vitest";
import type { ActionReport } from "../../../src/entry/action/action-report.ts";
import { outcomeOf } from "../../../src/entry/action/action-report.ts";
import { renderError, renderReport } from "../../../src/entry/action/render-report.ts";
import { gateResult } from "../../../src/entry/gate/gate-prompt.ts";
import { aCaseChange, aPromptGateResult } from "../../builders.ts";

const hostile = [
  "@everyone look",
  "<img src=x onerror=alert(1)>",
  "<!-- promptgate:v1 key=default -->",
  "[click](https://evil.example)",
  "![x](https://evil.example/x.png)",
  "#123 and GH-1",
  "| a | b |\n|---|---|",
  "</details><script>",
  "`````\n@team\n",
  "::set-output name=verdict::pass",
];

function report(fields: Partial<ActionReport> = {}): ActionReport {
  return {
    verdict: "pass",
    exitCode: 0,
    headline: null,
    notes: [],
    result: gateResult([aPromptGateResult()]),
    need: { required: 0, reasons: [] },
    signOff: { kind: "not-needed" },
    ...fields,
  };
}

function result(verdict: "pass" | "fail" | "inconclusive") {
  return gateResult([aPromptGateResult({ verdict })]);
}

/** The text without its code, which GitHub shows as it is. */
function outsideCode(markdown: string): string {
  return markdown.replace(/^(`{3,})text\n[\s\S]*?\n\1$/gm, "").replace(/(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g, "");
}

describe("the report of a run", () => {
  it("keeps every text of prompts, models and files from meaning anything", () => {
    for (const text of hostile) {
      const change = aCaseChange({ id: text, reason: text, baselineOutput: text, candidateOutput: text });
      const prompt = aPromptGateResult({
        name: text,
        headline: text,
        reasons: [text],
        regressions: [change],
      });
      const markdown = renderReport(
        report({
          headline: text,
          notes: [
            { level: "warn", text },
            { level: "info", text },
          ],
          result: gateResult([prompt]),
          need: { required: 1, reasons: [text] },
          signOff: { kind: "waiting", required: 1, by: [], missing: [text] },
        }),
        60_000,
      );
      const live = outsideCode(`${markdown}${renderError({ code: "USAGE", message: text, hint: text })}`);
      expect(live).not.toMatch(/@everyone|@team|<img|<!--|<script|\]\(|#123|GH-1|https:/);
      expect(live.match(/<\/details>/g)?.length ?? 0).toBe(live.match(/<details>/g)?.length ?? 0);
    }
  });

  it("says the verdict first and then what to look at", () => {
    const text = renderReport(report({ notes: [{ level: "warn", text: "rules change" }] }), 60_000);
    expect(text).toMatch(/^> \[!TIP\]/);
    expect(text.indexOf("rules change")).toBeLessThan(text.indexOf("| Metric |"));
  });

  it.each([60_000, 30_000, 20_000])("fits %i characters", (length) => {
    const big = "word ".repeat(800);
    const regressions = Array.from({ length: 25 }, (_, index) =>
      aCaseChange({ id: `case-${index}`, baselineOutput: big, candidateOutput: `x${big}` }),
    );
    const prompts = Array.from({ length: 30 }, (_, index) =>
      aPromptGateResult({ name: `p${index}`, regressions }),
    );
    const notes = Array.from({ length: 100 }, (_, index) => ({
      level: "warn" as const,
      text: `note ${index} ${big}`,
    }));
    expect(renderReport(report({ result: gateResult(prompts), notes }), length).length).toBeLessThanOrEqual(
      length,
    );
  });
});

describe("the verdict of a run", () => {
  const none = { prompts: [], missing: [], policy: "neutral" } as const;
  const waiting = { kind: "waiting", required: 1, by: [], missing: [] } as const;
  const notNeeded = { kind: "not-needed" } as const;
  const lacking = { prompts: ["a"], missing: ["KEY"], policy: "neutral" } as const;

  it.each([
    ["a measured failure beats everything", result("fail"), waiting, lacking, "fail", 1],
    ["what nobody evaluated is no pass", result("pass"), notNeeded, lacking, "neutral", 0],
    [
      "nor where the workflow wants it red",
      result("pass"),
      notNeeded,
      { ...lacking, policy: "fail" as const },
      "inconclusive",
      3,
    ],
    ["not decided is not decided", result("inconclusive"), waiting, none, "inconclusive", 3],
    ["a sign-off that is missing is neutral", result("pass"), waiting, none, "neutral", 0],
    ["a pass", result("pass"), notNeeded, none, "pass", 0],
  ])("%s", (_, gate, signOff, unevaluated, verdict, exitCode) => {
    expect(outcomeOf({ result: gate, signOff, unevaluated, changed: true })).toMatchObject({
      verdict,
      exitCode,
    });
  });
});
