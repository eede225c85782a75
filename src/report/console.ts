import type { CaseChange, GateResult, PromptGateResult } from "../domain/gate-result.ts";
import type { VerdictKind } from "../domain/scores.ts";
import { visible, visibleLine } from "../domain/visible.ts";
import { changedCases, type ChangedCase } from "./changed-cases.ts";
import { excerpts } from "./excerpt.ts";
import { plural, verdictWords } from "./figures.ts";
import { hang, padEnd, wrap } from "./layout.ts";
import { renderMetricTable } from "./metric-table.ts";
import { nextSteps, reportCommand } from "./next-steps.ts";
import { paint, verdictStyle, type ConsoleOptions } from "./paint.ts";
import * as words from "./words.ts";

const REGRESSIONS = 5;
const IMPROVEMENTS = 5;
const UNSCORED = 5;
const FINDINGS = 3;
const WAIVERS = 10;
const EXCERPT = 240;
const INDENT = "  ";

/** A heading and its lines, or nothing when there are none. */
function section(heading: string, lines: readonly string[], { color }: ConsoleOptions): string[] {
  return lines.length === 0 ? [] : ["", paint(color, heading, "bold"), ...lines];
}

function more(shown: number, all: number, noun: string): string[] {
  return all > shown ? [`${INDENT}and ${plural(all - shown, `more ${noun}`)}`] : [];
}

function verdictLines(prompt: PromptGateResult, { color, width }: ConsoleOptions): string[] {
  const style = verdictStyle[prompt.verdict];
  const badge = ` ${verdictWords[prompt.verdict]} `;
  const warnings = [...words.modelWarnings(prompt), ...prompt.warnings.map((line) => visibleLine(line, 400))];
  return [
    ...wrap(words.title(prompt), width - badge.length - 1).map((line, index) => {
      const first = index === 0 ? paint(color, badge, "bold", "inverse", style) : " ".repeat(badge.length);
      return `${first} ${paint(color, line, "bold")}`;
    }),
    ...wrap(visibleLine(prompt.headline, 1_000), width),
    ...(prompt.stored
      ? wrap(
          "This verdict was reached by an earlier run of the same inputs and is repeated; nothing was run again.",
          width,
        )
      : []),
    ...warnings.flatMap((line) => hang("warning: ", line, width).map((text) => paint(color, text, "yellow"))),
  ];
}

function tierLines(prompt: PromptGateResult, { width }: ConsoleOptions): string[] {
  return [
    ...hang("Tier: ", words.tierSummary(prompt), width),
    ...words
      .decidingFindings(prompt, FINDINGS)
      .flatMap((finding) => hang("      - ", words.findingText(finding), width)),
  ];
}

function metricLines(prompt: PromptGateResult, options: ConsoleOptions): string[] {
  if (prompt.metrics.length === 0) return [];
  const details = prompt.metrics.filter(({ level }) => level !== "off");
  return [
    "",
    ...renderMetricTable(prompt.metrics, options),
    "",
    ...wrap(words.legend(prompt.metrics), options.width).map((line) => paint(options.color, line, "dim")),
    ...section(
      "Metric by metric",
      details.flatMap((metric) =>
        hang(`${INDENT}${visibleLine(metric.name, 40)}: `, words.metricNote(prompt, metric), options.width),
      ),
      options,
    ),
  ];
}

function changeLine(change: CaseChange): string {
  return `${visibleLine(change.id, 80)}, ${visibleLine(change.metric, 40)}: ${words.changeText(change)}`;
}

function outputLines(label: string, output: string | null, width: number): string[] {
  if (output === null) return [];
  const first = `${INDENT.repeat(2)}${padEnd(label, 10)}`;
  const [head = "", ...rest] = visible(output)
    .split("\n")
    .flatMap((line) => wrap(line, width - first.length));
  const shown = [head, ...rest].slice(0, 6);
  const lines = shown.map((line, index) =>
    ((index === 0 ? first : " ".repeat(first.length)) + line).trimEnd(),
  );
  return shown.length < rest.length + 1 ? [...lines, `${" ".repeat(first.length)}…`] : lines;
}

function regressionLines(
  { changes, baselineOutput, candidateOutput }: ChangedCase,
  { color, width }: ConsoleOptions,
): string[] {
  const { baseline, candidate } = excerpts(baselineOutput, candidateOutput, EXCERPT);
  return [
    ...changes.flatMap((change) => {
      const reason = visibleLine(change.reason, 400);
      return [
        ...hang(INDENT, changeLine(change), width).map((line) => paint(color, line, "bold")),
        ...(reason === "" ? [] : hang(`${INDENT.repeat(2)}${padEnd("why", 10)}`, reason, width)),
      ];
    }),
    ...outputLines("old", baseline, width),
    ...outputLines("new", candidate, width),
  ];
}

function changeSections(prompt: PromptGateResult, options: ConsoleOptions): string[] {
  const { width } = options;
  const { improvements, unscored, cases } = prompt;
  const worse = changedCases(prompt.regressions);
  return [
    ...section(
      "Critical cases broken: one is enough",
      cases.broken.flatMap((id) => hang(INDENT, visibleLine(id, 80), width)),
      options,
    ),
    ...section(
      "Got worse, largest loss first",
      [
        ...worse.slice(0, REGRESSIONS).flatMap((each) => regressionLines(each, options)),
        ...more(REGRESSIONS, worse.length, "case"),
      ],
      options,
    ),
    ...section(
      "Got better",
      [
        ...improvements.slice(0, IMPROVEMENTS).flatMap((change) => hang(INDENT, changeLine(change), width)),
        ...more(IMPROVEMENTS, improvements.length, "case"),
      ],
      options,
    ),
    ...section(
      "Without a score",
      [
        ...unscored
          .slice(0, UNSCORED)
          .flatMap((each) => hang(`${INDENT}${visibleLine(each.id, 80)}, `, words.unscoredText(each), width)),
        ...more(UNSCORED, unscored.length, "case"),
      ],
      options,
    ),
  ];
}

function waiverLines({ waivers }: PromptGateResult, options: ConsoleOptions): string[] {
  const lines = waivers.slice(0, WAIVERS).flatMap((waiver) => {
    const { what, terms } = words.waiverText(waiver);
    return hang(INDENT, `${what}, ${terms}`, options.width);
  });
  const rest = more(WAIVERS, waivers.length, "waiver");
  return section("Waived: shown, but not decided on", [...lines, ...rest], options);
}

function runLines(prompt: PromptGateResult, options: ConsoleOptions): string[] {
  const { color, width } = options;
  const field = (label: string, value: string): string[] =>
    hang(`${INDENT}${padEnd(label, 18)}`, value, width);
  const models = prompt.models.flatMap((use) => {
    const { role, model, note } = words.modelText(use);
    return field("model", `${role}: ${model}${note === null ? "" : ` - ${note}`}`);
  });
  const lines = [
    ...field("cases", words.caseSummary(prompt)),
    ...field("usage", words.usageSummary(prompt)),
    ...models,
    ...words.provenance(prompt).flatMap(([label, value]) => field(label, value)),
  ];
  return section(
    "This run",
    lines.map((line) => paint(color, line, "dim")),
    options,
  );
}

function nextLines(prompt: PromptGateResult, options: ConsoleOptions): string[] {
  const report = reportCommand(prompt);
  const steps = [
    ...nextSteps(prompt),
    ...(report === null ? [] : [{ text: "Read the whole report in a browser:", command: report }]),
  ];
  const lines = steps.flatMap(({ text, command }) => [
    ...hang(INDENT, text, options.width),
    ...(command === null ? [] : [`${INDENT.repeat(2)}${paint(options.color, command, "cyan")}`]),
  ]);
  return section("What to do next", lines, options);
}

function promptLines(prompt: PromptGateResult, options: ConsoleOptions): string[] {
  const reasons = prompt.reasons.flatMap((reason) => hang("- ", visibleLine(reason, 600), options.width));
  return [
    ...verdictLines(prompt, options),
    ...section("Why", reasons, options),
    "",
    ...tierLines(prompt, options),
    ...metricLines(prompt, options),
    ...changeSections(prompt, options),
    ...waiverLines(prompt, options),
    ...runLines(prompt, options),
    ...nextLines(prompt, options),
  ];
}

function overview({ verdict, prompts }: GateResult, { color, width }: ConsoleOptions): string[] {
  const word = (kind: VerdictKind): string => paint(color, verdictWords[kind], "bold", verdictStyle[kind]);
  return [
    `${word(verdict)}: ${prompts.length} prompts, the worst one decides`,
    ...prompts.flatMap((prompt) =>
      hang(`${INDENT}${verdictWords[prompt.verdict]}  `, words.title(prompt), width).map((line, index) =>
        index === 0 ? line.replace(verdictWords[prompt.verdict], word(prompt.verdict)) : line,
      ),
    ),
    "",
    "─".repeat(width),
    "",
  ];
}

/** The whole result for a terminal: the verdict first, then why, then the figures. Ends with a newline. */
export function renderConsole(result: GateResult, options: ConsoleOptions): string {
  const place = { ...options, width: Math.max(40, options.width) };
  const prompts = result.prompts.flatMap((prompt, index) => [
    ...(index === 0 ? [] : ["", "─".repeat(place.width), ""]),
    ...promptLines(prompt, place),
  ]);
  const word = paint(options.color, verdictWords[result.verdict], "bold", verdictStyle[result.verdict]);
  const lines = [
    ...(result.prompts.length === 1 ? [] : overview(result, place)),
    ...prompts,
    "",
    `Verdict: ${word} (exit code ${result.exitCode})`,
  ];
  return `${lines.join("\n")}\n`;
}
