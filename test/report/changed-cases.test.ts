import { describe, expect, it } from "vitest";
import { changedCases } from "../../src/report/changed-cases.ts";
import { renderConsole } from "../../src/report/console.ts";
import { renderHtml } from "../../src/report/html.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { aCaseChange, aGateResult, aPromptGateResult } from "../builders.ts";

const faithfulness = aCaseChange();
const relevance = aCaseChange({ metric: "relevance", candidate: 0.5, reason: "Half of the question." });
const other = aCaseChange({ id: "billing-004", metric: "relevance" });
const otherSample = aCaseChange({ metric: "length", candidateOutput: "Within 60 days." });

describe("the changes of a case", () => {
  it("come together where they were scored on the same outputs, in the order of the first of each case", () => {
    const found = changedCases([faithfulness, other, relevance, otherSample]);
    expect(found.map(({ changes }) => changes)).toEqual([[faithfulness, relevance], [other], [otherSample]]);
    expect(found.map(({ candidateOutput }) => candidateOutput)).toEqual([
      "You can return it within 60 days.",
      "You can return it within 60 days.",
      "Within 60 days.",
    ]);
  });

  it.each<[format: string, render: (result: ReturnType<typeof aGateResult>) => string]>([
    ["console", (result) => renderConsole(result, { color: false, width: 100 })],
    ["Markdown", renderMarkdown],
    ["HTML", renderHtml],
  ])("show their outputs once on the page for %s, and every metric with its reason", (_, render) => {
    const page = render(
      aGateResult(aPromptGateResult({ verdict: "fail", regressions: [faithfulness, relevance] })),
    );
    const text = page.replaceAll(/<\/?(?:del|ins)>/g, "").replaceAll("&gt;", ">");
    expect(text.split("You can return it within 60 days.")).toHaveLength(2);
    expect(text).toMatch(/faithfulness\W+1\.000 -> 0\.000/);
    expect(text).toMatch(/relevance\W+1\.000 -> 0\.500/);
    expect(text).toContain("The context says 30 days");
    expect(text).toContain("Half of the question.");
  });
});
