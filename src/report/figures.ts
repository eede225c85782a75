import type { MetricKind, MetricResult } from "../domain/scores.ts";

/** What stands where nothing was measured. */
export const NOTHING = "-";

function isCostLike(kind: MetricKind): boolean {
  return kind === "latency" || kind === "cost" || kind === "tokens";
}

/** Cuts trailing zeros: `5.0` is `5`, `0.50` is `0.5`. */
function short(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

/** A sign for every number but zero; what rounds to zero has none. */
function signed(value: number, digits: number): string {
  const text = value.toFixed(digits);
  if (Number(text) === 0) return (0).toFixed(digits);
  return value > 0 ? `+${text}` : text;
}

/** `12,345`. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `3 cases`, `1 case`, `no cases`. */
export function plural(amount: number, noun: string): string {
  if (amount === 0) return `no ${noun}s`;
  return `${count(amount)} ${noun}${amount === 1 ? "" : "s"}`;
}

/** US dollars, small amounts with three significant digits; null = a model without a price was called. */
export function money(usd: number | null): string {
  if (usd === null) return "unknown";
  if (usd >= 1 || usd <= 0) return `$${usd.toFixed(2)}`;
  const digits = Math.min(10, 2 - Math.floor(Math.log10(usd)));
  return `$${usd.toFixed(digits).replace(/(\.\d\d\d*?)0+$/, "$1")}`;
}

/** `0.842`; `-` when there is none. */
export function score(value: number | null): string {
  return value === null ? NOTHING : value.toFixed(3);
}

/** `0.842`, `812 ms`, `$0.0004`, `412 tokens`. */
export function quantity(kind: MetricKind, value: number | null): string {
  if (value === null) return NOTHING;
  switch (kind) {
    case "check":
    case "judge":
      return score(value);
    case "latency":
      return value >= 10_000 ? `${short(value / 1000, 1)} s` : `${count(value)} ms`;
    case "cost":
      return money(value);
    case "tokens":
      return count(value);
  }
}

/** A score difference in points (hundredths), a cost-like one in per cent: `-6.5 pts`, `+8.1 %`. */
export function difference(kind: MetricKind, delta: number | null): string {
  if (delta === null) return NOTHING;
  return `${signed(delta * 100, 1)} ${isCostLike(kind) ? "%" : "pts"}`;
}

/** `-9.4 to -3.6`, in the unit of the difference. */
export function interval({ kind, interval: bounds }: MetricResult): string {
  if (bounds === null) return NOTHING;
  const unit = isCostLike(kind) ? " %" : "";
  return `${signed(bounds.low * 100, 1)} to ${signed(bounds.high * 100, 1)}${unit}`;
}

/** The rule in a few words: `drop under 5 points, at least 0.75`. */
export function gateRule(metric: MetricResult): string {
  const rules = [
    ...(metric.margin === null ? [] : [`drop under ${short(metric.margin * 100, 2)} points`]),
    ...(metric.maxIncrease === null ? [] : [`rise under ${short(metric.maxIncrease * 100, 2)} %`]),
    ...(metric.min === null ? [] : [`at least ${short(metric.min, 4)}`]),
    ...(metric.max === null ? [] : [`at most ${quantity(metric.kind, metric.max)}`]),
  ];
  return rules.length === 0 ? NOTHING : rules.join(", ");
}

/** The three verdicts as a reader meets them. */
export const verdictWords = {
  pass: "PASS",
  fail: "FAIL",
  inconclusive: "NOT DECIDED",
} as const;

/** The verdict's word; a metric that cannot block never says `FAIL`. */
export function metricVerdict({ verdict, level }: MetricResult): string {
  switch (level) {
    case "error":
      return verdictWords[verdict];
    case "warn":
      return { pass: "PASS", fail: "WARNING", inconclusive: "not decided" }[verdict];
    case "off":
      return "not judged";
  }
}

/** `95 %`. */
export function percent(share: number): string {
  return `${short(share * 100, 1)} %`;
}
