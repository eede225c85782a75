import { GateError } from "../domain/errors.ts";
import type { VersionReference } from "../domain/registry.ts";
import type { Share } from "./choose.ts";
import type { ReleaseHoldback } from "../domain/release.ts";
import { isShare, parseLoaded, parseRelease, type LoadedVersion, type Release } from "./documents.ts";
import type { ReleaseSource } from "./source.ts";

/** Everything that is needed to serve one prompt, or one label of it, from memory. */
export interface Snapshot {
  /** Null when a label says what is served. */
  readonly release: Release | null;
  readonly stable: LoadedVersion;
  /** By number; a version that could not be read is missing. */
  readonly versions: ReadonlyMap<string, LoadedVersion>;
  /** In the order in which they are looked at; null for one without any weight. */
  readonly shares: readonly (Share | null)[];
  /** Why one is missing: the snapshot is usable, but should be read again soon. */
  readonly problem: Error | null;
}

export interface SnapshotRequest {
  readonly prompt: string;
  /** Undefined for what the rollout says, and without one the label `production`. */
  readonly label: string | undefined;
  readonly source: ReleaseSource;
  readonly previous: Snapshot | null;
  readonly signal: AbortSignal;
}

/**
 * Reads what a prompt, or a label of it, is served from. Rejects when there is nothing to serve; a part that fails
 * leaves its units with the stable version.
 */
export async function readSnapshot(request: SnapshotRequest): Promise<Snapshot> {
  const { prompt, label = "production", source, previous, signal } = request;
  const read = async (reference: VersionReference, expected?: string): Promise<LoadedVersion> => {
    const value = await source.readVersion(prompt, reference, signal);
    if (value !== null) return parseLoaded(value, prompt, expected);
    throw new GateError("VERSION_NOT_FOUND", `${prompt}@${expected ?? label} does not exist`);
  };
  let release: Release | null = null;
  if (!request.label) {
    const document = await source.readRelease(prompt, signal);
    if (document !== null) release = parseRelease(document, prompt);
    // The newest that was ever seen counts: an older one, or none, comes from a cache or mirror that lags.
    if (previous?.release && !(release && release.generation >= previous.release.generation)) {
      throw new GateError("REGISTRY_CONFLICT", `${prompt}: an older release`);
    }
  }
  if (!release) {
    const stable = await read({ kind: "label", label });
    return { release, stable, versions: new Map([[stable.version, stable]]), shares: [], problem: null };
  }
  let problem = null;
  const versions = new Map<string, LoadedVersion>();
  const load = async (version: string): Promise<LoadedVersion | null> => {
    try {
      // A version never changes: what is known is not read again.
      const known = previous?.versions.get(version) ?? (await read({ kind: "version", version }, version));
      versions.set(version, known);
      return known;
    } catch (error) {
      problem = error as Error;
      return null;
    }
  };
  const share = async (variant: Share["variant"], given: ReleaseHoldback | null): Promise<Share | null> => {
    if (!given || given.weight === 0) return null;
    const salt = isShare(given) ? given.salt : "";
    return { variant, salt, weight: given.weight, loaded: salt ? await load(given.version) : null };
  };
  const [newest, ...shares] = await Promise.all([
    load(release.stable),
    share("canary", release.candidate),
    share("holdback", release.holdback),
  ]);
  // A newer document takes exposure away even while its stable version cannot be read: the version before waits for it.
  const stable = newest ?? previous?.stable;
  if (!stable) throw problem;
  return { release, stable, versions, shares, problem };
}
