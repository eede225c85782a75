import type { Registry } from "../domain/registry.ts";
import type { ReleaseSource } from "./source.ts";

/** Any registry as a source. Its calls end when they end: the client stops waiting at its deadline. */
export function registrySource(registry: Pick<Registry, "readRelease" | "readVersion">): ReleaseSource {
  return {
    readRelease: (prompt) => registry.readRelease(prompt),
    readVersion: (prompt, reference) => registry.readVersion(prompt, reference),
  };
}
