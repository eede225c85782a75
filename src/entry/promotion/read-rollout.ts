import * as z from "zod";
import type { RolloutPhase } from "../../domain/rollout.ts";
import type { RolloutState } from "../../domain/rollout-state.ts";
import { rolloutKey, type Store } from "../../domain/store.ts";
import { visibleLine } from "../../domain/visible.ts";

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
