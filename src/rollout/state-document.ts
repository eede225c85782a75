import * as z from "zod";
import type { LedgerEntry } from "../domain/ledger.ts";
import type { ReleaseDocument } from "../domain/release.ts";
import { isPromptName } from "../domain/registry.ts";
import type { RolloutState } from "../domain/rollout-state.ts";
import type { RolloutStrategy } from "../domain/rollout.ts";
import { visibleLine } from "../domain/visible.ts";

const count = z.int().nonnegative();
const text = z.string().max(4000);
const name = z.string().min(1).max(200);
const time = z.iso.datetime();
const weight = z.int().min(0).max(100_000);
const digest = z.templateLiteral(["sha256:", z.string().regex(/^[0-9a-f]{64}$/)]);
const milliseconds = z.number().nonnegative();
const probability = z.number().gt(0).lt(1);
const number = z.number();

const version = z.strictObject({ version: name, digest });

const release: z.ZodType<ReleaseDocument> = z.strictObject({
  schema: z.literal("promptgate/release@1"),
  prompt: name,
  stable: name,
  candidate: z.strictObject({ version: name, weight, salt: name, hashVersion: z.literal(1) }).nullable(),
  holdback: z.strictObject({ version: name, weight, salt: name }).nullable(),
  generation: z.int().positive(),
  updatedAt: time,
});

const strategy: z.ZodType<RolloutStrategy> = z.strictObject({
  steps: z
    .array(
      z.strictObject({
        name,
        weight,
        minSoakMs: milliseconds,
        maxSoakMs: milliseconds.nullable(),
        minSample: count,
        approvals: count,
        approvers: z.array(name),
        holdback: weight,
      }),
    )
    .min(1),
  metrics: z
    .array(
      z.strictObject({
        name,
        kind: z.enum(["mean", "proportion"]),
        transform: z.enum(["none", "ln"]),
        direction: z.enum(["up", "down"]),
        margin: z.number().positive(),
        harmAt: z.number().nonnegative(),
        action: z.enum(["rollback", "hold", "warn"]),
        unit: name,
        dryRun: z.boolean(),
        min: number.nullable(),
        max: number.nullable(),
        designEffect: z.number().min(1),
      }),
    )
    .min(1),
  mutexGroup: name.nullable(),
  dependsOn: z.array(name),
  onNewCandidate: z.enum(["queue", "supersede", "reject"]),
  inconclusive: z.strictObject({ graceMs: milliseconds, outcome: z.enum(["rollback", "hold"]) }),
  blindLimitMs: z.strictObject({ low: milliseconds, high: milliseconds }),
  settleDelayMs: milliseconds,
  bucketMs: z.number().positive(),
  cooldownMs: milliseconds,
  undoVersions: count,
  driftGraceMs: milliseconds,
  onSampleRatio: z.enum(["hold", "rollback", "warn"]),
  alpha: z.strictObject({ rollout: probability, advance: probability, srm: probability }),
  freeze: z.array(z.strictObject({ cron: name, durationMs: milliseconds, timeZone: name })),
  advanceHours: z.strictObject({ from: count, to: count, timeZone: name }).nullable(),
});

const candidate = z.strictObject({
  ...version.shape,
  tier: z.enum(["patch", "minor", "major"]),
  minCanaryMs: milliseconds.nullable(),
  requestedAt: time,
  by: text,
  reason: text,
});

const entry: z.ZodType<LedgerEntry> = z.strictObject({
  schema: z.literal("promptgate/ledger-entry@1"),
  id: z.string().regex(/^[0-9a-f]{64}$/),
  prompt: name,
  kind: name,
  at: time,
  by: text,
  reason: text,
  version: name.nullable(),
  digest: digest.nullable(),
  details: z.record(z.string(), z.unknown()),
});

const verdict = z.enum([
  "harm",
  "non_inferior",
  "ok",
  "unlimited",
  "inconclusive",
  "insufficient_sample",
  "no_data",
  "error",
  "invalid",
]);

const schema: z.ZodType<RolloutState> = z
  .strictObject({
    schema: z.literal("promptgate/rollout-state@1"),
    prompt: z.string().refine(isPromptName, "expected the name of a prompt"),
    rolloutId: z.string().regex(/^[A-Za-z0-9._-]{1,80}$/),
    attempt: z.int().positive(),
    generation: z.int().positive(),
    phase: z.enum([
      "queued",
      "staging",
      "canary",
      "baking",
      "completed",
      "rolled-back",
      "aborted",
      "superseded",
    ]),
    step: count,
    strategy,
    candidate,
    stable: version,
    knownGood: z.array(version),
    denied: z.array(z.strictObject({ ...version.shape, at: time, reason: text, times: z.int().positive() })),
    queued: candidate.nullable(),
    startedAt: time,
    stepEnteredAt: time,
    weightAppliedAt: time,
    exposedAt: time.nullable(),
    endedAt: time.nullable(),
    lastTickAt: time,
    updatedAt: time,
    hold: z.strictObject({ reason: text, since: time, until: time.nullable(), by: text }).nullable(),
    pause: z.strictObject({ since: time, by: text, reason: text }).nullable(),
    pausedMs: milliseconds,
    approvals: z.array(z.strictObject({ step: name, by: text, at: time })),
    release: release.nullable(),
    previousRelease: release.nullable(),
    labels: z.array(
      z.strictObject({
        label: name,
        to: name,
        previous: z.strictObject({ version: name, since: text }).nullable(),
      }),
    ),
    plannedWeights: z.record(z.string(), z.number().positive()),
    verdicts: z.record(z.string(), verdict),
    coveredBuckets: count,
    coveredBeforeMs: milliseconds,
    activeBuckets: z.array(count),
    blindSince: time.nullable(),
    driftSince: time.nullable(),
    lowered: z.strictObject({ at: time, weight }).nullable(),
    overridden: z.boolean(),
    lastEntry: entry.nullable(),
    outcome: z.strictObject({ reason: text, message: text, by: text }).nullable(),
  })
  .refine(({ step, strategy: { steps } }) => step < steps.length, {
    path: ["step"],
    error: "expected a step of the strategy",
  });

/** A stored state, or why it is none, in one line that is safe to print. Nothing is guessed and nothing left out. */
export type ParsedState =
  | { readonly kind: "value"; readonly state: RolloutState }
  | { readonly kind: "invalid"; readonly reason: string };

/** Reads what `stateText` wrote. Unknown keys and other versions of the document are refused, not ignored. */
export function parseState(document: string): ParsedState {
  let value: unknown;
  try {
    value = JSON.parse(document);
  } catch {
    return { kind: "invalid", reason: "not JSON" };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { kind: "value", state: parsed.data };
  const issue = parsed.error.issues[0];
  const path = issue?.path.map(String).join(".") ?? "";
  const message = issue?.message ?? "not the state of a rollout";
  return { kind: "invalid", reason: visibleLine(path === "" ? message : `${path}: ${message}`) };
}

/** The state as text to store. */
export function stateText(state: RolloutState): string {
  return `${JSON.stringify(state, null, 2)}\n`;
}
