import type { Digest } from "../../domain/digest.ts";

export interface SplitLimits {
  readonly requests: number;
  readonly bytes: number;
}

/**
 * The requests of one model in parts that keep the limits, in the order of their digests: whoever splits the same
 * requests gets the same parts. `bytes`: length of each request's line. A line above the limit is a part of its own.
 */
export function splitRequests(bytes: ReadonlyMap<Digest, number>, limits: SplitLimits): Digest[][] {
  const parts: Digest[][] = [];
  let part: Digest[] = [];
  let size = 0;
  for (const [digest, length] of [...bytes].sort(([left], [right]) => (left < right ? -1 : 1))) {
    if (part.length > 0 && (part.length >= limits.requests || size + length > limits.bytes)) {
      parts.push(part);
      part = [];
      size = 0;
    }
    part.push(digest);
    size += length;
  }
  return part.length === 0 ? parts : [...parts, part];
}
