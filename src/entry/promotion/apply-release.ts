import { GateError } from "../../domain/errors.ts";
import type { Registry } from "../../domain/registry.ts";
import type { ReleaseDocument } from "../../domain/release.ts";
import { nextRelease, releaseWrite, type ReleaseContent } from "../../rollout/documents.ts";

export interface ReleaseChange {
  readonly registry: Registry;
  readonly prompt: string;
  /** What the caller decided on; null when there is none yet. */
  readonly before: ReleaseDocument | null;
  readonly after: ReleaseContent;
  readonly by: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly at: string;
}

function isSame(before: ReleaseDocument | null, after: ReleaseContent): boolean {
  if (before === null) return false;
  const { stable, candidate, holdback } = before;
  return (
    JSON.stringify([stable, candidate, holdback]) ===
    JSON.stringify([after.stable, after.candidate, after.holdback])
  );
}

/** Writes the release document once; what is there already is not written again. Throws `REGISTRY_CONFLICT`. */
async function writeTraffic(change: ReleaseChange): Promise<void> {
  const { registry, prompt, before, after, by, reason, at } = change;
  if (isSame(before, after)) return;
  const document = nextRelease(prompt, after, before, Date.parse(at));
  await registry.writeRelease(releaseWrite(document, before, { by, reason }));
}

/** A write of the record (state, label): false when somebody else was first and nothing was written. */
export type RecordWrite = () => Promise<boolean>;

export type AppliedRelease =
  | { readonly kind: "applied" }
  /** Somebody else was first; nothing was written. */
  | { readonly kind: "lost-race" }
  /** The second of the two writes is missing; the next try can do it. `first` is what was written. */
  | { readonly kind: "half"; readonly first: "traffic" | "record"; readonly error: GateError };

function asGateError(error: unknown): GateError {
  if (error instanceof GateError) return error;
  throw error;
}

function conflict(what: string): GateError {
  return new GateError("REGISTRY_CONFLICT", `somebody else changed ${what} meanwhile`, {
    hint: "run the command again: it looks at what is there first",
  });
}

async function tryTraffic(change: ReleaseChange): Promise<GateError | null> {
  try {
    await writeTraffic(change);
    return null;
  } catch (error) {
    return asGateError(error);
  }
}

/**
 * `lower`: back to a version that people already have. Only the caller knows: a document with another stable version may
 * be the end of a rollout or the way back from one.
 */
export type Direction = "lower" | "raise";

/**
 * Writes traffic and record in the order in which a death in between leaves less exposure, never more: lowering writes
 * the release document first, raising the record. Throws what the first write throws, but for a lost race.
 */
export async function applyRelease(
  change: ReleaseChange,
  direction: Direction,
  record: RecordWrite,
): Promise<AppliedRelease> {
  if (direction === "raise") {
    if (!(await record())) return { kind: "lost-race" };
    const error = await tryTraffic(change);
    return error === null ? { kind: "applied" } : { kind: "half", first: "record", error };
  }
  const error = await tryTraffic(change);
  if (error !== null) {
    if (error.code === "REGISTRY_CONFLICT") return { kind: "lost-race" };
    throw error;
  }
  try {
    if (await record()) return { kind: "applied" };
    return { kind: "half", first: "traffic", error: conflict("the record") };
  } catch (failure) {
    return { kind: "half", first: "traffic", error: asGateError(failure) };
  }
}

const ATTEMPTS = 50;

/**
 * Lowers traffic whatever else happens: every lost race is another writer's success, after which the document is read
 * and changed again. `lower` gets what is there and answers what should be; null = nothing to write.
 */
export async function lowerTraffic(
  change: Omit<ReleaseChange, "before" | "after">,
  lower: (document: ReleaseDocument) => ReleaseContent | null,
): Promise<{ readonly before: ReleaseDocument; readonly wrote: boolean } | null> {
  for (let attempt = 1; ; attempt++) {
    const before = await change.registry.readRelease(change.prompt);
    if (before === null) return null;
    const after = lower(before);
    if (after === null || isSame(before, after)) return { before, wrote: false };
    const error = await tryTraffic({ ...change, before, after });
    if (error === null) return { before, wrote: true };
    if (error.code !== "REGISTRY_CONFLICT" || attempt === ATTEMPTS) throw error;
  }
}
