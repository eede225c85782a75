import { duration } from "../../config/units.ts";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";

const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** A time with its zone, or a day in UTC, as milliseconds since 1970. Throws `USAGE`. */
export function parseTime(text: string, option: string): number {
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw new GateError("USAGE", `${option}: expected a time, got "${visibleLine(text, 60)}"`, {
    hint: "e.g. 2026-11-20T00:00:00Z, or 2026-11-20",
  });
}

/** `1h` as milliseconds. Throws `USAGE`. */
export function parseDuration(text: string, option: string): number {
  const parsed = duration.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new GateError("USAGE", `${option}: expected a duration, got "${visibleLine(text, 60)}"`, {
    hint: "e.g. 30m, 1h or 2d",
  });
}
