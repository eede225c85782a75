import type { CaseChange, GateResult, PromptGateResult } from "../domain/gate-result.ts";
import type { MetricResult, VerdictKind } from "../domain/scores.ts";
import { visible, visibleLine } from "../domain/visible.ts";
import { isWaived } from "../domain/waiver.ts";
import { excerpts } from "./excerpt.ts";
import { difference, gateRule, interval, quantity, verdictWords } from "./figures.ts";
import * as words from "./words.ts";

/** How one test case ends. `skipped` is shown and turns nothing red. */
interface Outcome {
  readonly tag: "failure" | "error" | "skipped" | null;
  readonly message: string;
  readonly text: string;
}

interface TestCase extends Outcome {
  readonly name: string;
}

const EXCERPT = 1_000;
const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
  "\t": "&#9;",
};

/** Text that XML 1.0 allows: what it has no way to write at all becomes U+FFFD. */
function allowed(text: string): string {
  return visible(text).replace(/[\ufffe\uffff]/g, "\ufffd");
}

function attribute(value: string | number): string {
  return `"${allowed(String(value)).replace(/[&<>"\n\t]/g, (character) => entities[character] ?? "")}"`;
}

function body(text: string): string {
  return allowed(text).replace(/[&<>]/g, (character) => entities[character] ?? "");
}

/**
 * A verdict in JUnit's words. An undecided gate is an `error`, JUnit's word for a test that could not say: `skipped`
 * would show as green, and no measurement is never a pass.
 */
function outcomeTag(verdict: VerdictKind): Outcome["tag"] {
  switch (verdict) {
    case "pass":
      return null;
    case "fail":
      return "failure";
    case "inconclusive":
      return "error";
  }
}

function metricCase(metric: MetricResult): TestCase {
  const tag =
    metric.level === "error" ? outcomeTag(metric.verdict) : metric.verdict === "pass" ? null : "skipped";
  const figures = [
    `baseline ${quantity(metric.kind, metric.baseline)}, candidate ${quantity(metric.kind, metric.candidate)}`,
    `difference ${difference(metric.kind, metric.delta)}, interval ${interval(metric)}`,
    `gate: ${gateRule(metric)}`,
    words.metricDetails(metric),
  ];
  const note = { error: "", warn: "warning only: ", off: "not judged: " }[metric.level];
  return {
    name: `metric ${visibleLine(metric.name, 80)}`,
    tag,
    message: `${note}${visibleLine(metric.reason, 400)}`,
    text: figures.join("\n"),
  };
}

/** A worse case turns red only where its metric does, so that the file is red exactly when the gate is not passed. */
function regressionCase(change: CaseChange, prompt: PromptGateResult): TestCase {
  const isDecisive =
    !isWaived(prompt.waivers, change.id, change.metric) &&
    prompt.metrics.some(
      ({ name, verdict, level }) => name === change.metric && verdict === "fail" && level === "error",
    );
  const { baseline, candidate } = excerpts(change.baselineOutput, change.candidateOutput, EXCERPT);
  return {
    name: `case ${visibleLine(change.id, 120)} (${visibleLine(change.metric, 80)})`,
    tag: isDecisive && prompt.verdict === "fail" ? "failure" : "skipped",
    message: `${words.changeText(change)}: ${visibleLine(change.reason, 400)}`,
    text: `old output:\n${baseline ?? "-"}\n\nnew output:\n${candidate ?? "-"}`,
  };
}

function testCases(prompt: PromptGateResult): TestCase[] {
  const verdict: TestCase = {
    name: "verdict",
    tag: outcomeTag(prompt.verdict),
    message: visibleLine(prompt.headline, 400),
    text: [...prompt.reasons, ...prompt.warnings.map((warning) => `warning: ${warning}`)].join("\n"),
  };
  const broken = prompt.cases.broken.map((id): TestCase => ({
    name: `critical case ${visibleLine(id, 120)}`,
    tag: prompt.verdict === "fail" ? "failure" : "skipped",
    message: "the candidate breaks a critical case",
    text: "",
  }));
  return [
    verdict,
    ...prompt.metrics.map(metricCase),
    ...broken,
    ...prompt.regressions.map((change) => regressionCase(change, prompt)),
  ];
}

function renderCase({ name, tag, message, text }: TestCase, suite: string): string {
  const open = `    <testcase classname=${attribute(`promptgate.${suite}`)} name=${attribute(name)}`;
  if (tag === null)
    return `${open}>\n      <system-out>${body(`${message}\n${text}`)}</system-out>\n    </testcase>`;
  return `${open}>\n      <${tag} message=${attribute(message)}>${body(text)}</${tag}>\n    </testcase>`;
}

function properties(prompt: PromptGateResult): string {
  const { candidate, baseline, tier, models } = prompt;
  const rows: (readonly [string, string])[] = [
    ["verdict", verdictWords[prompt.verdict]],
    ["candidate version", candidate.version],
    ["baseline version", baseline?.version ?? "-"],
    ["tier", tier.applied],
    ...words.provenance(prompt),
    ...prompt.waivers.map((waiver): [string, string] => {
      const { what, terms } = words.waiverText(waiver);
      return ["waiver", `${what}, ${terms}`];
    }),
    ...models.map((use): [string, string] => {
      const { role, model, note } = words.modelText(use);
      return [`model ${role}`, note === null ? model : `${model} - ${note}`];
    }),
  ];
  const lines = rows.map(
    ([name, value]) =>
      `      <property name=${attribute(name)} value=${attribute(visibleLine(value, 300))}/>`,
  );
  return `    <properties>\n${lines.join("\n")}\n    </properties>`;
}

function counts(cases: readonly TestCase[]): string {
  const of = (tag: Outcome["tag"]): number => cases.filter((each) => each.tag === tag).length;
  return `tests="${cases.length}" failures="${of("failure")}" errors="${of("error")}" skipped="${of("skipped")}"`;
}

/**
 * JUnit XML as CI servers read it: a suite per prompt with its verdict, metrics, broken critical cases and
 * regressions. Some test is red (`failure` or `error`) exactly when the prompt's gate is not passed.
 */
export function renderJunit(result: GateResult): string {
  const suites = result.prompts.map((prompt) => ({ prompt, cases: testCases(prompt) }));
  const rendered = suites.map(({ prompt, cases }) => {
    const name = visibleLine(prompt.name, 128);
    return [
      `  <testsuite name=${attribute(name)} ${counts(cases)}>`,
      properties(prompt),
      ...cases.map((each) => renderCase(each, name)),
      "  </testsuite>",
    ].join("\n");
  });
  const all = counts(suites.flatMap(({ cases }) => cases));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="promptgate" ${all}>\n${rendered.join("\n")}\n</testsuites>\n`;
}
