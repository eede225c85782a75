import { GateError } from "../domain/errors.ts";
import { parseLoaded, parseRelease, type LoadedVersion, type Release } from "./documents.ts";
import type { ReleaseSource } from "./source.ts";

/** Everything that is needed to serve one prompt, or one label of it, from memory. */
export interface Snapshot {
  /** Null when a label says what is served. */
  readonly release: Release | null;
  readonly stable: LoadedVersion;
  /** Null when nobody gets it or it could not be read. */
  readonly candidate: LoadedVersion | null;
  readonly holdback: LoadedVersion | null;
  /** What could not be read, or null: the snapshot is usable but should be read again soon. */
  readonly problem: Error | null;
}

export interface SnapshotRequest {
  readonly prompt: string;
  /** Null for what the rollout says. */
  readonly label: string | null;
  readonly source: ReleaseSource;
  readonly previous: Snapshot | null;
  readonly signal: AbortSignal;
}

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function pinned(stable: LoadedVersion, problem: Error | null = null): Snapshot {
  return { release: null, stable, candidate: null, holdback: null, problem };
}

async function readLabel({ prompt, source, signal }: SnapshotRequest, label: string): Promise<LoadedVersion> {
  const value = await source.readVersion(prompt, { kind: "label", label }, signal);
  if (value !== null) return parseLoaded(value, prompt, null);
  throw new GateError("VERSION_NOT_FOUND", `${prompt} has no label ${label}`);
}

/** The version by number, taken from memory where it is known: a version never changes. */
async function readNumber(request: SnapshotRequest, version: string): Promise<LoadedVersion> {
  const { prompt, source, previous, signal } = request;
  for (const known of [previous?.stable, previous?.candidate, previous?.holdback]) {
    if (known?.version === version) return known;
  }
  const value = await source.readVersion(prompt, { kind: "version", version }, signal);
  if (value !== null) return parseLoaded(value, prompt, version);
  throw new GateError("VERSION_NOT_FOUND", `${prompt}@${version} is not in the registry`);
}

/** The newest release document that was ever seen: an older one is a cache or a mirror that lags. */
async function readRelease({ prompt, source, previous, signal }: SnapshotRequest): Promise<Release | null> {
  const document = await source.readRelease(prompt, signal);
  const known = previous?.release ?? null;
  const release = document === null ? null : parseRelease(document, prompt);
  if (known === null || (release !== null && release.generation > known.generation)) return release;
  if (release?.generation === known.generation) return known;
  throw new GateError(
    "REGISTRY_CONFLICT",
    `${prompt}: generation ${release?.generation ?? "none"} of the release is older than ${known.generation}, which was seen`,
  );
}

async function followRelease(request: SnapshotRequest, release: Release): Promise<Snapshot> {
  let problem: Error | null = null;
  const attempt = async (version: string): Promise<LoadedVersion | null> => {
    try {
      return await readNumber(request, version);
    } catch (error) {
      problem = asError(error);
      return null;
    }
  };
  const shareOf = (part: Release["candidate"] | Release["holdback"]): Promise<LoadedVersion | null> | null =>
    part === null || part === "invalid" || part.weight === 0 ? null : attempt(part.version);
  const [stable, candidate, holdback] = await Promise.all([
    attempt(release.stable),
    shareOf(release.candidate),
    shareOf(release.holdback),
  ]);
  // A newer document whose stable version cannot be read still takes exposure away: its shares count, the version waits.
  const served = stable ?? request.previous?.stable;
  if (served === undefined) throw problem ?? new GateError("INTERNAL", "no stable version and no reason");
  return { release, stable: served, candidate, holdback, problem };
}

/**
 * Reads what a prompt, or a label of it, is served from. Throws when there is nothing to serve; parts that fail leave
 * their units with the stable version.
 */
export async function readSnapshot(request: SnapshotRequest): Promise<Snapshot> {
  if (request.label !== null) return pinned(await readLabel(request, request.label));
  let release: Release | null;
  try {
    release = await readRelease(request);
  } catch (error) {
    if (request.previous !== null) throw error;
    // A process that knows nothing yet is better served by the label that releases follow than by nothing.
    const stable = await readLabel(request, "production").catch(() => null);
    if (stable === null) throw error;
    return pinned(stable, asError(error));
  }
  return release === null ? pinned(await readLabel(request, "production")) : followRelease(request, release);
}
