import { describe, expect, it } from "vitest";
import { renderConsole } from "../../src/report/console.ts";
import { displayWidth } from "../../src/report/layout.ts";
import { renderMetricTable } from "../../src/report/metric-table.ts";
import { aGateResult, aMetricResult, aPromptGateResult } from "../builders.ts";
import { scenarios } from "./scenarios.ts";

const commandLine = /^ {4}promptgate /;

describe("renderConsole", () => {
  it.each(Object.entries(scenarios))(
    "keeps %s within the width but for commands to be copied",
    (_, result) => {
      for (const width of [40, 80, 132]) {
        const lines = renderConsole(result, { color: false, width }).split("\n");
        const tooWide = lines.filter((line) => displayWidth(line) > width && !commandLine.test(line));
        expect(tooWide).toEqual([]);
      }
    },
  );

  it.each(Object.entries(scenarios))(
    "prints no control character of %s, and colour only when asked",
    (_, result) => {
      const plain = renderConsole(result, { color: false, width: 80 });
      const colored = renderConsole(result, { color: true, width: 80 });
      expect(plain.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g)).toBeNull();
      expect(colored.replace(/\u001b\[[\d;]*m/g, "")).toBe(plain);
      expect(colored).not.toBe(plain);
    },
  );

  it("says in so many words that the embedded model is no evidence", () => {
    const models = [{ role: "candidate", provider: "embedded", model: "responder" }] as const;
    const text = renderConsole(aGateResult(aPromptGateResult({ models })), { color: false, width: 200 });
    expect(text.split("\n").slice(0, 4).join(" ")).toContain(
      "embedded model: for trying the tool, not evidence about a real one",
    );
  });

  it.each([
    ["a name that a shell would read", { name: "a; rm -rf ~" }, "promptgate publish 'a; rm -rf ~'"],
    ["a quote", { name: "it's" }, "promptgate publish 'it'\\''s'"],
    ["a first version", { baseline: null }, "promptgate publish customer-support --label production"],
    ["a failure", { verdict: "fail" }, "promptgate gate customer-support"],
  ] as const)("offers a command to type for %s", (_, fields, command) => {
    const text = renderConsole(aGateResult(aPromptGateResult(fields)), { color: false, width: 100 });
    expect(text).toContain(`    ${command}\n`);
  });

  it("does not ask to store a version that the registry has", () => {
    const candidate = { ...aPromptGateResult().candidate, source: "registry version 2.4.0" };
    const text = renderConsole(aGateResult(aPromptGateResult({ candidate })), { color: false, width: 100 });
    expect(text).not.toContain("promptgate publish");
    expect(text).toContain("promptgate promote customer-support@2.4.0 --to staging");
  });

  it("names the number of cases that an undecided metric would need", () => {
    const text = renderConsole(scenarios["inconclusive"] ?? aGateResult(), { color: false, width: 200 });
    expect(text).toContain("About 270 cases would decide faithfulness; there are 50.");
  });
});

describe("renderMetricTable", () => {
  const metrics = [aMetricResult(), aMetricResult({ name: "ends-as-required", verdict: "fail" })];

  it("prints one line a metric where there is room", () => {
    const lines = renderMetricTable(metrics, { color: false, width: 120 });
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(
      /^ends-as-required +0\.840 +0\.842 +\+0\.2 pts +-2\.1 to \+2\.5 +drop under 5 points.* FAIL$/,
    );
  });

  it("moves the gate under the row at 80 columns, and folds below that", () => {
    expect(renderMetricTable(metrics, { color: false, width: 80 })[2]).toMatch(
      /^ {2}gate: drop under 5 points/,
    );
    expect(renderMetricTable(metrics, { color: false, width: 50 })[0]).toBe("faithfulness: PASS");
  });

  it("is only a head without metrics", () => {
    expect(renderMetricTable([], { color: false, width: 120 })).toHaveLength(1);
  });
});
