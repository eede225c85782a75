import { GateError } from "../../domain/errors.ts";
import type { MoveLabelRequest } from "../../domain/registry.ts";
import { visibleLine } from "../../domain/visible.ts";
import { mayHaveHappened } from "./lost-answer.ts";
import type { LabelState } from "./companion-document.ts";
import type { VendorPrompts } from "./vendor.ts";

/** A move that was written down and is not on the platform yet, for at most this long. */
const UNDER_WAY_MS = 120_000;

/** Where a label is: what the platform shows, unless a move of ours is on its way. */
export type Whereabouts =
  | { readonly kind: "at"; readonly version: string | null }
  | { readonly kind: "under-way"; readonly to: string }
  /** The platform shows the label on several versions, after a race of its writers. */
  | { readonly kind: "several"; readonly versions: readonly string[] };

/**
 * Reads a label's place from the platform's view and our record. A record that the platform does not show is a move under
 * way, or one that somebody undid by hand; after two minutes it is taken for the latter.
 */
export function whereabouts(
  shown: readonly string[],
  recorded: LabelState | undefined,
  now: number,
): Whereabouts {
  const isRecent = recorded !== undefined && now - Date.parse(recorded.since) < UNDER_WAY_MS;
  if (recorded !== undefined && shown.includes(recorded.version)) {
    return shown.length === 1
      ? { kind: "at", version: recorded.version }
      : { kind: "several", versions: shown };
  }
  if (isRecent) return { kind: "under-way", to: recorded.version };
  if (shown.length > 1) return { kind: "several", versions: shown };
  return { kind: "at", version: shown[0] ?? null };
}

export function moveConflict(
  { prompt, label, expected }: Pick<MoveLabelRequest, "prompt" | "label" | "expected">,
  where: string,
): GateError {
  const seen =
    expected === null ? "it was expected to be new" : `it was expected at ${visibleLine(expected)}`;
  return new GateError("REGISTRY_CONFLICT", `label ${label} of ${prompt} ${where}, ${seen}`, {
    hint: "somebody moved it meanwhile: look at `promptgate status` and decide again",
  });
}

/**
 * Points a label at one version and looks whether it is there and nowhere else: a platform may lose the race of two
 * writers, or fail after it had done what it was asked.
 */
export async function pointAndVerify(
  vendor: VendorPrompts,
  prompt: string,
  { label, id, description }: { label: string; id: string; description: string | undefined },
): Promise<void> {
  let failure: unknown = null;
  for (let attempt = 0; attempt < 3; attempt += 1) {
    try {
      await vendor.point(prompt, { label, id }, description);
    } catch (error) {
      if (!mayHaveHappened(error)) throw error;
      failure = error;
    }
    const holders = (await vendor.pointers(prompt, label)).filter((pointer) => pointer.label === label);
    if (holders.length === 1 && holders[0]?.id === id) return;
  }
  if (failure !== null) throw failure as Error;
  throw new GateError(
    "REGISTRY_CONFLICT",
    `${vendor.vendor} does not keep label ${label} of ${prompt} in its place`,
    {
      hint: "somebody else is moving it: look at `promptgate status` and decide again",
    },
  );
}
