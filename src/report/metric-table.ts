import type { MetricResult } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import { difference, gateRule, interval, metricVerdict, quantity } from "./figures.ts";
import { displayWidth, hang, padEnd, padStart } from "./layout.ts";
import { paint, verdictStyle, type ConsoleOptions } from "./paint.ts";

interface Column {
  readonly heading: string;
  readonly align: "left" | "right";
  readonly text: (metric: MetricResult) => string;
}

const name: Column = { heading: "metric", align: "left", text: (metric) => visibleLine(metric.name, 40) };
const gate: Column = { heading: "gate", align: "left", text: gateRule };
const verdict: Column = { heading: "verdict", align: "left", text: metricVerdict };
const figures: readonly Column[] = [
  { heading: "baseline", align: "right", text: ({ kind, baseline }) => quantity(kind, baseline) },
  { heading: "candidate", align: "right", text: ({ kind, candidate }) => quantity(kind, candidate) },
  { heading: "difference", align: "right", text: ({ kind, delta }) => difference(kind, delta) },
  { heading: "interval", align: "right", text: interval },
];
const GAP = "  ";

function paintVerdict(metric: MetricResult, color: boolean): string {
  const text = metricVerdict(metric);
  if (metric.level === "off") return paint(color, text, "dim");
  const warns = metric.level === "warn" && metric.verdict === "fail";
  return paint(color, text, warns ? "yellow" : verdictStyle[metric.verdict]);
}

function columnWidth({ heading, text }: Column, metrics: readonly MetricResult[]): number {
  return Math.max(displayWidth(heading), ...metrics.map((metric) => displayWidth(text(metric))));
}

/** The table with these columns before the verdict, or null when it is wider than the place. */
function table(
  columns: readonly Column[],
  metrics: readonly MetricResult[],
  { color, width }: ConsoleOptions,
): string[] | null {
  const widths = columns.map((column) => columnWidth(column, metrics));
  const total = widths.reduce((sum, each) => sum + each + GAP.length, columnWidth(verdict, metrics));
  if (total > width) return null;
  const row = (text: (column: Column) => string, last: string): string =>
    columns
      .map((column, index) => {
        const pad = column.align === "left" ? padEnd : padStart;
        return pad(text(column), widths[index] ?? 0) + GAP;
      })
      .join("") + last;
  const head = paint(
    color,
    row(({ heading }) => heading, verdict.heading),
    "dim",
  );
  return [head, ...metrics.map((metric) => row(({ text }) => text(metric), paintVerdict(metric, color)))];
}

function stacked(metrics: readonly MetricResult[], { color, width }: ConsoleOptions): string[] {
  return metrics.flatMap((metric) => [
    `${paint(color, name.text(metric), "bold")}: ${paintVerdict(metric, color)}`,
    ...[...figures, gate].flatMap(({ heading, text }) =>
      hang(`  ${padEnd(heading, 11)}`, text(metric), width),
    ),
  ]);
}

/**
 * One line a metric; the gate moves under its row where the columns do not fit, and below that each metric is a block
 * of its own. Lines have no newline at the end and hold no untrusted control characters.
 */
export function renderMetricTable(metrics: readonly MetricResult[], options: ConsoleOptions): string[] {
  const full = table([name, ...figures, gate], metrics, options);
  if (full !== null) return full;
  const compact = table([name, ...figures], metrics, options);
  if (compact === null) return stacked(metrics, options);
  return compact.flatMap((line, index) => {
    const metric = metrics[index - 1];
    if (metric === undefined) return [line];
    return [
      line,
      ...hang("  gate: ", gateRule(metric), options.width).map((text) => paint(options.color, text, "dim")),
    ];
  });
}
