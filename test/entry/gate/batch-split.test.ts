import { describe, expect, it } from "vitest";
import { fc } from "../../properties.ts";
import type { Digest } from "../../../src/domain/digest.ts";
import { splitRequests } from "../../../src/entry/gate/batch-split.ts";

const lengths = fc
  .array(fc.tuple(fc.stringMatching(/^[0-9a-f]{64}$/), fc.integer({ min: 1, max: 100 })), { maxLength: 60 })
  .map((entries) => new Map(entries.map(([hex, length]): [Digest, number] => [`sha256:${hex}`, length])));
const limits = fc.record({
  requests: fc.integer({ min: 1, max: 20 }),
  bytes: fc.integer({ min: 1, max: 500 }),
});

describe("the parts of a batch", () => {
  it("hold every request once and keep the limits, but for a request that is larger by itself", () => {
    fc.assert(
      fc.property(lengths, limits, (bytes, limit) => {
        const parts = splitRequests(bytes, limit);
        expect(parts.flat().toSorted()).toEqual([...bytes.keys()].toSorted());
        for (const part of parts) {
          const size = part.reduce((sum, digest) => sum + (bytes.get(digest) ?? 0), 0);
          expect(part.length).toBeGreaterThan(0);
          expect(part.length).toBeLessThanOrEqual(limit.requests);
          expect(size <= limit.bytes || part.length === 1).toBe(true);
        }
      }),
    );
  });

  it("do not depend on the order in which requests were found", () => {
    fc.assert(
      fc.property(lengths, limits, (bytes, limit) => {
        const backwards = new Map([...bytes].toReversed());
        expect(splitRequests(backwards, limit)).toEqual(splitRequests(bytes, limit));
      }),
    );
  });
});
