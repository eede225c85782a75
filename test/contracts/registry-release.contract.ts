import { describe, expect, it } from "vitest";
import type { ReleaseDocument, WriteReleaseRequest } from "../../src/domain/release.ts";
import { prompt, registryForEach, type Opened } from "./registry-requests.ts";

export function aRelease(changes: Partial<ReleaseDocument> = {}): ReleaseDocument {
  return {
    schema: "promptgate/release@1",
    prompt,
    stable: "1.0.0",
    candidate: { version: "1.1.0", weight: 5_000, salt: "customer-support.r1", hashVersion: 1 },
    holdback: null,
    generation: 1,
    updatedAt: "2026-11-20T10:00:00.000Z",
    ...changes,
  };
}

export function aReleaseWrite(
  document: Partial<ReleaseDocument> = {},
  expected: number | null = null,
): WriteReleaseRequest {
  return { document: aRelease(document), expected, by: "Ada Lovelace <ada@example.com>", reason: "5 %" };
}

/** What the port promises of release documents. */
export function releaseContract(name: string, create: () => Promise<Opened>): void {
  describe(`${name} keeps the promises of release documents`, () => {
    const { registry, publishAll } = registryForEach(create);
    const second = { generation: 2, candidate: null };

    it("has none of a prompt that never had a rollout", async () => {
      expect(await registry().readRelease(prompt)).toBeNull();
      await publishAll("1.0.0");
      expect(await registry().readRelease(prompt)).toBeNull();
    });

    it("gives back what was written, in every detail, and the newest of several", async () => {
      await publishAll("1.0.0", "1.1.0");
      await registry().writeRelease(aReleaseWrite());
      expect(await registry().readRelease(prompt)).toEqual(aRelease());
      const holdback = { version: "1.0.0", weight: 5_000, salt: "customer-support.r1" };
      const next = { generation: 2, stable: "1.1.0", candidate: null, holdback };
      await registry().writeRelease(aReleaseWrite(next, 1));
      expect(await registry().readRelease(prompt)).toEqual(aRelease(next));
    });

    it("keeps the prompts apart", async () => {
      await publishAll("1.0.0", "1.1.0");
      await registry().writeRelease(aReleaseWrite());
      expect(await registry().readRelease("another")).toBeNull();
    });

    it("takes the same write again, so that one whose answer was lost may be repeated", async () => {
      await publishAll("1.0.0", "1.1.0");
      await registry().writeRelease(aReleaseWrite());
      await registry().writeRelease(aReleaseWrite());
      await registry().writeRelease(aReleaseWrite(second, 1));
      await registry().writeRelease(aReleaseWrite(second, 1));
      expect(await registry().readRelease(prompt)).toEqual(aRelease(second));
    });

    it.each([
      { title: "none, and there is one", expected: null, generation: 1 },
      { title: "an older one", expected: 1, generation: 2 },
      { title: "a newer one", expected: 3, generation: 4 },
    ])("is left alone by a writer who expected $title", async ({ expected, generation }) => {
      await publishAll("1.0.0", "1.1.0");
      await registry().writeRelease(aReleaseWrite());
      await registry().writeRelease(aReleaseWrite(second, 1));
      const other = aReleaseWrite({ generation, stable: "1.1.0", candidate: null }, expected);
      await expect(registry().writeRelease(other)).rejects.toMatchObject({ code: "REGISTRY_CONFLICT" });
      expect(await registry().readRelease(prompt)).toEqual(aRelease(second));
    });

    it("is not created by a writer who saw one", async () => {
      await publishAll("1.0.0", "1.1.0");
      await expect(registry().writeRelease(aReleaseWrite(second, 1))).rejects.toMatchObject({
        code: "REGISTRY_CONFLICT",
      });
      expect(await registry().readRelease(prompt)).toBeNull();
    });

    it("lets exactly one of many simultaneous writers win", async () => {
      await publishAll("1.0.0", "1.1.0");
      await registry().writeRelease(aReleaseWrite());
      const weights = Array.from({ length: 8 }, (_, index) => (index + 1) * 10_000);
      const results = await Promise.allSettled(
        weights.map((weight) => {
          const candidate = {
            version: "1.1.0",
            weight,
            salt: "customer-support.r1",
            hashVersion: 1 as const,
          };
          return registry().writeRelease(aReleaseWrite({ generation: 2, candidate }, 1));
        }),
      );
      const winners = weights.filter((_, index) => results[index]?.status === "fulfilled");
      expect(winners).toHaveLength(1);
      expect((await registry().readRelease(prompt))?.candidate?.weight).toBe(winners[0]);
    });

    it.each([
      { title: "stable version", change: { stable: "9.9.9" } },
      {
        title: "candidate",
        change: { candidate: { version: "9.9.9", weight: 0, salt: "a.r1", hashVersion: 1 as const } },
      },
      { title: "held back version", change: { holdback: { version: "9.9.9", weight: 0, salt: "a.r1" } } },
      { title: "prompt", change: { prompt: "unknown" } },
    ])("is refused when its $title does not exist", async ({ change }) => {
      await publishAll("1.0.0", "1.1.0");
      await expect(registry().writeRelease(aReleaseWrite(change))).rejects.toMatchObject({
        code: "VERSION_NOT_FOUND",
      });
      expect(await registry().readRelease(prompt)).toBeNull();
    });

    it.each([-1, 100_001, 0.5, Number.NaN, Number.POSITIVE_INFINITY])(
      "refuses the weight %s",
      async (weight) => {
        await publishAll("1.0.0", "1.1.0");
        const salt = "customer-support.r1";
        const candidate = { version: "1.1.0", weight, salt, hashVersion: 1 as const };
        const holdback = { version: "1.1.0", weight, salt };
        for (const change of [{ candidate }, { candidate: null, holdback }]) {
          await expect(registry().writeRelease(aReleaseWrite(change))).rejects.toMatchObject({
            code: "USAGE",
          });
        }
        expect(await registry().readRelease(prompt)).toBeNull();
      },
    );

    it.each(["", "a b", "ä", "a/b", "a:b", "x".repeat(81)])("refuses the salt %j", async (salt) => {
      await publishAll("1.0.0", "1.1.0");
      const candidate = { version: "1.1.0", weight: 0, salt, hashVersion: 1 as const };
      await expect(registry().writeRelease(aReleaseWrite({ candidate }))).rejects.toMatchObject({
        code: "USAGE",
      });
    });

    it.each([
      { title: "a generation that skips one", change: { generation: 2 } },
      { title: "generation 0", change: { generation: 0 } },
      { title: "a time that is none", change: { updatedAt: "yesterday" } },
      { title: "a version that is none", change: { stable: "latest" } },
      { title: "another schema", change: { schema: "promptgate/release@2" as "promptgate/release@1" } },
      { title: "a prompt that cannot be a name", change: { prompt: "../up" } },
    ])("refuses $title", async ({ change }) => {
      await publishAll("1.0.0", "1.1.0");
      await expect(registry().writeRelease(aReleaseWrite(change))).rejects.toMatchObject({ code: "USAGE" });
      expect(await registry().readRelease(prompt)).toBeNull();
    });
  });
}
