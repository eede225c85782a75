import type { RolloutState } from "../../domain/rollout-state.ts";
import { rolloutKey, type Store } from "../../domain/store.ts";
import { parseState } from "../../rollout/state-document.ts";

/** The rollout's document as a command finds it. */
export type ReadRollout =
  | { readonly kind: "none" }
  | { readonly kind: "state"; readonly state: RolloutState; readonly revision: string }
  /** `reason` is a sentence without a subject. */
  | { readonly kind: "corrupt"; readonly reason: string };

/** Reads the rollout of a prompt; a corrupt one is an answer. Throws what the store throws. */
export async function readRollout(store: Store, prompt: string): Promise<ReadRollout> {
  const stored = await store.read(rolloutKey(prompt));
  if (stored === null) return { kind: "none" };
  const parsed = parseState(stored.text);
  if (parsed.kind === "invalid") return { kind: "corrupt", reason: parsed.reason };
  const { state } = parsed;
  return state.prompt === prompt
    ? { kind: "state", state, revision: stored.revision }
    : { kind: "corrupt", reason: `it is about ${state.prompt}` };
}
