import { describe, expect, it } from "vitest";
import type { GateResult } from "../../src/domain/gate-result.ts";
import { renderConsole } from "../../src/report/console.ts";
import { renderHtml } from "../../src/report/html.ts";
import { renderJson } from "../../src/report/json.ts";
import { renderJunit } from "../../src/report/junit.ts";
import { renderMarkdown } from "../../src/report/markdown.ts";
import { scenarios } from "./scenarios.ts";

const formats: Readonly<Record<string, (result: GateResult) => string>> = {
  txt: (result) => renderConsole(result, { color: false, width: 100 }),
  md: renderMarkdown,
  "junit.xml": renderJunit,
  // The style sheet is the same in every page and would only drown what differs.
  html: (result) => renderHtml(result).replace(/<style>[^]*<\/style>/, "<style></style>"),
};

describe.each(Object.entries(scenarios))("the report of %s", (name, result) => {
  it.each(Object.entries(formats))("reads as agreed in .%s", async (suffix, render) => {
    await expect(render(result)).toMatchFileSnapshot(`../golden/${name}.${suffix}`);
  });

  it("is the stored document in .json", () => {
    expect(JSON.parse(renderJson(result))).toEqual(result);
    expect(renderJson(result)).toMatch(/^\{\n {2}"schema": "promptgate\/gate-result@1",\n[^]*\}\n$/);
  });

  it.each(["txt", "md", "html"])("says the verdict within the first lines of .%s", (suffix) => {
    const words = { pass: "PASS", fail: "FAIL", inconclusive: "NOT DECIDED" };
    const text = formats[suffix]?.(result) ?? "";
    expect(text.slice(0, 700)).toContain(words[result.verdict]);
  });
});
