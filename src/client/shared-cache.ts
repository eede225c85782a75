import type { VersionReference } from "../domain/registry.ts";
import type { ReleaseSource } from "./source.ts";
import type { Snapshot } from "./snapshot.ts";

/** A second level that processes share, e.g. Redis. Faults of it cost a look at the registry and nothing else. */
export interface SharedCache {
  /** Null for what is not there. */
  get(key: string): Promise<string | null>;
  set(key: string, value: string, ttlMs: number): Promise<unknown>;
}

/** What one process read, for others: a source in itself. */
export interface SharedEntry {
  /** Milliseconds since 1970 when the registry said so. */
  readonly at: number;
  readonly source: ReleaseSource;
}

const SCHEMA = "promptgate/client-cache@1";
/** Long beyond every TTL: a process that starts while the registry is down has the last known good of the others. */
export const KEEP_MS = 24 * 60 * 60 * 1000;

/** One snapshot as text. */
export function renderEntry({ release, stable, candidate, holdback }: Snapshot, at: number): string {
  const versions = [stable, candidate, holdback].filter((version) => version !== null);
  return JSON.stringify({ schema: SCHEMA, at, release: release?.document ?? null, versions });
}

/** Null when the text is none of ours; the documents in it are checked like a registry's. */
export function parseEntry(text: string | null): SharedEntry | null {
  if (text === null) return null;
  const entry = JSON.parse(text) as Record<string, unknown> | null;
  const at = entry?.["at"];
  const versions: unknown = entry?.["versions"];
  if (entry?.["schema"] !== SCHEMA || typeof at !== "number" || !Array.isArray(versions)) return null;
  const find = (reference: VersionReference): unknown =>
    reference.kind === "version"
      ? versions.find((version) => (version as { version?: unknown } | null)?.version === reference.version)
      : versions[0];
  return {
    at,
    source: {
      readRelease: async () => entry["release"] ?? null,
      readVersion: async (_, reference) => find(reference) ?? null,
    },
  };
}
