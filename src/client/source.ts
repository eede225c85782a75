import type { VersionReference } from "../domain/registry.ts";
import type { Loaded } from "./slot.ts";

/**
 * Where a running application reads prompts. Both answer null for what does not exist and reject when they cannot tell;
 * what they return is checked by the client. `signal` ends a read that takes too long.
 */
export interface ReleaseSource {
  /** The release document of a prompt, parsed JSON; null when the prompt never had a rollout. */
  readRelease(prompt: string, signal: AbortSignal): Promise<unknown>;
  /** A stored version, parsed JSON: `{name, version, template}`. */
  readVersion(prompt: string, reference: VersionReference, signal: AbortSignal): Promise<unknown>;
}

/** One read of a prompt or a label, as a second level of caching sees it. */
export interface CachedRead {
  /** Names what is read among all that a client reads. */
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds. */
  readonly ttl: number;
  /** What this process has. */
  readonly previous: Loaded | null;
  /** Reads from any source, checked and within the client's deadline. */
  readonly read: (source: ReleaseSource) => Promise<Loaded["snapshot"]>;
  readonly source: ReleaseSource;
  readonly onProblem: (problem: Error) => void;
}

/** A second level, e.g. Redis: reads from the processes' shared memory or from the source. Rejects when both fail. */
export type SharedCache = (request: CachedRead) => Promise<Loaded>;
