import type { GateResult, PromptGateResult } from "../domain/gate-result.ts";
import type { MetricResult, VerdictKind } from "../domain/scores.ts";
import { changedCases, type ChangedCase } from "./changed-cases.ts";
import { excerpts } from "./excerpt.ts";
import { difference, gateRule, interval, metricVerdict, plural, quantity, verdictWords } from "./figures.ts";
import { block, cellCode, code, prose } from "./markdown-text.ts";
import { nextSteps, reportCommand } from "./next-steps.ts";
import { fit, type Section } from "./shed.ts";
import * as words from "./words.ts";

export interface MarkdownOptions {
  /** GitHub takes 65,536 characters in a comment; the default of 60,000 leaves room for a frame. At least 8,000. */
  readonly maxCharacters?: number;
}

const OPEN_REGRESSIONS = 3;
const EXCERPT = 600;
const PROMPTS_LISTED = 20;
const WAIVERS_LISTED = 20;
const alerts = { pass: "TIP", fail: "CAUTION", inconclusive: "WARNING" } as const satisfies Record<
  VerdictKind,
  string
>;

function details(summary: string, body: string): string {
  return `<details>\n<summary>${summary}</summary>\n\n${body}\n\n</details>`;
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join("\n");
}

function alert(result: GateResult): string {
  const [only] = result.prompts;
  const body =
    only !== undefined && result.prompts.length === 1
      ? [`**${verdictWords[only.verdict]}:** ${prose(words.title(only))}`, "", prose(only.headline, 500)]
      : [
          `**${verdictWords[result.verdict]}:** ${plural(result.prompts.length, "prompt")}`,
          "",
          ...result.prompts
            .slice(0, PROMPTS_LISTED)
            .map((prompt) => `- **${verdictWords[prompt.verdict]}** ${prose(words.title(prompt), 120)}`),
          ...(result.prompts.length > PROMPTS_LISTED
            ? [`- and ${result.prompts.length - PROMPTS_LISTED} more`]
            : []),
        ];
  return [`> [!${alerts[result.verdict]}]`, ...body.map((line) => `> ${line}`.trimEnd())].join("\n");
}

function why(prompt: PromptGateResult, isOnly: boolean): string {
  const warnings = [...words.modelWarnings(prompt), ...prompt.warnings];
  const findings = words
    .decidingFindings(prompt, 3)
    .map(({ path, message }) => `${code(path, 80)}: ${prose(message, 240)}`);
  const lines = [
    ...(isOnly ? [] : [prose(prompt.headline, 500)]),
    ...(prompt.stored
      ? [
          "This verdict was reached by an earlier run of the same inputs and is repeated; nothing was run again.",
        ]
      : []),
    ...warnings.map((line) => `**Warning:** ${prose(line, 400)}`),
    ...(prompt.reasons.length === 0
      ? []
      : [list(prompt.reasons.slice(0, 20).map((reason) => prose(reason)))]),
    `**Tier:** ${words.tierSummary(prompt)}${findings.length === 0 ? "" : `\n\n${list(findings)}`}`,
  ];
  return lines.join("\n\n");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

function metricTable(metrics: readonly MetricResult[]): string {
  const rows = metrics.map((metric) => {
    const verdict = metricVerdict(metric);
    return row([
      cellCode(metric.name),
      quantity(metric.kind, metric.baseline),
      quantity(metric.kind, metric.candidate),
      difference(metric.kind, metric.delta),
      interval(metric),
      gateRule(metric),
      metric.level === "error" && metric.verdict !== "pass" ? `**${verdict}**` : verdict,
    ]);
  });
  return [
    row(["Metric", "Baseline", "Candidate", "Difference", "Interval", "Gate", "Verdict"]),
    row(["---", "---:", "---:", "---:", "---:", "---", "---"]),
    ...rows,
  ].join("\n");
}

function regression({ id, changes, baselineOutput, candidateOutput }: ChangedCase): string {
  const { baseline, candidate } = excerpts(baselineOutput, candidateOutput, EXCERPT);
  const outputs = [
    ...(baseline === null ? [] : ["Old output:", block(baseline)]),
    ...(candidate === null ? [] : ["New output:", block(candidate)]),
  ];
  const lines = changes.map((change) => {
    const reason = change.reason === "" ? "" : ` - ${prose(change.reason, 400)}`;
    return `${code(change.metric, 60)} ${words.changeText(change)}${reason}`;
  });
  const [only] = lines;
  const name = `**${code(id, 80)}**`;
  const heading = only !== undefined && lines.length === 1 ? `${name} ${only}` : `${name}\n\n${list(lines)}`;
  return [heading, ...outputs].join("\n\n");
}

function regressionSections({ regressions, cases }: PromptGateResult): Section[] {
  const worse = changedCases(regressions);
  const open = worse.slice(0, OPEN_REGRESSIONS);
  const rest = worse.slice(OPEN_REGRESSIONS);
  const broken = cases.broken.slice(0, 50).map((id) => code(id, 80));
  return [
    ...(broken.length === 0
      ? []
      : [
          {
            name: "critical cases",
            text: `### Critical cases broken\n\nOne is enough to fail: ${broken.join(", ")}${cases.broken.length > 50 ? " and more" : ""}`,
            keep: "core" as const,
          },
        ]),
    ...open.map((each, index) => ({
      name: `what got worse, ${index + 1}`,
      text: `${index === 0 ? "### Got worse, largest loss first\n\n" : ""}${regression(each)}`,
      keep: "detail" as const,
    })),
    ...(rest.length === 0
      ? []
      : [
          {
            name: "the rest of what got worse",
            text: details(`More that got worse (${rest.length})`, rest.map(regression).join("\n\n")),
            keep: "detail" as const,
          },
        ]),
  ];
}

function listSection(name: string, summary: string, items: readonly string[]): Section[] {
  return items.length === 0 ? [] : [{ name, text: details(summary, list(items)), keep: "detail" }];
}

function metricNotes(prompt: PromptGateResult): string[] {
  return prompt.metrics
    .filter(({ level }) => level !== "off")
    .map((metric) => `${code(metric.name, 60)}: ${prose(words.metricNote(prompt, metric), 800)}`);
}

function waiverSection({ waivers }: PromptGateResult): Section[] {
  if (waivers.length === 0) return [];
  const items = waivers.slice(0, WAIVERS_LISTED).map((waiver) => {
    const { what, terms } = words.waiverText(waiver);
    return `${prose(what, 200)}, ${prose(terms, 400)}`;
  });
  const rest = waivers.length - items.length;
  const lines = rest > 0 ? [...items, `and ${rest} more`] : items;
  return [
    {
      name: "what is waived",
      text: `### Waived: shown, but not decided on\n\n${list(lines)}`,
      keep: "core",
    },
  ];
}

function runNotes(prompt: PromptGateResult): string[] {
  const models = prompt.models.map((use) => {
    const { role, model, note } = words.modelText(use);
    return `${prose(role)}: ${code(model)}${note === null ? "" : ` - ${note}`}`;
  });
  return [...models, ...words.provenance(prompt).map(([label, value]) => `${label}: ${code(value, 240)}`)];
}

function next(prompt: PromptGateResult): string {
  return list(
    nextSteps(prompt).map(
      ({ text, command }) => `${prose(text)}${command === null ? "" : ` ${code(command, 400)}`}`,
    ),
  );
}

function promptSections(prompt: PromptGateResult, isOnly: boolean): Section[] {
  const name = code(prompt.name, 128);
  const heading = isOnly ? "" : `## ${prose(words.title(prompt))}\n\n`;
  return [
    { name: `the reasons of ${name}`, text: heading + why(prompt, isOnly), keep: "core" },
    ...(prompt.metrics.length === 0
      ? []
      : [
          {
            name: `the metrics of ${name}`,
            text: `${metricTable(prompt.metrics)}\n\n${words.legend(prompt.metrics)}`,
            keep: "core" as const,
          },
        ]),
    ...regressionSections(prompt),
    ...listSection(
      "what got better",
      `Got better (${prompt.improvements.length})`,
      prompt.improvements.map(
        (change) => `${code(change.id, 80)} ${code(change.metric, 60)} ${words.changeText(change)}`,
      ),
    ),
    ...listSection(
      "cases without a score",
      `Without a score (${prompt.unscored.length})`,
      prompt.unscored.map((each) => `${code(each.id, 80)} ${prose(words.unscoredText(each))}`),
    ),
    ...waiverSection(prompt),
    ...listSection("the figures behind the metrics", "Figures behind the metrics", metricNotes(prompt)),
    {
      name: "the run",
      // Two bare dollar signs in a line could be read as a formula.
      text: `${words.caseSummary(prompt)}. ${words.usageSummary(prompt).replaceAll("$", "US$")}.`,
      keep: "core",
    },
    ...listSection("models and digests", "Models, digests, seed", runNotes(prompt)),
    { name: `what to do next`, text: `### What to do next\n\n${next(prompt)}`, keep: "core" },
  ];
}

/**
 * The result as a pull request comment or job summary in GitHub's Markdown. Texts of prompts and models are inert in
 * it: no markup, HTML, mention, reference or link of theirs works.
 */
export function renderMarkdown(result: GateResult, options: MarkdownOptions = {}): string {
  const isOnly = result.prompts.length === 1;
  const sections: Section[] = [
    { name: "the verdict", text: alert(result), keep: "always" },
    ...result.prompts.flatMap((prompt) => promptSections(prompt, isOnly)),
  ];
  const [report] = result.prompts.flatMap((prompt) => reportCommand(prompt) ?? []);
  const remedy = report === undefined ? "" : `All of it: ${code(report, 300)}`;
  return fit(sections, options.maxCharacters ?? 60_000, remedy);
}
