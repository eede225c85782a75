import { GateError } from "../domain/errors.ts";
import type { MetricRule, ScoreRow } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import type { CompareOptions } from "./compare-scores.ts";

function invalid(side: string, row: ScoreRow, problem: string): GateError {
  return new GateError("SCORES_INVALID", `${side}, case ${visibleLine(row.id, 80)}: ${problem}`, {
    hint: "scores are numbers in [0,1], higher is better; null = unscored",
  });
}

/** Throws SCORES_INVALID on the first row that is not one, or when there is none. */
export function checkRows(rows: readonly ScoreRow[], side: string): void {
  if (rows.length === 0) throw new GateError("SCORES_INVALID", `the ${side} has no scores`);
  for (const row of rows) {
    if (typeof row.id !== "string" || row.id === "")
      throw invalid(side, { ...row, id: "?" }, "id is not a text");
    for (const [name, value] of Object.entries(row.scores)) {
      // NaN fails both comparisons, so it is asked for what it should be.
      const usable = value === null || (typeof value === "number" && value >= 0 && value <= 1);
      if (!usable) throw invalid(side, row, `${visibleLine(name, 64)} is ${String(value)}, not in [0,1]`);
    }
  }
}

/** Throws SCORES_INVALID when a case is in two groups: it could not be counted once. */
export function checkGroups(rows: readonly ScoreRow[]): void {
  const groups = new Map<string, string>();
  for (const row of rows) {
    if (row.group === undefined) continue;
    const known = groups.get(row.id) ?? row.group;
    groups.set(row.id, known);
    if (known === row.group) continue;
    const names = `${visibleLine(known, 60)} and ${visibleLine(row.group, 60)}`;
    throw new GateError("SCORES_INVALID", `case ${visibleLine(row.id, 80)} is in two groups: ${names}`);
  }
}

function usage(message: string, hint: string): GateError {
  return new GateError("USAGE", message, { hint });
}

function isBetween(value: number, low: number, high: number): boolean {
  return Number.isFinite(value) && value > low && value < high;
}

/** Throws USAGE on a setting out of range or for a metric that nobody scored. */
export function checkCompareOptions(options: CompareOptions, rules: readonly MetricRule[]): void {
  for (const rule of rules) {
    const name = visibleLine(rule.name, 64);
    if (rule.margin !== null && !isBetween(rule.margin, 0, 1)) {
      throw usage(`the margin of ${name} is ${rule.margin}`, "a margin lies between 0 and 1, e.g. 0.05");
    }
    if (rule.min !== null && !(rule.min >= 0 && rule.min <= 1)) {
      throw usage(`the minimum of ${name} is ${rule.min}`, "a minimum lies in [0,1], e.g. 0.8");
    }
  }
  for (const key of ["alphaMiss", "alphaBlock"] as const) {
    const value = options[key];
    if (value !== undefined && !isBetween(value, 0, 0.5)) {
      throw usage(`${key} is ${value}`, "an error rate lies between 0 and 0.5, e.g. 0.05");
    }
  }
  if (options.seed !== undefined && !Number.isSafeInteger(options.seed)) {
    throw usage(`the seed is ${options.seed}`, "a seed is a whole number");
  }
  const known = new Set(rules.map((rule) => rule.name));
  for (const settings of [options.margin, options.min]) {
    if (typeof settings !== "object") continue;
    const unknown = Object.keys(settings).find((name) => !known.has(name));
    if (unknown === undefined) continue;
    const names = [...known].map((name) => visibleLine(name, 64)).join(", ");
    throw usage(`no score is named ${visibleLine(unknown, 64)}`, `the scores are: ${names}`);
  }
}
