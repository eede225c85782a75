import * as z from "zod";

const place = z.object({ phase: z.string(), step: z.string(), weight: z.number() });

/** One look at a rollout as `rollout advance --json` says it. */
const decided = z.object({
  prompt: z.string(),
  id: z.string(),
  rolloutId: z.string(),
  action: z.string(),
  event: z.string(),
  reason: z.string(),
  message: z.string(),
  version: z.string().nullable(),
  step: z.string(),
  weight: z.number(),
  phase: z.string(),
  from: place,
  warnings: z.array(z.string()),
  write: z.enum(["applied", "lost_race", "failed", "dry_run"]),
  error: z.string().nullable(),
});
const ended = z.object({ prompt: z.string(), kind: z.literal("none") });
const broken = z.object({
  prompt: z.string(),
  kind: z.enum(["corrupt", "failed"]),
  error: z.string(),
  hint: z.string().nullable(),
});

export const lookSchema = z.union([broken, ended, decided]);
export type Look = z.infer<typeof lookSchema>;
export type DecidedLook = z.infer<typeof decided>;

/** The looks at which something was decided. */
export function isDecided(look: Look): look is DecidedLook {
  return "event" in look;
}
