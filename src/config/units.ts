import * as z from "zod";

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `10%` -> 0.1; above 0 and at most 1000 %. */
export const percentage = z
  .string("expected a percentage")
  .regex(/^(?!0+(?:\.0+)?%)\d{1,4}(?:\.\d{1,6})?%$/, "expected a percentage")
  .meta({ description: "a percentage, e.g. 10%", examples: ["10%"] })
  .transform((text) => Number(text.slice(0, -1)) / 100);

/** `48h` -> milliseconds, at most 365 days. */
export const duration = z
  .string("expected a duration such as 30s, 90m, 48h or 2d")
  .regex(/^\d{1,9}(?:\.\d{1,3})?(?:ms|s|m|h|d)$/, "expected a duration such as 30s, 90m, 48h or 2d")
  .meta({ description: "a duration: a number and ms, s, m, h or d", examples: ["48h"] })
  .transform((text, context) => {
    const [, amount, unit] = /^([\d.]+)(ms|s|m|h|d)$/.exec(text) ?? [];
    const milliseconds = Number(amount) * (UNIT_MS[unit ?? ""] ?? Number.NaN);
    if (milliseconds > 0 && milliseconds <= 365 * 86_400_000) return milliseconds;
    context.addIssue("expected a duration above 0 and of at most 365d");
    return z.NEVER;
  });

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** `500MB` -> bytes, in powers of 1000; up to 1000 TB. */
export const byteSize = z
  .string("expected a size such as 500MB or 2GB")
  .regex(/^\d{1,6}(?:\.\d{1,3})?(?:B|KB|MB|GB|TB)$/, "expected a size such as 500MB or 2GB")
  .meta({ description: "a size: a number and B, KB, MB, GB or TB", examples: ["500MB"] })
  .transform((text, context) => {
    const [, amount, unit] = /^([\d.]+)([A-Z]+)$/.exec(text) ?? [];
    const bytes = Math.round(Number(amount) * (UNIT_BYTES[unit ?? ""] ?? Number.NaN));
    if (bytes <= 1e15) return bytes;
    context.addIssue("expected a size of at most 1000TB");
    return z.NEVER;
  });

/** Text with at least one visible character. */
export const words = z.string().trim().min(1);
