import type { VersionReference } from "../domain/registry.ts";

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
