import { describe, expect, it } from "vitest";
import { fc } from "../properties.ts";
import { renderJunit } from "../../src/report/junit.ts";
import { aCaseChange, aGateResult, aMetricResult, aPromptGateResult } from "../builders.ts";
import { scenarios } from "./scenarios.ts";

/** Walks the tags as an XML reader does; throws on the first thing that is not well-formed. */
function readXml(xml: string): string[] {
  const open: string[] = [];
  const names: string[] = [];
  const token =
    /<\?xml [^?]*\?>|<(\/?)([a-z-]+)((?: [a-z]+="(?:[^<&"\n\t]|&(?:amp|lt|gt|quot|#10|#9);)*")*)(\/?)>|(?:[^<&>]|&(?:amp|lt|gt);)+/y;
  while (token.lastIndex < xml.length) {
    const at = token.lastIndex;
    const match = token.exec(xml);
    if (match === null) throw new Error(`not well-formed at: ${xml.slice(at, at + 80)}`);
    const [, slash, name, , empty] = match;
    if (name === undefined) continue;
    if (slash === "/") {
      if (open.pop() !== name) throw new Error(`</${name}> closes another element`);
      continue;
    }
    names.push(name);
    if (empty !== "/") open.push(name);
  }
  expect(open).toEqual([]);
  return names;
}

describe("renderJunit", () => {
  it("is well-formed XML 1.0 whatever the texts hold", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "grapheme" }), (first, second) => {
        const xml = renderJunit(
          aGateResult(
            aPromptGateResult({
              name: first,
              verdict: "fail",
              headline: second,
              reasons: [first],
              models: [{ role: "judge", provider: second, model: first }],
              metrics: [aMetricResult({ name: second, verdict: "fail", reason: first })],
              cases: { total: 1, used: 1, unscored: 0, waived: 0, broken: [`${first}]]>`] },
              regressions: [
                aCaseChange({ id: second, metric: first, candidateOutput: `${first}\u0000\ufffe\ud800` }),
              ],
            }),
          ),
        );
        expect(xml).not.toMatch(/[\u0000-\u0008\u000b-\u001f\ufffe\uffff]|\p{Surrogate}/u);
        expect(readXml(xml).filter((name) => name === "testcase")).toHaveLength(4);
      }),
    );
  });

  it.each(Object.entries(scenarios))("counts what %s holds", (_, result) => {
    const xml = renderJunit(result);
    const names = readXml(xml);
    const of = (name: string): number => names.filter((each) => each === name).length;
    expect(xml).toContain(
      `<testsuites name="promptgate" tests="${of("testcase")}" failures="${of("failure")}" errors="${of("error")}" skipped="${of("skipped")}">`,
    );
    expect(of("testsuite")).toBe(result.prompts.length);
  });

  it.each([
    ["pass", "pass", { failures: 0, errors: 0 }],
    ["fail", "fail", { failures: 3, errors: 0 }],
    ["inconclusive", "inconclusive", { failures: 0, errors: 2 }],
  ] as const)("is red exactly when the gate is not passed: %s", (verdict, metric, { failures, errors }) => {
    const prompt = aPromptGateResult({
      verdict,
      metrics: [aMetricResult({ verdict: metric })],
      regressions: [aCaseChange()],
    });
    expect(renderJunit(aGateResult(prompt))).toContain(`failures="${failures}" errors="${errors}"`);
  });

  it("shows a metric that only warns as skipped", () => {
    const prompt = aPromptGateResult({ metrics: [aMetricResult({ level: "warn", verdict: "fail" })] });
    expect(renderJunit(aGateResult(prompt))).toContain('<skipped message="warning only: a drop');
  });

  it("names versions and digests as properties", () => {
    const xml = renderJunit(aGateResult());
    expect(xml).toContain('<property name="candidate version" value="2.4.0"/>');
    expect(xml).toMatch(/<property name="dataset digest" value="sha256:[0-9a-f]{64}"\/>/);
  });
});
