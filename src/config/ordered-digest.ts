import { createHash } from "node:crypto";
import { canonicalJson, type Digest } from "../domain/digest.ts";

/**
 * SHA-256 of the canonical JSON of `[[key, digest], …]` in order of the keys' UTF-16 units, without building it: there
 * may be a hundred thousand. Keys are distinct.
 */
export function orderedDigest(entries: readonly (readonly [key: string, digest: Digest])[]): Digest {
  const hash = createHash("sha256").update("[");
  const ordered = entries.toSorted(([left], [right]) => (left < right ? -1 : 1));
  for (const [index, entry] of ordered.entries()) {
    hash.update(`${index === 0 ? "" : ","}${canonicalJson(entry)}`);
  }
  return `sha256:${hash.update("]").digest("hex")}`;
}
