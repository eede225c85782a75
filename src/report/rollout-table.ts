import type { MetricEvidence, SampleRatioEvidence } from "../domain/rollout-decision.ts";
import type { MetricVerdict } from "../domain/rollout.ts";
import { visibleLine } from "../domain/visible.ts";
import { NOTHING } from "./figures.ts";
import { displayWidth, padEnd } from "./layout.ts";
import { paint } from "./paint.ts";
import { differenceText, figure, valueText } from "./rollout-words.ts";

type Tone = "green" | "red" | "yellow" | "dim";

/** Sign, words and colour of each verdict: the words alone say it all. */
const VERDICTS: Readonly<Record<MetricVerdict, readonly [sign: string, words: string, tone: Tone]>> = {
  harm: ["✖", "harm proven", "red"],
  non_inferior: ["✔", "not worse", "green"],
  ok: ["✔", "within limits", "green"],
  unlimited: ["✔", "seen, no limit", "green"],
  inconclusive: ["?", "not decided", "yellow"],
  insufficient_sample: ["?", "too few samples", "yellow"],
  no_data: ["⚠", "no data", "yellow"],
  error: ["⚠", "not readable", "red"],
  invalid: ["⚠", "invalid data", "red"],
};

/** `✔ not worse`. */
export function verdictText(verdict: MetricVerdict): string {
  const [sign, words] = VERDICTS[verdict];
  return `${sign} ${words}`;
}

/** How far the proof that it is not worse has come: z of the critical value, and E of what proves harm in counts. */
function evidenceText(metric: MetricEvidence): string {
  const { difference, standardError, critical, direction, margin, evidence } = metric;
  const parts: string[] = [];
  if (difference !== null && critical !== null && standardError !== null && standardError > 0) {
    const gain = direction === "up" ? difference : -difference;
    parts.push(`z ${((gain + margin) / standardError).toFixed(2)}/${critical.advance.toFixed(2)}`);
  }
  if (evidence !== null) parts.push(`E ${figure(evidence.value)}/${figure(evidence.threshold)}`);
  return parts.length === 0 ? NOTHING : parts.join(", ");
}

function armText(metric: MetricEvidence, arm: MetricEvidence["candidate"]): string {
  return arm === null ? NOTHING : `${valueText(metric, arm.value)} (n ${Math.round(arm.n)})`;
}

function boundsText(metric: MetricEvidence): string {
  const { basis, difference, lower, upper } = metric;
  if (lower === null || upper === null) return NOTHING;
  if (basis === "limits") return `[${valueText(metric, lower)}, ${valueText(metric, upper)}]`;
  const bounds = `[${differenceText(metric, lower)}, ${differenceText(metric, upper)}]`;
  return `${differenceText(metric, difference)} ${bounds}`;
}

function ruleText(metric: MetricEvidence): string {
  const { basis, direction, margin, min, max } = metric;
  if (basis === "control") return `margin ${differenceText(metric, direction === "up" ? -margin : margin)}`;
  const rules = [
    ...(min === null ? [] : [`min ${valueText(metric, min)}`]),
    ...(max === null ? [] : [`max ${valueText(metric, max)}`]),
  ];
  return rules.join(", ");
}

const HEADINGS = ["METRIC", "ACTION", "CONTROL", "CANARY", "DIFF [bounds]", "EVIDENCE", "VERDICT"];
/** What is left out first where the terminal is narrow. */
const DISPENSABLE = [5, 1, 2];

function rowOf(metric: MetricEvidence): string[] {
  const rule = ruleText(metric);
  return [
    visibleLine(metric.name, 24),
    metric.dryRun ? "dry run" : metric.action,
    metric.basis === "limits" ? NOTHING : armText(metric, metric.control),
    armText(metric, metric.candidate),
    boundsText(metric),
    evidenceText(metric),
    `${verdictText(metric.verdict)}${rule === "" ? "" : ` (${rule})`}`,
  ];
}

function sampleRatioRow({
  candidate,
  control,
  expectedShare,
  value,
  threshold,
  flagged,
}: SampleRatioEvidence): string[] {
  const share = (100 * candidate) / (candidate + control);
  return [
    "shares",
    NOTHING,
    `expect ${(100 * expectedShare).toFixed(2)}%`,
    `${share.toFixed(2)}%`,
    NOTHING,
    `E ${figure(value)}/${figure(threshold)}`,
    flagged ? "✖ not as promised" : "✔ as promised",
  ];
}

function widthOf(rows: readonly (readonly string[])[], columns: readonly number[]): number {
  const widths = columns.map((column) => Math.max(...rows.map((row) => displayWidth(row[column] ?? ""))));
  return widths.reduce((sum, width) => sum + width + 2, -2);
}

/** The columns that fit. */
function columnsFor(rows: readonly (readonly string[])[], width: number): number[] {
  let columns = HEADINGS.map((_, index) => index);
  for (const column of DISPENSABLE) {
    if (widthOf(rows, columns) <= width) break;
    columns = columns.filter((kept) => kept !== column);
  }
  return columns;
}

/** One line a metric, with both arms, both bounds, the evidence and the verdict; empty without metrics. */
export function metricLines(
  metrics: readonly MetricEvidence[],
  sampleRatio: SampleRatioEvidence | null,
  { color, width }: { readonly color: boolean; readonly width: number },
): string[] {
  if (metrics.length === 0) return [];
  const rows = [
    HEADINGS,
    ...metrics.map(rowOf),
    ...(sampleRatio === null ? [] : [sampleRatioRow(sampleRatio)]),
  ];
  const columns = columnsFor(rows, width);
  const tones: (Tone | null)[] = [
    "dim",
    ...metrics.map(({ verdict }) => VERDICTS[verdict][2]),
    ...(sampleRatio === null ? [] : [sampleRatio.flagged ? ("red" as const) : ("green" as const)]),
  ];
  return rows.map((row, index) => {
    const cells = columns.map((column) => {
      const room = Math.max(...rows.map((other) => displayWidth(other[column] ?? "")));
      const cell = row[column] ?? "";
      return column === HEADINGS.length - 1 ? cell : padEnd(cell, room);
    });
    const tone = tones[index] ?? null;
    if (index === 0 || tone === null) return paint(color, cells.join("  "), "dim");
    const last = cells.pop() ?? "";
    return `${cells.join("  ")}  ${paint(color, last, tone)}`;
  });
}
