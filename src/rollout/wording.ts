import type { MetricEvidence } from "../domain/rollout-decision.ts";
import { visibleLine } from "../domain/visible.ts";

/** `3d 4h`, `27h`, `35m`. */
export function span(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 72) return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d${hours % 24 === 0 ? "" : ` ${hours % 24}h`}`;
}

/** `5 %` of a weight in 1/100,000. */
export function percent(weight: number): string {
  return `${Number((weight / 1000).toFixed(3))} %`;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** A difference as people read it: points of a share, per cent of a ratio, else the number. */
function shown({ kind, transform }: Pick<MetricEvidence, "kind" | "transform">, value: number): string {
  const sign = value > 0 ? "+" : "";
  if (kind === "proportion") return `${sign}${figure(100 * value)} points`;
  return transform === "ln" ? `${sign}${figure(100 * Math.expm1(value))} %` : `${sign}${figure(value)}`;
}

type Worded = Omit<MetricEvidence, "reason">;

function counts({ candidate, control }: Worded, unit: string): string {
  const word = visibleLine(unit, 32);
  const of = control === null ? "" : ` beside ${figure(control.n)}`;
  return `${figure(candidate?.n ?? 0)} ${word}s${of}`;
}

function bounds(worded: Worded): string {
  const { basis, difference, lower, upper } = worded;
  if (lower === null || upper === null) return "";
  if (basis === "limits")
    return `${figure(worded.candidate?.value ?? 0)} [${figure(lower)}, ${figure(upper)}]`;
  return `${shown(worded, difference ?? 0)} [${shown(worded, lower)}, ${shown(worded, upper)}]`;
}

/** One sentence that says what was found and what it was held against. */
export function evidenceReason(worded: Worded, unit: string, fault: string): string {
  const { verdict, direction, margin, evidence } = worded;
  const limit = shown(worded, direction === "up" ? -margin : margin);
  switch (verdict) {
    case "harm":
      return evidence === null
        ? `harm is proven: ${bounds(worded)}, ${counts(worded, unit)}`
        : `harm is proven: evidence ${figure(evidence.value)} of ${figure(evidence.threshold)}, ${counts(worded, unit)}`;
    case "non_inferior":
      return `not worse by ${limit}: ${bounds(worded)}, ${counts(worded, unit)}`;
    case "ok":
      return `within its limits: ${bounds(worded)}, ${counts(worded, unit)}`;
    case "unlimited":
      return `seen and without a limit of its own: ${counts(worded, unit)}`;
    case "inconclusive":
      return worded.basis === "limits"
        ? `not yet shown to be within its limits: ${bounds(worded)}, ${counts(worded, unit)}`
        : `a loss of ${limit} is not ruled out yet: ${bounds(worded)}, ${counts(worded, unit)}`;
    case "insufficient_sample":
      return `too few samples: ${counts(worded, unit)}`;
    case "no_data":
      return "nothing was measured in the closed hours of this step";
    case "error":
      return `could not be read: ${fault}`;
    case "invalid":
      return `the last bucket cannot be counted: ${fault}`;
  }
}
