import type { MetricEvidence, SampleRatioEvidence } from "../domain/rollout-decision.ts";
import type { RolloutRecord } from "../domain/rollout-record.ts";
import { visibleLine } from "../domain/visible.ts";
import { paint } from "./paint.ts";
import { verdictText } from "./rollout-table.ts";
import { weightText } from "./rollout-words.ts";

/** Digits enough to recompute what follows from them. */
function exact(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : "beyond all bounds";
}

function answer(holds: boolean): string {
  return holds ? "yes" : "no";
}

function armText(arm: MetricEvidence["candidate"]): string {
  return arm === null ? "not measured" : `${exact(arm.value)}, n ${exact(arm.n)}`;
}

function armLines({ candidate, control, basis, transform }: MetricEvidence): string[] {
  const unit = transform === "ln" ? " (mean of logarithms)" : "";
  return [
    `candidate: ${armText(candidate)}${unit}`,
    ...(basis === "control" ? [`control:   ${armText(control)}${unit}`] : []),
  ];
}

/** rho and c, the two steps from an error rate and sizes to a critical value. */
function criticalLine(question: "advance" | "harm", metric: MetricEvidence): string {
  const { alpha, critical, weight, plannedWeight } = metric;
  const a = exact(alpha[question]);
  const sizes = `W = ${exact(weight ?? 0)}, W* = ${exact(plannedWeight ?? 0)}`;
  return `c(W, a) = ${exact(critical?.[question] ?? 0)} with a = ${a}, ${sizes}`;
}

function controlLines(metric: MetricEvidence): string[] {
  const { difference, standardError, critical, direction, margin, harmAt, lower, upper } = metric;
  if (difference === null || standardError === null || critical === null) return [];
  const d = exact(difference);
  const se = exact(standardError);
  const [low, high] = [exact(lower ?? 0), exact(upper ?? 0)];
  const isUp = direction === "up";
  const advance = isUp
    ? `lower = D - c SE = ${low}; not worse when lower > -margin = ${exact(-margin)}: ${answer((lower ?? 0) > -margin)}`
    : `upper = D + c SE = ${high}; not worse when upper < margin = ${exact(margin)}: ${answer((upper ?? 0) < margin)}`;
  const harm = isUp
    ? `upper = D + c SE = ${high}; harm when upper < -harmAt = ${exact(-harmAt)}: ${answer((upper ?? 0) < -harmAt)}`
    : `lower = D - c SE = ${low}; harm when lower > harmAt = ${exact(harmAt)}: ${answer((lower ?? 0) > harmAt)}`;
  return [
    `D = ${d}, SE = ${se}: differences within each bucket, weighted by w = n_t n_c / (n_t + n_c), W = sum w`,
    `may it go on? ${criticalLine("advance", metric)}`,
    `              ${advance}`,
    `is it harm?   ${criticalLine("harm", metric)}`,
    `              ${harm}`,
  ];
}

function limitLines(metric: MetricEvidence): string[] {
  const { candidate, standardError, critical, lower, upper, min, max } = metric;
  if (candidate === null || standardError === null || critical === null) return [];
  const limits = [
    ...(min === null ? [] : [`min ${exact(min)}`]),
    ...(max === null ? [] : [`max ${exact(max)}`]),
  ];
  return [
    `nothing is served beside it: held against ${limits.length === 0 ? "no limit" : limits.join(" and ")}`,
    `SE = ${exact(standardError)}; ${criticalLine("advance", metric)}`,
    `value -+ c SE = [${exact(lower ?? 0)}, ${exact(upper ?? 0)}]; within its limits when both bounds are`,
    `is it harm?   ${criticalLine("harm", metric)}: the same bounds with this c, all beyond a limit`,
  ];
}

function evidenceLines({ evidence, alpha }: MetricEvidence): string[] {
  if (evidence === null) return [];
  const { value, threshold } = evidence;
  return [
    `counts: E = ${exact(value)} = mean over L of exp(sum e_t ln(th/pi) + e_c ln((1-th)/(1-pi))), L in {1.25, 1.5, 2, 3, 5, 10}`,
    `        harm when E >= 1/a = ${exact(threshold)} (a = ${exact(alpha.harm)}): ${answer(value >= threshold)}`,
  ];
}

function metricLines(metric: MetricEvidence, color: boolean): string[] {
  const { name, kind, transform, direction, action, dryRun, basis, verdict, reason } = metric;
  const form = transform === "ln" ? `${kind} of ln` : kind;
  const head = `${visibleLine(name, 60)} (${form}, ${direction === "up" ? "more" : "less"} is better, ${dryRun ? "dry run" : action})`;
  const lines = [
    ...armLines(metric),
    ...(basis === "control" ? controlLines(metric) : limitLines(metric)),
    ...evidenceLines(metric),
    `result: ${verdictText(verdict)}: ${visibleLine(reason, 400)}`,
  ];
  return ["", paint(color, head, "bold"), ...lines.map((line) => `  ${line}`)];
}

function sampleRatioLines({
  candidate,
  control,
  expectedShare,
  value,
  threshold,
  flagged,
}: SampleRatioEvidence) {
  return [
    "",
    "shares of units",
    `  candidate ${exact(candidate)}, control ${exact(control)}, promised ${exact(expectedShare)}`,
    `  E = B(k pi + n_t, k (1-pi) + n_c) / B(k pi, k (1-pi)) / (pi^n_t (1-pi)^n_c) = ${exact(value)}, k = 1000`,
    `  not as promised when E >= 1/a = ${exact(threshold)}: ${answer(flagged)}`,
  ];
}

/** Everything that a decision was made of, so that a person can make it again. */
export function renderExplanation(record: RolloutRecord, { color }: { readonly color: boolean }): string {
  const { id, rolloutId, at, by, event, action, reason, message, from, to, metrics, sampleRatio } = {
    ...record,
    to: { step: record.step, weight: record.weight },
  };
  return [
    paint(
      color,
      `Decision ${id.slice(0, 12)} of ${visibleLine(rolloutId)} at ${at} by ${visibleLine(by)}`,
      "bold",
    ),
    `${action} (${event}): ${visibleLine(reason)}`,
    visibleLine(message, 1000),
    `from ${visibleLine(from.step)} (${weightText(from.weight)}) to ${visibleLine(to.step)} (${weightText(to.weight)})`,
    ...(metrics.length === 0
      ? ["", "no metric was looked at: it was a person's order, or nothing was exposed yet"]
      : [
          "",
          "rho = sqrt((-2 ln(2a) + ln(-2 ln(2a) + 1)) / W*), c(W, a) = sqrt(2 (1 + 1/(W rho^2)) ln(1 + sqrt(W rho^2 + 1) / (2a)))",
        ]),
    ...metrics.flatMap((metric) => metricLines(metric, color)),
    ...(sampleRatio === null ? [] : sampleRatioLines(sampleRatio)),
  ].join("\n");
}
