import * as z from "zod";
import type { RolloutPhase } from "../../domain/rollout.ts";
import { isActive, type DeniedDigest, type RolloutState } from "../../domain/rollout-state.ts";
import { rolloutKey, type Store } from "../../domain/store.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { RollbackOrder, RollbackStep } from "./rollback-steps.ts";

/** The rollout's document as a command finds it. */
export type ReadRollout =
  | { readonly kind: "none" }
  | { readonly kind: "state"; readonly state: RolloutState; readonly revision: string }
  /** `reason` is a sentence without a subject. */
  | { readonly kind: "corrupt"; readonly reason: string };

const phases = [
  "queued",
  "staging",
  "canary",
  "baking",
  "completed",
  "rolled-back",
  "aborted",
  "superseded",
] as const satisfies readonly RolloutPhase[];

const version = z.looseObject({ version: z.string(), digest: z.templateLiteral(["sha256:", z.string()]) });

/** What promotion and rollback rely on; the rest of the document is carried along as it is. */
const stateSchema = z.looseObject({
  schema: z.literal("promptgate/rollout-state@1"),
  prompt: z.string(),
  generation: z.int().min(1),
  phase: z.enum(phases),
  candidate: version,
  knownGood: z.array(version),
  denied: z.array(version.extend({ at: z.string(), reason: z.string(), times: z.number() })),
});

function parseState(text: string, prompt: string): RolloutState | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  const parsed = stateSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return visibleLine(`${issue?.path.join(".") || "document"}: ${issue?.message ?? "unknown"}`, 300);
  }
  if (parsed.data.prompt !== prompt) return `it is about ${visibleLine(parsed.data.prompt, 128)}`;
  return value as RolloutState;
}

/** Reads the rollout of a prompt; a corrupt one is an answer. Throws what the store throws. */
export async function readRollout(store: Store, prompt: string): Promise<ReadRollout> {
  const stored = await store.read(rolloutKey(prompt));
  if (stored === null) return { kind: "none" };
  const state = parseState(stored.text, prompt);
  return typeof state === "string"
    ? { kind: "corrupt", reason: state }
    : { kind: "state", state, revision: stored.revision };
}

function denied(state: RolloutState, order: RollbackOrder): DeniedDigest[] {
  const { candidate } = state;
  const earlier = state.denied.find(({ digest }) => digest === candidate.digest);
  const others = state.denied.filter(({ digest }) => digest !== candidate.digest);
  const entry: DeniedDigest = {
    version: candidate.version,
    digest: candidate.digest,
    at: order.at,
    reason: order.reason,
    times: (earlier?.times ?? 0) + 1,
  };
  return [...others, entry];
}

async function ended(state: RolloutState, order: RollbackOrder): Promise<RolloutState> {
  const { at, by, reason } = order;
  const release = await order.registry.readRelease(order.prompt).catch(() => state.release);
  return {
    ...state,
    generation: state.generation + 1,
    phase: "rolled-back",
    endedAt: at,
    updatedAt: at,
    hold: null,
    pause: null,
    denied: denied(state, order),
    previousRelease: state.release,
    release,
    outcome: { reason: "manual", message: reason, by },
  };
}

/** A rollout ends when its candidate is taken back, under way or completed; one of another version is not touched. */
function concerns({ phase, candidate }: RolloutState, { from, to }: RollbackOrder): boolean {
  if (candidate.version === to.version) return false;
  return isActive(phase) || (phase === "completed" && candidate.version === from);
}

const ATTEMPTS = 50;

/** Ends the rollout in the store. What cannot be read is left in place: overwriting it would lose what happened. */
export async function endRollout(store: Store | null, order: RollbackOrder): Promise<RollbackStep> {
  const step = "rollout state";
  if (store === null) {
    const remedy = "run the same command again when the store answers";
    return { step, kind: "failed", text: order.storeFault ?? "the store is not open", remedy };
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const rollout = await readRollout(store, order.prompt);
    if (rollout.kind === "none") return { step, kind: "unchanged", text: "there is no rollout" };
    if (rollout.kind === "corrupt") {
      const text = `left in place, it cannot be read: ${rollout.reason}; no rollout goes on from it`;
      return { step, kind: "left", text };
    }
    const { state, revision } = rollout;
    if (!concerns(state, order)) {
      const text = `${state.candidate.version} is ${state.phase}`;
      return { step, kind: "unchanged", text };
    }
    const text = `${JSON.stringify(await ended(state, order), null, 2)}\n`;
    const outcome = await store.write(rolloutKey(order.prompt), text, revision);
    if (outcome.kind === "written") {
      return { step, kind: "done", text: `${state.candidate.version}: ${state.phase} -> rolled-back` };
    }
  }
  const remedy = "run the same command again: others kept writing the state";
  return { step, kind: "failed", text: "not written", remedy };
}
