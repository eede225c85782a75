/** Clocks of two machines may differ by that much. */
const SKEW_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

function span(milliseconds: number): string {
  const [amount, unit] =
    milliseconds >= 2 * DAY_MS
      ? [milliseconds / DAY_MS, "days"]
      : milliseconds >= 2 * HOUR_MS
        ? [milliseconds / HOUR_MS, "hours"]
        : [milliseconds / 60_000, "minutes"];
  return `${Math.floor(amount)} ${unit}`;
}

/** How old something is, in a sentence without a subject, and whether it is too old or dated in the future. */
export function ageOf(
  at: string,
  now: number,
  maxAgeMs: number,
): { readonly kind: "current" | "expired"; readonly text: string } {
  const age = now - Date.parse(at);
  if (age < -SKEW_MS) return { kind: "expired", text: `dated ${span(-age)} in the future: check the clocks` };
  const text = `${span(Math.max(0, age))} old, at most ${span(maxAgeMs)} count`;
  return { kind: age > maxAgeMs ? "expired" : "current", text };
}
