/** The minutes, hours, days, months and weekdays (0 = Sunday) that five fields of cron name. */
export interface CronFields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  readonly weekdays: ReadonlySet<number>;
  /** As in every cron: where both days and weekdays are restricted, either of them is enough. */
  readonly eitherDay: boolean;
}

const RANGES = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

function parsePart(part: string, [lowest, highest]: readonly [number, number]): number[] | null {
  const match = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/.exec(part);
  if (match === null) return null;
  const [, first, last, step] = match;
  const from = first === undefined ? lowest : Number(first);
  const to = last === undefined ? (first === undefined || step !== undefined ? highest : from) : Number(last);
  const by = step === undefined ? 1 : Number(step);
  if (from < lowest || to > highest || from > to || by < 1) return null;
  return Array.from({ length: Math.floor((to - from) / by) + 1 }, (_, index) => from + index * by);
}

function parseField(text: string, range: readonly [number, number]): Set<number> | null {
  const values = text.split(",").map((part) => parsePart(part, range));
  return values.includes(null) ? null : new Set(values.flatMap((list) => list ?? []));
}

/** Five fields of numbers, `*`, lists, ranges and steps; null for any other text. */
export function parseCron(text: string): CronFields | null {
  const fields = text.trim().split(/\s+/);
  if (fields.length !== RANGES.length) return null;
  const [minutes, hours, days, months, weekdays] = RANGES.map((range, index) =>
    parseField(fields[index] ?? "", range),
  );
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  if (weekdays.delete(7)) weekdays.add(0);
  const eitherDay = fields[2]?.startsWith("*") !== true && fields[4]?.startsWith("*") !== true;
  return { minutes, hours, days, months, weekdays, eitherDay };
}
