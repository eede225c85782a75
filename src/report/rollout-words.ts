import { FULL_WEIGHT } from "../domain/release.ts";
import type { MetricEvidence } from "../domain/rollout-decision.ts";
import { NOTHING } from "./figures.ts";

const MINUTE_MS = 60_000;

/** `2d3h`, `27h`, `1h5m`, `35m`, `0m`: no longer than a column can hold. */
export function spanText(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / MINUTE_MS));
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60), minutes % 60];
  if (days >= 2) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  if (hours >= 10 || (hours > 0 && rest === 0)) return `${hours}h`;
  return hours > 0 ? `${hours}h${rest}m` : `${rest}m`;
}

/** `5%` of a weight in 1/100,000. */
export function weightText(weight: number): string {
  return `${Number(((100 * weight) / FULL_WEIGHT).toFixed(3))}%`;
}

/** `3.2`, `0.00412`: three digits that count. */
export function figure(value: number): string {
  return String(Number(value.toPrecision(3)));
}

type Scale = Pick<MetricEvidence, "kind" | "transform">;

/** A value of one arm: a share in per cent, a logarithm as what it is of, else the number. */
export function valueText({ kind, transform }: Scale, value: number): string {
  if (kind === "proportion") return `${(100 * value).toFixed(2)}%`;
  return transform === "ln" ? figure(Math.exp(value)) : figure(value);
}

function signed(value: number, digits: number): string {
  return `${value > 0 ? "+" : ""}${value.toFixed(digits)}`;
}

/** A difference: points of a share, per cent of a ratio, else the number; signed. */
export function differenceText({ kind, transform }: Scale, value: number | null): string {
  if (value === null) return NOTHING;
  if (kind === "proportion") return `${signed(100 * value, 2)}pp`;
  if (transform === "ln") return `${signed(100 * Math.expm1(value), 1)}%`;
  return value > 0 ? `+${figure(value)}` : figure(value);
}
