import { createHash } from "node:crypto";
import { canonicalJson, type Digest } from "../domain/digest.ts";

/**
 * SHA-256 of the canonical JSON of `[[key, digest], …]` in order of the keys' UTF-16 units, without building it: there
 * may be a hundred thousand. Keys are distinct; `digestAt` gives the digest of the key at a place.
 */
export function orderedDigest(keys: readonly string[], digestAt: (place: number) => Digest): Digest {
  const hash = createHash("sha256").update("[");
  const places = Array.from(keys.keys()).sort((left, right) =>
    (keys[left] ?? "") < (keys[right] ?? "") ? -1 : 1,
  );
  for (const [index, place] of places.entries()) {
    hash.update(`${index === 0 ? "" : ","}${canonicalJson([keys[place], digestAt(place)])}`);
  }
  return `sha256:${hash.update("]").digest("hex")}`;
}
