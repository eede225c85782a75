import type { RolloutState } from "../../domain/rollout-state.ts";
import { rolloutKey } from "../../domain/store.ts";
import { withDenied } from "../../rollout/end-rollout.ts";
import { stateText } from "../../rollout/state-document.ts";
import { readRollout } from "./read-rollout.ts";
import type { RollbackOrder, RollbackStep } from "./rollback-steps.ts";

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
    denied: withDenied(state, Date.parse(at), reason),
    previousRelease: state.release,
    release,
    outcome: { reason: "manual", message: reason, by },
  };
}

/** A rollout ends when its candidate is taken back. One that nobody was served yet is another matter. */
function concerns({ phase, candidate }: RolloutState, { from, to }: RollbackOrder): boolean {
  if (candidate.version === to.version) return false;
  const isServed = phase === "canary" || phase === "baking";
  return isServed || (phase === "completed" && candidate.version === from);
}

const ATTEMPTS = 50;

/** Ends the rollout in the store. What cannot be read is left in place: overwriting it would lose what happened. */
export async function endRollout(order: RollbackOrder): Promise<RollbackStep> {
  const step = "rollout state";
  const { store } = order;
  if (store === null) {
    const remedy = "run the same command again when the store answers";
    return { step, kind: "failed", text: order.storeFault ?? "the store is not open", remedy };
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const rollout = await readRollout(store, order.prompt);
    if (rollout.kind === "none") return { step, kind: "left", text: "there is none" };
    if (rollout.kind === "corrupt") {
      const text = `left in place, it cannot be read: ${rollout.reason}; no rollout goes on from it`;
      return { step, kind: "left", text };
    }
    const { state, revision } = rollout;
    if (!concerns(state, order)) {
      const text = `${state.candidate.version} is ${state.phase}`;
      return { step, kind: "unchanged", text };
    }
    const text = stateText(await ended(state, order));
    const outcome = await store.write(rolloutKey(order.prompt), text, revision);
    if (outcome.kind === "written") {
      return { step, kind: "done", text: `${state.candidate.version}: ${state.phase} -> rolled-back` };
    }
  }
  const remedy = "run the same command again: others kept writing the state";
  return { step, kind: "failed", text: "not written", remedy };
}
