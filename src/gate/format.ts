import type { MetricKind } from "../domain/scores.ts";

// Figures as sentences print them. A difference of scores is in points: 0.05 = 5 points.

/** At most one decimal: `6.5`, `-4`. */
function short(value: number): string {
  const text = value.toFixed(1).replace(/\.0$/, "");
  return text === "-0" ? "0" : text;
}

/** `6.5 points`, `1 point`. */
export function points(value: number): string {
  const text = short(value * 100);
  return `${text} ${text === "1" || text === "-1" ? "point" : "points"}`;
}

/** `6.5-point`, as in "a 6.5-point drop". */
export function pointAdjective(value: number): string {
  return `${short(value * 100)}-point`;
}

/** `-9.4 to +3.6`. */
export function pointRange(low: number, high: number): string {
  return `${signed(low * 100)} to ${signed(high * 100)}`;
}

/** `+3.6`, `-2`, `0`. */
export function signed(value: number): string {
  const text = short(value);
  return value > 0 && text !== "0" ? `+${text}` : text;
}

/** `12.5 %`. */
export function percent(value: number): string {
  return `${short(value * 100)} %`;
}

/** `0.84`; three decimals where two would hide a difference. */
export function score(value: number): string {
  return Math.abs(value * 100 - Math.round(value * 100)) < 0.005 ? value.toFixed(2) : value.toFixed(3);
}

/** A score, or a quantity with its unit. */
export function level(kind: MetricKind, value: number): string {
  switch (kind) {
    case "check":
    case "judge":
      return score(value);
    case "latency":
      return `${Number(value.toPrecision(3))} ms`;
    case "cost":
      return `$${Number(value.toPrecision(3))}`;
    case "tokens":
      return `${Number(value.toPrecision(3))} tokens`;
  }
}

/** `1 case`, `200 cases`, `1 cluster`. */
export function units(count: number, clustered: boolean): string {
  return `${count} ${clustered ? "cluster" : "case"}${count === 1 ? "" : "s"}`;
}

/** `12.5 %` more or less: `12.5 % more`. */
export function increase(value: number): string {
  return value < 0 ? `${percent(-value)} less` : `${percent(value)} more`;
}
