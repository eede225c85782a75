import * as z from "zod";
import type { LedgerEntry } from "../../domain/ledger.ts";
import type { Decision } from "../../domain/rollout-decision.ts";
import type { RolloutRecord } from "../../domain/rollout-record.ts";

/** A decision in the words of every document that tells one. */
export function recordOf(decision: Decision, by: string): RolloutRecord {
  const { id, prompt, rolloutId, at, action, event, reason, message, from, to, metrics, sampleRatio } =
    decision;
  return {
    at,
    // What has ended is held where it is.
    action: action === "none" ? "hold" : action,
    reason,
    step: to.step,
    weight: to.weight,
    phase: to.phase,
    event,
    message,
    metrics,
    sampleRatio,
    id,
    prompt,
    rolloutId,
    version: decision.state?.candidate.version ?? null,
    by,
    from,
  };
}

const phase = z.enum([
  "queued",
  "staging",
  "canary",
  "baking",
  "completed",
  "rolled-back",
  "aborted",
  "superseded",
]);
const place = z.object({ phase, step: z.string(), weight: z.number() });
const nullable = z.number().nullable();
const arm = z.object({ n: z.number(), value: z.number() }).nullable();

const metric = z.object({
  name: z.string(),
  kind: z.enum(["mean", "proportion"]),
  transform: z.enum(["none", "ln"]),
  direction: z.enum(["up", "down"]),
  action: z.enum(["rollback", "hold", "warn"]),
  dryRun: z.boolean(),
  margin: z.number(),
  harmAt: z.number(),
  min: nullable,
  max: nullable,
  basis: z.enum(["control", "limits"]),
  verdict: z.enum([
    "harm",
    "non_inferior",
    "ok",
    "unlimited",
    "inconclusive",
    "insufficient_sample",
    "no_data",
    "error",
    "invalid",
  ]),
  reason: z.string(),
  candidate: arm,
  control: arm,
  difference: nullable,
  standardError: nullable,
  lower: nullable,
  upper: nullable,
  critical: z.object({ advance: z.number(), harm: z.number() }).nullable(),
  alpha: z.object({ advance: z.number(), harm: z.number() }),
  weight: nullable,
  plannedWeight: nullable,
  // JSON has no number for evidence beyond all bounds.
  evidence: z
    .object({
      value: nullable.transform((value) => value ?? Number.POSITIVE_INFINITY),
      threshold: z.number(),
    })
    .nullable(),
});

const sampleRatio = z.object({
  candidate: z.number(),
  control: z.number(),
  expectedShare: z.number(),
  value: z.number(),
  threshold: z.number(),
  flagged: z.boolean(),
});

const details = z.object({
  rolloutId: z.string(),
  word: z.string(),
  action: z.enum(["none", "hold", "advance", "rollback"]),
  from: place,
  to: place,
  metrics: z.array(metric),
  sampleRatio: sampleRatio.nullable(),
});

/** The decision that an entry of the ledger records; null for one about something else, such as a promotion. */
export function readRecord(entry: LedgerEntry): RolloutRecord | null {
  const parsed = details.safeParse(entry.details);
  if (!parsed.success) return null;
  const { rolloutId, word, action, from, to, metrics, sampleRatio: ratio } = parsed.data;
  return {
    at: entry.at,
    action: action === "none" ? "hold" : action,
    reason: word,
    step: to.step,
    weight: to.weight,
    phase: to.phase,
    event: entry.kind as RolloutRecord["event"],
    message: entry.reason,
    metrics,
    sampleRatio: ratio,
    id: entry.id,
    prompt: entry.prompt,
    rolloutId,
    version: entry.version,
    by: entry.by,
    from,
  };
}
