import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { renderHtml } from "../../src/report/html.ts";
import { markChanges } from "../../src/report/html-text.ts";
import { renderIntervalChart } from "../../src/report/interval-chart.ts";
import { aCaseChange, aGateResult, aMetricResult, aPromptGateResult } from "../builders.ts";
import { scenarios } from "./scenarios.ts";

const voidTags = new Set(["meta", "line", "circle", "br"]);

/** Names of the elements in order; throws when the tags do not nest. */
function readHtml(html: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  for (const [, slash, name = "", rest = ""] of html.matchAll(
    /<(\/?)([a-z0-9]+)((?: [a-z-]+(?:="[^"<>]*")?)*\/?)>/gi,
  )) {
    if (slash === "/") {
      if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
      continue;
    }
    names.push(name);
    if (!voidTags.has(name) && !rest.endsWith("/")) open.push(name);
  }
  expect(open).toEqual([]);
  return names;
}

/** Names of the elements of a page whose every free text is `text`. */
function elementsOf(text: string): string[] {
  const prompt = aPromptGateResult({
    name: text,
    headline: text,
    reasons: [text],
    metrics: [aMetricResult({ name: text, reason: text })],
    regressions: [aCaseChange({ id: text, reason: `-${text}`, baselineOutput: text, candidateOutput: text })],
    unscored: [{ id: text, metric: text, side: "baseline", reason: text }],
    runDir: text,
  });
  return readHtml(renderHtml(aGateResult(prompt)));
}

function numberedWords(from: number): string {
  return Array.from({ length: 700 }, (_, index) => `w${from + index}`).join(" ");
}

/** Where a mark of a chart stands. */
function xOf(svg: string, name: string): number {
  return Number(new RegExp(`class="${name}" (?:x1|cx)="([\\d.]+)"`).exec(svg)?.[1]);
}

describe("renderHtml", () => {
  it.each(Object.entries(scenarios))("nests the elements of %s and loads nothing", (_, result) => {
    const html = renderHtml(result);
    const names = readHtml(html);
    expect(names.filter((name) => ["script", "img", "link", "iframe", "a", "form"].includes(name))).toEqual(
      [],
    );
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'");
    expect(html.match(/ (?:src|href|on\w+|style)="/g)).toBeNull();
    expect(html).not.toContain("url(");
  });

  it("has the same elements whatever the texts hold", () => {
    const expected = elementsOf("plain");
    const piece = fc.constantFrom(
      "<",
      ">",
      "&",
      '"',
      "'",
      "</pre>",
      "<script>alert(1)</script>",
      "-->",
      "\n",
      "a",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 10 }), (pieces) => {
        expect(elementsOf(pieces.join(""))).toEqual(expected);
      }),
    );
  });
});

describe("markChanges", () => {
  it("marks the words that only one side has", () => {
    expect(markChanges("within 30 days", "within 60 days")).toEqual({
      old: "within <del>30</del> days",
      new: "within <ins>60</ins> days",
    });
  });

  it("escapes what it marks", () => {
    expect(markChanges("<b>", "<i>").new).toMatch(/^(?:&lt;|<ins>|<\/ins>|i|&gt;)+$/);
  });

  it("marks nothing when too much differs", () => {
    expect(markChanges(numberedWords(0), numberedWords(1_000))).toEqual({
      old: numberedWords(0),
      new: numberedWords(1_000),
    });
  });
});

describe("renderIntervalChart", () => {
  it("draws a drop beyond the margin left of the gate's line", () => {
    const svg = renderIntervalChart(
      aMetricResult({ delta: -0.15, interval: { low: -0.22, high: -0.08, level: 0.95 } }),
    );
    expect(xOf(svg, "point")).toBeLessThan(xOf(svg, "bound"));
    expect(xOf(svg, "bound")).toBeLessThan(xOf(svg, "zero"));
  });

  it("turns costs round, so that worse is left for them too", () => {
    const cost = { kind: "cost", margin: null, min: null, maxIncrease: 0.1, delta: 0.2 } as const;
    const svg = renderIntervalChart(
      aMetricResult({ ...cost, interval: { low: 0.15, high: 0.25, level: 0.95 } }),
    );
    expect(xOf(svg, "point")).toBeLessThan(xOf(svg, "bound"));
  });

  it("says in words what it shows", () => {
    expect(renderIntervalChart(aMetricResult())).toContain(
      'role="img" aria-label="difference +0.2 pts, interval -2.1 to +2.5, gate: drop under 5 points, at least 0.75"',
    );
  });

  it("is empty without a figure", () => {
    expect(renderIntervalChart(aMetricResult({ delta: null, interval: null }))).toBe("");
  });
});
