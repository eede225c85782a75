import type { GateResult, PromptGateResult } from "../domain/gate-result.ts";
import type { MetricResult } from "../domain/scores.ts";
import { changedCases, type ChangedCase } from "./changed-cases.ts";
import { excerpts } from "./excerpt.ts";
import { difference, gateRule, interval, metricVerdict, quantity, verdictWords } from "./figures.ts";
import { pageStyle } from "./html-style.ts";
import { escapeHtml, escapeLine, markChanges } from "./html-text.ts";
import { renderIntervalChart } from "./interval-chart.ts";
import { nextSteps } from "./next-steps.ts";
import * as words from "./words.ts";

const OPEN_REGRESSIONS = 5;
const EXCERPT = 4_000;
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

function list(items: readonly string[]): string {
  return items.length === 0 ? "" : `<ul>${items.map((item) => `<li>${item}</li>`).join("")}</ul>`;
}

function card(heading: string, content: string): string {
  return content === "" ? "" : `<section class="card"><h2>${heading}</h2>${content}</section>`;
}

function details(summary: string, content: string): string {
  return content === "" ? "" : `<details><summary>${summary}</summary>${content}</details>`;
}

function definitions(rows: readonly (readonly [term: string, html: string])[]): string {
  return `<dl>${rows.map(([term, html]) => `<dt>${term}</dt><dd>${html}</dd>`).join("")}</dl>`;
}

function verdictCard(prompt: PromptGateResult, level: "h1" | "h2"): string {
  const warnings = [...words.modelWarnings(prompt), ...prompt.warnings];
  const findings = words.decidingFindings(prompt, 5);
  return [
    `<section class="card verdict tone-${prompt.verdict}">`,
    `<${level}><span class="badge">${verdictWords[prompt.verdict]}</span>${escapeHtml(words.title(prompt))}</${level}>`,
    `<p class="headline">${escapeLine(prompt.headline, 1_000)}</p>`,
    prompt.stored
      ? "<p>This verdict was reached by an earlier run of the same inputs and is repeated; nothing was run again.</p>"
      : "",
    ...warnings.map((line) => `<p class="warning"><strong>Warning:</strong> ${escapeLine(line, 600)}</p>`),
    list(prompt.reasons.map((reason) => escapeLine(reason, 600))),
    `<p><strong>Tier:</strong> ${escapeHtml(words.tierSummary(prompt))}</p>`,
    list(
      findings.map(
        ({ path, message }) => `<code>${escapeLine(path, 80)}</code>: ${escapeLine(message, 300)}`,
      ),
    ),
    "</section>",
  ].join("\n");
}

function tone({ verdict, level }: MetricResult): string {
  if (level === "off") return "tone-quiet";
  return level === "warn" && verdict === "fail" ? "tone-inconclusive" : `tone-${verdict}`;
}

function numberCell(heading: string, text: string): string {
  return `<td class="number" data-heading="${heading}">${escapeHtml(text)}</td>`;
}

function metricRow(metric: MetricResult): string {
  const bounds = metric.interval === null ? "" : `<span class="soft">${escapeHtml(interval(metric))}</span>`;
  return [
    `<tr class="${tone(metric)}"><th scope="row">${escapeLine(metric.name, 60)}</th>`,
    numberCell("Baseline", quantity(metric.kind, metric.baseline)),
    numberCell("Candidate", quantity(metric.kind, metric.candidate)),
    numberCell("Difference", difference(metric.kind, metric.delta)),
    `<td data-heading="Interval"><div>${renderIntervalChart(metric)}${bounds}</div></td>`,
    `<td data-heading="Gate">${escapeHtml(gateRule(metric))}</td>`,
    `<td data-heading="Verdict"><span class="word">${metricVerdict(metric)}</span></td></tr>`,
  ].join("");
}

function metricCard(prompt: PromptGateResult): string {
  const { metrics } = prompt;
  if (metrics.length === 0) return "";
  const head = ["Metric", "Baseline", "Candidate", "Difference", "Interval", "Gate", "Verdict"]
    .map(
      (heading, index) => `<th scope="col"${index > 0 && index < 4 ? ' class="number"' : ""}>${heading}</th>`,
    )
    .join("");
  const judged = metrics.filter(({ level }) => level !== "off");
  return card(
    "Metrics",
    [
      `<table><thead><tr>${head}</tr></thead>`,
      `<tbody>${metrics.map(metricRow).join("\n")}</tbody></table>`,
      '<p class="soft">In the pictures left is worse and right is better; the thin line is no difference, the dashed one the gate.',
      ` ${escapeHtml(words.legend(metrics))}</p>`,
      details(
        "Figures behind the metrics",
        definitions(
          judged.map((metric) => [escapeLine(metric.name, 60), escapeHtml(words.metricNote(prompt, metric))]),
        ),
      ),
    ].join("\n"),
  );
}

function outputFigure(caption: string, html: string): string {
  return `<figure><figcaption>${caption}</figcaption><pre tabindex="0">${html}</pre></figure>`;
}

function regression({ id, changes, baselineOutput, candidateOutput }: ChangedCase): string {
  const { baseline, candidate } = excerpts(baselineOutput, candidateOutput, EXCERPT);
  const marked =
    baseline === null || candidate === null
      ? { old: escapeHtml(baseline ?? "-"), new: escapeHtml(candidate ?? "-") }
      : markChanges(baseline, candidate);
  const scores = changes.map((change) => {
    const reason = change.reason === "" ? "" : `<p>${escapeLine(change.reason, 1_000)}</p>`;
    return `<p class="soft">${escapeLine(change.metric, 60)} ${escapeHtml(words.changeText(change))}</p>${reason}`;
  });
  return [
    `<article class="change"><h3><code>${escapeLine(id, 120)}</code></h3>${scores.join("")}`,
    `<div class="pair">${outputFigure("Old output", marked.old)}${outputFigure("New output", marked.new)}</div></article>`,
  ].join("");
}

function changeCards({ regressions, improvements, unscored, cases }: PromptGateResult): string[] {
  const worse = changedCases(regressions);
  const open = worse.slice(0, OPEN_REGRESSIONS).map(regression).join("\n");
  const rest = worse.slice(OPEN_REGRESSIONS);
  const more = details(`More that got worse (${rest.length})`, rest.map(regression).join("\n"));
  const better = improvements.map(
    (change) =>
      `<code>${escapeLine(change.id, 120)}</code> ${escapeLine(change.metric, 60)} ${escapeHtml(words.changeText(change))}`,
  );
  const missing = unscored.map(
    (each) => `<code>${escapeLine(each.id, 120)}</code> ${escapeHtml(words.unscoredText(each))}`,
  );
  const folded = [
    details(`Got better (${better.length})`, list(better)),
    details(`Without a score (${missing.length})`, list(missing)),
  ].join("");
  return [
    card(
      "Critical cases broken",
      cases.broken.length === 0
        ? ""
        : `<p>One is enough to fail.</p>${list(cases.broken.map((id) => `<code>${escapeLine(id, 120)}</code>`))}`,
    ),
    card("Got worse, largest loss first", open + (rest.length === 0 ? "" : more)),
    improvements.length + unscored.length === 0 ? "" : `<section class="card">${folded}</section>`,
  ];
}

function waiverCards({ waivers }: PromptGateResult): string[] {
  if (waivers.length === 0) return [];
  const rows = waivers.map((waiver) => {
    const { what, terms } = words.waiverText(waiver);
    return `<strong>${escapeHtml(what)}</strong>, ${escapeHtml(terms)}`;
  });
  return [card("Waived: shown, but not decided on", list(rows))];
}

function runCard(prompt: PromptGateResult): string {
  const models = prompt.models.map((use): [string, string] => {
    const { role, model, note } = words.modelText(use);
    return [escapeHtml(role), `<code>${escapeHtml(model)}</code>${note === null ? "" : ` - ${note}`}`];
  });
  const provenance = words
    .provenance(prompt)
    .map(([label, value]): [string, string] => [label, `<code>${escapeHtml(value)}</code>`]);
  return card(
    "This run",
    [
      definitions([
        ["cases", escapeHtml(words.caseSummary(prompt))],
        ["usage", escapeHtml(words.usageSummary(prompt))],
        ...models,
      ]),
      details("Digests, seed, attempt", definitions(provenance)),
    ].join(""),
  );
}

function nextCard(prompt: PromptGateResult): string {
  const steps = nextSteps(prompt).map(
    ({ text, command }) =>
      `${escapeHtml(text)}${command === null ? "" : ` <code>${escapeHtml(command)}</code>`}`,
  );
  return card("What to do next", list(steps));
}

function overview({ verdict, prompts }: GateResult): string {
  const rows = prompts.map(
    (prompt) =>
      `<span class="tone-${prompt.verdict}"><span class="word">${verdictWords[prompt.verdict]}</span></span> ${escapeHtml(words.title(prompt))}`,
  );
  return `<section class="card verdict tone-${verdict}"><h1><span class="badge">${verdictWords[verdict]}</span>${prompts.length} prompts</h1>${list(rows)}</section>`;
}

function promptCards(prompt: PromptGateResult, level: "h1" | "h2"): string {
  return [
    verdictCard(prompt, level),
    metricCard(prompt),
    ...changeCards(prompt),
    ...waiverCards(prompt),
    runCard(prompt),
    nextCard(prompt),
  ].join("\n");
}

/** One page without scripts and without anything from elsewhere; opens from a disk and as a build artifact alike. */
export function renderHtml(result: GateResult): string {
  const isOnly = result.prompts.length === 1;
  const names = result.prompts.map(words.title).join(", ");
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
    `<title>${verdictWords[result.verdict]}: ${escapeLine(names, 120)}</title>`,
    `<style>${pageStyle}</style></head><body><main>`,
    ...(isOnly ? [] : [overview(result)]),
    ...result.prompts.map((prompt) => promptCards(prompt, isOnly ? "h1" : "h2")),
    "</main></body></html>",
    "",
  ].join("\n");
}
