import * as z from "zod";
import { words } from "./units.ts";

const DAY = /^(\d{4})-(\d{2})-(\d{2})$/;

/** Milliseconds of a day's beginning in UTC; null for a text that is no day of the calendar. */
export function dayStart(text: string): number | null {
  const [, year, month, day] = DAY.exec(text) ?? [];
  const start = Date.UTC(Number(year), Number(month) - 1, Number(day));
  // 2026-02-30 would become a day in March.
  return Number.isFinite(start) && new Date(start).toISOString().startsWith(text) ? start : null;
}

const EXPECTED_DAY = "expected a day such as 2026-12-31";

/** One entry of `waivers` as a user writes it. */
export const waiverSchema = z
  .strictObject({
    prompt: words.optional().meta({ description: "a prompt's name; without one it holds wherever it fits" }),
    case: z
      .string("expected text (put a number in quotes)")
      .min(1)
      .optional()
      .meta({ description: "the id of a case that the decision leaves out" }),
    metric: words.optional().meta({
      description: "alone: a metric that never blocks; with a case: the metric that the case is left out of",
    }),
    owner: words.max(200).meta({ description: "who answers for it" }),
    reason: words.max(1000).meta({ description: "why it is needed" }),
    expires: z
      .string(EXPECTED_DAY)
      .refine((text) => dayStart(text) !== null, EXPECTED_DAY)
      .meta({ description: "the last day on which it holds, in UTC", examples: ["2026-12-31"] }),
  })
  .refine((waiver) => waiver.case !== undefined || waiver.metric !== undefined, {
    error: "expected case, metric or both: what is waived",
  });

export type WrittenWaiver = z.infer<typeof waiverSchema>;
