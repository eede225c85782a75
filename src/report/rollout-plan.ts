import { visibleLine } from "../domain/visible.ts";
import { NOTHING } from "./figures.ts";
import { padEnd } from "./layout.ts";
import { spanText, weightText } from "./rollout-words.ts";

/** What a forecast says of each step. */
interface ForecastShape {
  readonly steps: readonly {
    readonly name: string;
    readonly weight: number;
    readonly hours: number | null;
    readonly metrics: readonly {
      readonly name: string;
      readonly needed: number | null;
      readonly expectedAtMinSoak: number;
      readonly expectedAtMaxSoak: number | null;
    }[];
  }[];
  readonly hours: number | null;
  readonly warnings: readonly string[];
}

const HOUR_MS = 3_600_000;

function time(hours: number | null): string {
  return hours === null ? "unknown" : spanText(hours * HOUR_MS);
}

/** Steps, what each metric needs and will get, and where the traffic cannot decide. */
export function renderPlan(
  prompt: string,
  perHour: number,
  { steps, hours, warnings }: ForecastShape,
): string {
  const rows = [
    ["STEP", "WEIGHT", "TAKES", "METRIC", "NEEDED", "AT MIN SOAK", "AT MAX SOAK"],
    ...steps.flatMap((step) =>
      step.metrics.map((metric, index) => [
        index === 0 ? visibleLine(step.name, 40) : "",
        index === 0 ? weightText(step.weight) : "",
        index === 0 ? time(step.hours) : "",
        visibleLine(metric.name, 40),
        metric.needed === null ? "unknown" : String(metric.needed),
        String(metric.expectedAtMinSoak),
        metric.expectedAtMaxSoak === null ? NOTHING : String(metric.expectedAtMaxSoak),
      ]),
    ),
  ];
  const widths =
    rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length))) ?? [];
  return [
    `${visibleLine(prompt)}: ${Math.round(perHour)} units an hour; to everybody in ${time(hours)} at the earliest, without the waits for approvals and freezes`,
    ...rows.map((row) =>
      row
        .map((cell, column) => padEnd(cell, widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    ),
    ...warnings.map((warning) => `warning: ${warning}`),
  ].join("\n");
}
