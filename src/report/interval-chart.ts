import type { MetricResult } from "../domain/scores.ts";
import { difference, gateRule, interval } from "./figures.ts";
import { escapeHtml } from "./html-text.ts";

const WIDTH = 200;
const HEIGHT = 30;
const EDGE = 8;

interface Marks {
  readonly low: number | null;
  readonly high: number | null;
  readonly delta: number | null;
  /** The tolerated change, where a candidate starts to be too bad. */
  readonly bound: number | null;
}

/** What the picture shows, turned so that worse lies to the left for scores and costs alike. */
function marksOf({ margin, maxIncrease, interval: bounds, delta, kind }: MetricResult): Marks {
  const isScore = kind === "check" || kind === "judge";
  const bound = isScore ? margin : maxIncrease;
  const mirrored = (value: number | null | undefined): number | null =>
    value === null || value === undefined ? null : isScore ? value : -value;
  return {
    low: mirrored(isScore ? bounds?.low : bounds?.high),
    high: mirrored(isScore ? bounds?.high : bounds?.low),
    delta: mirrored(delta),
    bound: bound === null ? null : -bound,
  };
}

/** Places a value between the edges; what lies beyond is drawn at the edge. */
function scaleOf(marks: Marks): (value: number) => number {
  const values = [0, ...Object.values(marks).filter((value): value is number => value !== null)];
  const reach = Math.max(1e-9, ...values.map(Math.abs)) * 1.1;
  return (value) => Number((EDGE + ((value + reach) / (2 * reach)) * (WIDTH - 2 * EDGE)).toFixed(1));
}

function vertical(x: number, name: string): string {
  return `<line class="${name}" x1="${x}" y1="3" x2="${x}" y2="${HEIGHT - 3}"/>`;
}

/** An inline SVG of the interval with a line at no difference and a dashed one at the gate; empty without a figure. */
export function renderIntervalChart(metric: MetricResult): string {
  const marks = marksOf(metric);
  if (marks.delta === null && marks.low === null) return "";
  const scale = scaleOf(marks);
  const middle = HEIGHT / 2;
  const label = `difference ${difference(metric.kind, metric.delta)}, interval ${interval(metric)}, gate: ${gateRule(metric)}`;
  const shapes = [
    vertical(scale(0), "zero"),
    ...(marks.bound === null ? [] : [vertical(scale(marks.bound), "bound")]),
    ...(marks.low === null || marks.high === null
      ? []
      : [
          `<line class="range" x1="${scale(marks.low)}" y1="${middle}" x2="${scale(marks.high)}" y2="${middle}"/>`,
        ]),
    ...(marks.delta === null
      ? []
      : [`<circle class="point" cx="${scale(marks.delta)}" cy="${middle}" r="4.5"/>`]),
  ];
  return `<svg class="chart" role="img" aria-label="${escapeHtml(label)}" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}">${shapes.join("")}</svg>`;
}
