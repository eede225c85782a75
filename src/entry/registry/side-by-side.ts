import type { PromptTemplate } from "../../domain/prompt.ts";
import { valueText } from "../../report/rollout-words.ts";
import { alignedLines } from "./lines.ts";
import { MEASURED_DAYS, type Measured, type MeasuredMetric } from "./measure-versions.ts";

/** One version of a comparison. */
export interface ComparedVersion {
  readonly version: string;
  readonly template: PromptTemplate;
}

type Row = readonly [name: string, before: string, after: string];

function words(value: unknown): string {
  return value === undefined ? "-" : typeof value === "string" ? value : JSON.stringify(value);
}

function parameter({ modelParameters }: PromptTemplate, name: string): unknown {
  return Object.entries(modelParameters).find(([key]) => key === name)?.[1];
}

/** Model and parameters of both versions, whether or not they differ. */
function settingRows({ template: before }: ComparedVersion, { template: after }: ComparedVersion): Row[] {
  const names = new Set([...Object.keys(before.modelParameters), ...Object.keys(after.modelParameters)]);
  return [
    ["model", before.model, after.model],
    ...[...names].map((name): Row => [name, words(parameter(before, name)), words(parameter(after, name))]),
    ["responseFormat", before.responseFormat, after.responseFormat],
  ];
}

function measuredText({ metric }: MeasuredMetric, measured: Measured | undefined): string {
  switch (measured?.kind) {
    case "measured":
      return `${valueText(metric, measured.value)} (n ${Math.round(measured.n)})`;
    case "unreadable":
      return "cannot be read";
    case "no-data":
    case undefined:
      return "no data";
  }
}

function reasonsOf(metrics: readonly MeasuredMetric[]): string[] {
  const reasons = metrics.flatMap(({ metric, versions }) =>
    Object.values(versions).flatMap((measured) =>
      measured.kind === "unreadable" ? [[measured.reason, metric.name] as const] : [],
    ),
  );
  const named = new Map<string, Set<string>>();
  for (const [reason, name] of reasons) named.set(reason, (named.get(reason) ?? new Set()).add(name));
  return [...named].map(([reason, names]) => `${[...names].join(", ")}: ${reason}`);
}

/** Settings and production metrics of two versions in columns, harmless for a terminal. */
export function sideBySideLines(
  before: ComparedVersion,
  after: ComparedVersion,
  metrics: readonly MeasuredMetric[],
): string[] {
  const rows: Row[] = [
    ["", before.version, after.version],
    ...settingRows(before, after),
    ...metrics.map((measured): Row => [
      measured.metric.name,
      measuredText(measured, measured.versions[before.version]),
      measuredText(measured, measured.versions[after.version]),
    ]),
  ];
  return [
    `side by side; metrics are those of production in the last ${MEASURED_DAYS} days`,
    ...[...alignedLines(rows), ...alignedLines(reasonsOf(metrics).map((line) => [line]))].map(
      (line) => `  ${line}`,
    ),
  ];
}
