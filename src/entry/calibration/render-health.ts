import { visibleLine } from "../../domain/visible.ts";
import { hang, padEnd, padStart, wrap } from "../../report/layout.ts";
import { paint, verdictStyle, type ConsoleOptions } from "../../report/paint.ts";
import type { Health, HealthVerdict } from "./health.ts";

const styles = {
  healthy: verdictStyle.pass,
  unhealthy: verdictStyle.fail,
  unknown: verdictStyle.inconclusive,
} as const satisfies Record<HealthVerdict, string>;

const words = { healthy: "healthy", unhealthy: "unhealthy", unknown: "cannot tell" } as const;

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function summary({ runs, falseBlock, nominal, passRate, averageCases, cases, samples }: Health): string {
  const { count, rate, low, high } = falseBlock;
  const undecided = Math.max(0, 1 - rate - passRate);
  return `In ${runs} draws the version was put against itself: the gate blocked it ${count} times (${percent(rate)}; ${percent(low)} to ${percent(high)}, 95 % sure of either bound; ${percent(nominal)} are allowed), passed it in ${percent(passRate)} and left ${percent(undecided)} undecided. It looked at ${averageCases.toFixed(0)} of ${cases} cases on average; each has ${samples} samples or more.`;
}

function metricRows({ metrics, runs }: Health): string[] {
  const names = metrics.map(({ name }) => visibleLine(name, 40));
  const width = Math.max(6, ...names.map((name) => name.length));
  const row = (name: string, cells: readonly string[], level: string): string =>
    `  ${padEnd(name, width)}${cells.map((cell) => padStart(cell, 10)).join("")}  ${level}`;
  return [
    row("metric", ["blocked", "passed"], "level"),
    ...metrics.map(({ blocked, passed, level }, index) =>
      row(names[index] ?? "", [percent(blocked / runs), percent(passed / runs)], level),
    ),
  ];
}

/** The A/A test for a person, the verdict first. */
export function renderHealth(health: Health, { color, width }: ConsoleOptions): string {
  const { verdict, prompt, version, reasons, warnings, seed } = health;
  const head = paint(color, ` ${words[verdict]} `, "bold", "inverse", styles[verdict]);
  const lines = [
    `${head} ${paint(color, `${visibleLine(prompt, 100)} ${version} against itself`, "bold")}`,
    ...wrap(summary(health), width),
    ...reasons.flatMap((reason) => hang("- ", reason, width)),
    ...warnings
      .flatMap((warning) => hang("warning: ", warning, width))
      .map((line) => paint(color, line, "yellow")),
    "",
    ...metricRows(health),
    "",
    paint(color, `seed ${seed}`, "dim"),
  ];
  return `${lines.join("\n")}\n`;
}
