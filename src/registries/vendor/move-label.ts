import { GateError } from "../../domain/errors.ts";
import type { Clock } from "../../domain/ports.ts";
import type { LabelMove, MoveLabelRequest, PromptVersion } from "../../domain/registry.ts";
import { moveOf, versionNotFound } from "../prompt-shelf.ts";
import { appendToCompanion, readCompanion, type Companion } from "./companion.ts";
import { afterMove } from "./companion-document.ts";
import { moveConflict, pointAndVerify, whereabouts, type Whereabouts } from "./pointers.ts";
import type { VendorPrompts, VendorRevision } from "./vendor.ts";

/** A version and the platform's id of it. */
export interface StoredRevision {
  readonly revision: VendorRevision;
  readonly version: PromptVersion;
}

export interface MoveSurroundings {
  readonly vendor: VendorPrompts;
  readonly clock: Clock;
  readonly stored: readonly StoredRevision[];
}

const ATTEMPTS = 50;

/** What the platform shows: the versions that hold a label. */
async function shownVersions(
  { vendor, stored }: MoveSurroundings,
  prompt: string,
  label: string,
): Promise<string[]> {
  const ids = (await vendor.pointers(prompt, label)).filter((pointer) => pointer.label === label);
  return ids.map(({ id }) => {
    const found = stored.find(({ revision }) => revision.id === id);
    // A label on a version that cannot be read points somewhere all the same.
    return found?.version.version ?? `revision ${id}`;
  });
}

function checkPlace(request: MoveLabelRequest, place: Whereabouts): "there" | "free" {
  switch (place.kind) {
    case "under-way":
      if (place.to === request.to) return "free";
      throw moveConflict(request, `is being moved to ${place.to}`);
    case "several":
      throw moveConflict(request, `points at ${place.versions.join(" and ")}`);
    case "at":
      if (place.version === request.to) return "there";
      if (place.version === request.expected) return "free";
      throw moveConflict(request, place.version === null ? "does not exist" : `points at ${place.version}`);
  }
}

/** True when a write that was first moved the same label: its move counts, ours was decided on what is past. */
function wasOvertaken(label: string, before: Companion, after: Companion): boolean {
  return after.links
    .slice(before.links.length)
    .some(({ document: { change } }) => change.kind === "move" && change.move.label === label);
}

/**
 * Moves a label on a platform that has no compare-and-swap: the move is first appended to our own log, where one writer
 * wins, then made on the platform, then looked at.
 */
export async function moveVendorLabel(
  surroundings: MoveSurroundings,
  request: MoveLabelRequest,
): Promise<LabelMove | null> {
  const { vendor, clock, stored } = surroundings;
  const { prompt, label, to, description } = request;
  const target = stored.find(({ version }) => version.version === to);
  if (target === undefined) throw versionNotFound(prompt, to);
  let first: Companion | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const companion = await readCompanion(vendor, prompt);
    if (first !== null && wasOvertaken(label, first, companion)) {
      throw moveConflict(
        request,
        `was moved to ${companion.state.labels[label]?.version ?? "another version"}`,
      );
    }
    first ??= companion;
    const shown = await shownVersions(surroundings, prompt, label);
    const place = whereabouts(shown, companion.state.labels[label], clock.now());
    const kept = companion.state.labels[label]?.description;
    // A platform that keeps descriptions forgets one that is not said again.
    const pointer = { label, id: target.revision.id, description: description ?? kept };
    if (checkPlace(request, place) === "there") return null;
    if (place.kind === "under-way") {
      await pointAndVerify(vendor, prompt, pointer);
      return null;
    }
    const at = new Date(clock.now()).toISOString();
    const move = moveOf(request, companion.state.moves + 1, at);
    const write = { change: { kind: "move", move } as const, state: afterMove(companion.state, move) };
    if (!(await appendToCompanion(vendor, prompt, companion, write))) continue;
    await pointAndVerify(vendor, prompt, pointer);
    return move;
  }
  throw new GateError("REGISTRY_CONFLICT", `other writers kept moving the labels of ${prompt}`, {
    hint: "run the command again",
    retryable: true,
  });
}
