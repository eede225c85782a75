import * as z from "zod";
import { parseCron } from "../domain/cron.ts";
import { duration, percentage, words } from "./units.ts";

/** A duration that may be nothing. */
const delay = z.union([z.literal("0s").transform(() => 0), duration]);

const share = percentage.refine((part) => part <= 1, "expected at most 100%");

function isTimeZone(text: string): boolean {
  try {
    return Boolean(new Intl.DateTimeFormat("en", { timeZone: text }));
  } catch {
    return false;
  }
}

const timeZone = z
  .string("expected a time zone such as Europe/Berlin")
  .refine(isTimeZone, "expected a time zone such as Europe/Berlin");

const EXPECTED_HOURS = 'expected hours such as "09:00-17:00" or "09:00-17:00 Europe/Berlin"';
const HOURS = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)(?: (\S+))?$/;

/** `09:00-17:00`, in UTC unless a time zone follows. */
const advanceHours = z
  .string(EXPECTED_HOURS)
  .regex(HOURS, EXPECTED_HOURS)
  .transform((text, context) => {
    const [, fromHour, fromMinute, toHour, toMinute, zone = "UTC"] = HOURS.exec(text) ?? [];
    const from = Number(fromHour) * 60 + Number(fromMinute);
    const to = Number(toHour) * 60 + Number(toMinute);
    if (from < to && to <= 1440 && isTimeZone(zone)) return { from, to, timeZone: zone };
    context.addIssue(
      isTimeZone(zone) ? "expected an end after the beginning, on the same day" : EXPECTED_HOURS,
    );
    return z.NEVER;
  })
  .meta({ description: "hours of the day in which exposure may rise, in UTC unless a time zone follows" });

const freeze = z
  .strictObject({
    cron: z
      .string()
      .refine((text) => parseCron(text) !== null, 'expected five fields such as "0 18 * * 5"')
      .meta({ description: "when it begins: minute, hour, day, month, weekday" }),
    for: duration.refine((milliseconds) => milliseconds <= 31 * 86_400_000, "expected at most 31d"),
    tz: timeZone.default("UTC"),
  })
  .meta({ description: "a time in which nothing is raised; lowering is always possible" });

const step = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/, "expected lowercase letters, digits, - and _"),
  weight: share.optional().meta({ description: "share of units; without one the step is staging" }),
  minSoak: duration.optional().meta({ description: "24h unless given" }),
  bake: duration.optional().meta({ description: "the minSoak of the step at 100%" }),
  maxSoak: duration.optional().meta({ description: "twice minSoak unless given" }),
  minSample: z
    .int()
    .min(1)
    .max(100_000_000)
    .optional()
    .meta({ description: "samples of the candidate that every guardrail needs; 100 unless given" }),
  guardrails: z
    .literal("absolute")
    .optional()
    .meta({ description: "a reminder where there is no control: only min and max of the metrics count" }),
  approval: z
    .union([z.int().min(1).max(10), z.array(words).min(1)])
    .optional()
    .meta({ description: "how many people, or which of them one, must approve before the step is left" }),
  holdback: share.optional().meta({ description: "at 100%: share of units that keeps the former version" }),
});

const metric = z.strictObject({
  name: words,
  kind: z.enum(["mean", "proportion"]),
  direction: z.enum(["up", "down"]).default("up").meta({ description: "up: more is better" }),
  transform: z.enum(["none", "ln"]).default("none").meta({ description: "ln: differences are ratios" }),
  margin: z.number().gt(0).meta({ description: "a difference that is still no loss, in the metric's unit" }),
  harmAt: z.number().min(0).optional().meta({
    description:
      "a loss that is proven beyond it ends the rollout; a third of margin for means, 0 for proportions",
  }),
  action: z.enum(["rollback", "hold", "warn"]).default("rollback"),
  unit: words.max(32).default("unit").meta({ description: "what a sample is, for people" }),
  dryRun: z.boolean().default(false).meta({ description: "recorded, never acted on" }),
  min: z.number().optional().meta({ description: "floor of the candidate's own mean or rate" }),
  max: z.number().optional().meta({ description: "ceiling of the candidate's own mean or rate" }),
  designEffect: z
    .number()
    .min(1)
    .max(1000)
    .default(1)
    .meta({ description: "multiplies variances where requests, not units, are known" }),
});

const probability = z.number().gt(0).lt(0.5);

const fields = {
  mutexGroup: z
    .union([words, z.literal(false)])
    .optional()
    .meta({ description: "one live canary per group; app unless given, false = none" }),
  onNewCandidate: z.enum(["queue", "supersede", "reject"]).optional(),
  onInconclusive: z
    // oxlint-disable-next-line unicorn/no-thenable -- the word that a config says; the value is never awaited
    .strictObject({ grace: delay.optional(), then: z.enum(["rollback", "hold"]).optional() })
    .optional()
    .meta({ description: "after maxSoak; 24h and rollback unless given" }),
  onSampleRatio: z.enum(["hold", "rollback", "warn"]).optional(),
  blindLimit: z
    .strictObject({ "<=25": duration.optional(), "<100": duration.optional() })
    .optional()
    .meta({ description: "how long metrics may be missing before the weight goes to 0; 6h and 2h" }),
  settleDelay: delay.optional().meta({ description: "how late scores may arrive; 2h unless given" }),
  bucket: duration
    .refine((milliseconds) => milliseconds >= 300_000 && 86_400_000 % milliseconds === 0, {
      error: "expected a part of a day from 5m to 24h",
    })
    .optional()
    .meta({ description: "1h unless given" }),
  cooldown: delay.optional().meta({ description: "after a rollback; 24h unless given" }),
  driftGrace: delay.optional().meta({ description: "1h unless given" }),
  undoWindow: z
    .strictObject({ versions: z.int().min(1).max(100) })
    .optional()
    .meta({ description: "how many completed versions one may go back to; 3 unless given" }),
  alpha: z
    .strictObject({
      rollout: probability.optional().meta({ description: "chance of rolling back a harmless candidate" }),
      advance: probability
        .optional()
        .meta({ description: "chance of advancing one that is worse by margin" }),
      srm: probability.optional().meta({ description: "chance of a false alarm about shares" }),
    })
    .optional(),
  freeze: z.array(freeze).max(100).optional(),
  advanceHours: advanceHours.optional(),
  steps: z.array(step).min(2).max(20).optional(),
  metrics: z.array(metric).min(1).max(50).optional(),
};

/** `rollout` of the config. */
export const rolloutSchema = z.strictObject(fields);

/** `rollout` of one prompt: what stands here replaces the key of the same name above. */
export const promptRolloutSchema = z.strictObject({
  ...fields,
  dependsOn: z.array(words).optional().meta({ description: "prompts whose rollout must be completed first" }),
});

export type WrittenRollout = z.infer<typeof promptRolloutSchema>;
export type WrittenStep = z.infer<typeof step>;
export type WrittenRolloutMetric = z.infer<typeof metric>;
