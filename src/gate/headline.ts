import type { MetricResult, VerdictKind } from "../domain/scores.ts";
import { visibleLine } from "../domain/visible.ts";
import { isCostLike } from "./claims.ts";
import { increase, level, percent, pointRange, points, signed, units } from "./format.ts";
import type { GatePlan } from "./plan.ts";

function label({ name }: MetricResult): string {
  return visibleLine(name, 64);
}

/** `+0.2 points`, `3.2 % more`. */
function change({ kind, delta }: MetricResult): string {
  if (delta === null) return "not compared";
  return isCostLike(kind) ? increase(delta) : `${signed(delta * 100)} points`;
}

/** `(0.74 -> 0.59)`. */
function levels({ kind, baseline, candidate }: MetricResult): string {
  const text = (value: number | null): string => (value === null ? "none" : level(kind, value));
  return `(${text(baseline)} -> ${text(candidate)})`;
}

/** ` Stopped early: 78 cases not needed.` */
function saved(metrics: readonly MetricResult[], plan: GatePlan): string {
  const used = Math.max(...metrics.map((metric) => metric.used));
  const rest = plan.unitSizes.length - used;
  return plan.looks.length > 1 && rest > 0
    ? ` Stopped early: ${units(rest, plan.clustered)} not needed.`
    : "";
}

function passHeadline(deciding: readonly MetricResult[], plan: GatePlan): string {
  const [only] = deciding;
  const compared = deciding.filter((metric) => metric.delta !== null);
  if (compared.length === 0) {
    return "Pass. There is no baseline yet: the candidate holds every minimum and maximum on its own.";
  }
  const lower = compared.filter(({ kind, delta }) => !isCostLike(kind) && (delta ?? 0) < -0.0005);
  const words = lower.length > 0 ? "Pass, within tolerance." : "Pass.";
  if (deciding.length > 1 || only === undefined || isCostLike(only.kind)) {
    const changes = compared.map((metric) => `${label(metric)} ${change(metric)}`).join(", ");
    const all = deciding.length > 1 ? `all ${deciding.length} deciding metrics hold` : "the limit holds";
    return `${words} On ${units(Math.max(...deciding.map(({ used }) => used)), plan.clustered)} ${all}: ${changes}.${saved(deciding, plan)}`;
  }
  const margin = points(only.margin ?? 0);
  const sides = `the candidate scored ${level(only.kind, only.candidate ?? 0)}, the baseline ${level(only.kind, only.baseline ?? 0)}`;
  const ruledOut = `A drop of ${margin} or more is ruled out (${percent(1 - only.alphaMiss)} sure)${lower.length > 0 ? ", a small drop is not" : ""}.`;
  return `${words} On ${only.used} of ${units(only.n, plan.clustered)} ${sides} (difference ${change(only)}). ${ruledOut} ${only.wins} got better, ${only.losses} got worse.${saved(deciding, plan)}`;
}

function improvements(deciding: readonly MetricResult[]): string {
  const better = deciding.filter(
    ({ kind, verdict, interval }) =>
      verdict !== "fail" && interval !== null && (isCostLike(kind) ? interval.high < 0 : interval.low > 0),
  );
  if (better.length === 0) return "";
  const names = better.map((metric) => `${label(metric)} improved (${change(metric)})`).join(", ");
  return ` ${names}, but every deciding metric must hold.`;
}

/** Chance of a wrong FAIL as `1 of 20`. */
function oneIn(alpha: number): string {
  return `1 of ${Math.floor(1 / alpha + 1e-9)}`;
}

/** True when the difference to the baseline is what failed, not a limit. */
function isWorse({ kind, interval }: MetricResult): boolean {
  return !isCostLike(kind) && interval !== null && interval.high < 0;
}

function failSentence(metric: MetricResult, plan: GatePlan): string {
  const { interval, used, n, delta } = metric;
  if (!isWorse(metric) || interval === null) return `Fail on ${label(metric)}: ${metric.reason}.`;
  const range = `${percent(interval.level)} interval ${pointRange(interval.low, interval.high)}`;
  return `Fail on ${label(metric)} ${levels(metric)}: worse than the baseline by ${points(-(delta ?? 0))} (${range}) after ${used} of ${units(n, plan.clustered)}.`;
}

function failHeadline(deciding: readonly MetricResult[], plan: GatePlan): string {
  const failed = deciding.filter(({ verdict }) => verdict === "fail");
  const alpha = Math.max(...failed.map(({ alphaBlock }) => alphaBlock));
  const innocent = failed.every(isWorse) ? "If the two were equal" : "If nothing had failed in truth";
  const chance = ` ${innocent}, a result like this would be seen in fewer than ${oneIn(alpha)} gates.`;
  return `${failed.map((metric) => failSentence(metric, plan)).join(" ")}${chance}${improvements(deciding)}`;
}

/** The verdict in plain text for a person: one paragraph without markup. */
export function headlineOf(
  verdict: VerdictKind,
  metrics: readonly MetricResult[],
  plan: GatePlan,
  hasBaseline: boolean,
): string {
  const deciding = metrics.filter((metric) => metric.level === "error");
  switch (verdict) {
    case "pass":
      return passHeadline(deciding, plan);
    case "fail":
      return failHeadline(deciding, plan);
    case "inconclusive": {
      if (deciding.length === 0) return "Not decided. No metric has level error, so nothing can decide.";
      const open = deciding.filter((metric) => metric.verdict === "inconclusive");
      const first = hasBaseline ? "" : " There is no baseline yet.";
      const sentences = open.map((metric) => `${label(metric)}: ${metric.reason}.`).join(" ");
      return `Not decided, so not advanced.${first} ${sentences}`;
    }
  }
}
