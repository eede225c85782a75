import { GateError } from "../../domain/errors.ts";
import type { LedgerEntry } from "../../domain/ledger.ts";
import type { MoveLabelRequest } from "../../domain/registry.ts";
import type { Decision } from "../../domain/rollout-decision.ts";
import { rolloutKey } from "../../domain/store.ts";
import { stateText } from "../../rollout/state-document.ts";
import type { RolloutPlaces } from "./scope.ts";

/** What became of the writes of a decision; `written` names those that were made, in their order. */
export type AppliedDecision = { readonly written: readonly string[] } &
  /** `notes` are about labels that somebody moved at the same moment: the next look sees them. */
  (
    | { readonly kind: "applied"; readonly notes: readonly string[] }
    /** Somebody else was first with `what`; nothing after it was written. */
    | { readonly kind: "lost-race"; readonly what: string }
    /** `what` could not be written, nor what follows: the next look finishes it. */
    | { readonly kind: "failed"; readonly what: string; readonly error: GateError }
  );

interface Write {
  readonly name: string;
  run(): Promise<"written" | "lost" | { readonly note: string }>;
}

function isConflict(error: unknown): boolean {
  return error instanceof GateError && error.code === "REGISTRY_CONFLICT";
}

function stateWrites({ store }: RolloutPlaces, decision: Decision, revision: string | null): Write[] {
  const { state, prompt } = decision;
  if (state === null) return [];
  const run = async (): Promise<"written" | "lost"> => {
    const { kind } = await store.write(rolloutKey(prompt), stateText(state), revision);
    return kind === "written" ? "written" : "lost";
  };
  return [{ name: "state", run }];
}

function releaseWrites({ registry }: RolloutPlaces, { release }: Decision): Write[] {
  if (release === null) return [];
  const run = async (): Promise<"written" | "lost"> => {
    try {
      await registry.writeRelease(release);
      return "written";
    } catch (error) {
      if (isConflict(error)) return "lost";
      throw error;
    }
  };
  return [{ name: "release document", run }];
}

function labelWrite({ registry }: RolloutPlaces, request: MoveLabelRequest): Write {
  const { label } = request;
  return {
    name: `label ${label}`,
    async run() {
      try {
        await registry.moveLabel(request);
        return "written";
      } catch (error) {
        if (isConflict(error)) return { note: `label ${label} was moved by somebody else at this moment` };
        throw error;
      }
    },
  };
}

/** A hold that people should hear of says so, as its kind alone does not. */
function told({ id, notify }: Decision, entry: LedgerEntry): LedgerEntry {
  return notify && entry.id === id ? { ...entry, details: { ...entry.details, notify } } : entry;
}

function writesOf(places: RolloutPlaces, decision: Decision, revision: string | null): Write[] {
  const state = stateWrites(places, decision, revision);
  const traffic = [
    ...releaseWrites(places, decision),
    ...decision.labels.map((request) => labelWrite(places, request)),
  ];
  const ledger = decision.entries.map((entry) => ({
    name: `ledger: ${entry.kind}`,
    async run(): Promise<"written"> {
      await places.store.append(told(decision, entry));
      return "written";
    },
  }));
  return decision.order === "traffic-first"
    ? [...traffic, ...state, ...ledger]
    : [...state, ...traffic, ...ledger];
}

/**
 * Makes the writes of a decision in the order that it names, and stops at the first that fails or was lost: what is left
 * undone is seen by the next look. `revision` is that of the state that was decided on; null = there was none.
 */
export async function applyDecision(
  places: RolloutPlaces,
  decision: Decision,
  revision: string | null,
): Promise<AppliedDecision> {
  const written: string[] = [];
  const notes: string[] = [];
  for (const { name, run } of writesOf(places, decision, revision)) {
    try {
      const outcome = await run();
      if (outcome === "lost") return { kind: "lost-race", what: name, written };
      if (outcome === "written") written.push(name);
      else notes.push(outcome.note);
    } catch (error) {
      if (!(error instanceof GateError)) throw error;
      return { kind: "failed", what: name, error, written };
    }
  }
  return { kind: "applied", notes, written };
}
