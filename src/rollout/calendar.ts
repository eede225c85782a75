import { parseCron, type CronFields } from "../domain/cron.ts";
import type { RolloutFreeze } from "../domain/rollout-decision.ts";
import type { FreezeWindow, RolloutStrategy } from "../domain/rollout.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

interface WallClock {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** What the clocks on the wall of a time zone show. */
function wallClock(timeZone: string): (at: number) => WallClock {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    weekday: "short",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  return (at) => {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return {
      minute: Number(parts["minute"]),
      hour: Number(parts["hour"]),
      day: Number(parts["day"]),
      month: Number(parts["month"]),
      weekday: WEEKDAYS.indexOf(parts["weekday"] ?? ""),
    };
  };
}

function isDay({ days, months, weekdays, eitherDay }: CronFields, clock: WallClock): boolean {
  const day = days.has(clock.day);
  const weekday = weekdays.has(clock.weekday);
  return months.has(clock.month) && (eitherDay ? day || weekday : day && weekday);
}

/** The last beginning of a window that covers `now`, or null. */
function windowStart({ cron, durationMs, timeZone }: FreezeWindow, now: number): number | null {
  const fields = parseCron(cron);
  if (fields === null) return null;
  const clockAt = wallClock(timeZone);
  const first = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  for (let at = first; at > now - durationMs;) {
    const clock = clockAt(at);
    const hourMatches = fields.hours.has(clock.hour) && isDay(fields, clock);
    if (hourMatches && fields.minutes.has(clock.minute)) return at;
    // Of an hour that does not match whole quarters are left out: clocks shift by no less.
    at -= hourMatches ? MINUTE_MS : ((clock.minute % 15) + 1) * MINUTE_MS;
  }
  return null;
}

/** Why nothing may be raised now, and until when; null = it may. */
export interface Closed {
  readonly reason: "freeze" | "advance_hours";
  readonly message: string;
  /** Milliseconds since 1970; null = not known. */
  readonly until: number | null;
}

function frozenBy(windows: readonly FreezeWindow[], now: number): Closed | null {
  const found = windows.flatMap((window) => {
    const start = windowStart(window, now);
    return start === null ? [] : [{ window, until: start + window.durationMs }];
  });
  const last = found.toSorted((left, right) => right.until - left.until)[0];
  if (last === undefined) return null;
  const { cron, timeZone } = last.window;
  return { reason: "freeze", message: `the freeze "${cron}" (${timeZone}) is on`, until: last.until };
}

/** `09:05` of minutes since midnight. */
function clockText(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function outsideHours(hours: RolloutStrategy["advanceHours"], now: number): Closed | null {
  if (hours === null) return null;
  const clockAt = wallClock(hours.timeZone);
  const isOpen = (at: number): boolean => {
    const { hour, minute } = clockAt(at);
    return hour * 60 + minute >= hours.from && hour * 60 + minute < hours.to;
  };
  if (isOpen(now)) return null;
  let until: number | null = null;
  const start = Math.ceil(now / MINUTE_MS) * MINUTE_MS;
  for (let at = start; at < start + 25 * HOUR_MS && until === null; at += MINUTE_MS) {
    if (isOpen(at)) until = at;
  }
  const message = `exposure rises from ${clockText(hours.from)} to ${clockText(hours.to)} (${hours.timeZone})`;
  return { reason: "advance_hours", message, until };
}

/** Whether exposure may rise now: no freeze that somebody ordered, none of the calendar, within the hours. */
export function closedFor(
  { freeze, advanceHours }: Pick<RolloutStrategy, "freeze" | "advanceHours">,
  ordered: RolloutFreeze | null,
  now: number,
): Closed | null {
  const until = Date.parse(ordered?.until ?? "none");
  // An end that cannot be read is none.
  if (ordered !== null && !(now >= until)) {
    const message = `frozen by ${ordered.by}: ${ordered.reason}`;
    return { reason: "freeze", message, until: Number.isNaN(until) ? null : until };
  }
  return frozenBy(freeze, now) ?? outsideHours(advanceHours, now);
}
