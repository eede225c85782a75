import { describe, expect, it } from "vitest";
import { allPages, aMove, prompt, registryForEach, type Opened } from "./registry-requests.ts";

/** What the port promises of labels and their history. */
export function labelContract(name: string, create: () => Promise<Opened>): void {
  describe(`${name} keeps the promises of labels`, () => {
    const { registry, publishAll } = registryForEach(create);

    describe("labels", () => {
      it("appear with their first move and say where they point, since when and by whom", async () => {
        await publishAll("1.0.0");
        const move = await registry().moveLabel(aMove({ description: "What customers get" }));
        expect(move).toMatchObject({ sequence: 1, label: "production", from: null, to: "1.0.0" });
        expect(await registry().listLabels(prompt)).toEqual([
          {
            name: "production",
            version: "1.0.0",
            description: "What customers get",
            since: move?.at,
            by: "Ada Lovelace <ada@example.com>",
          },
        ]);
        const read = await registry().readVersion(prompt, { kind: "label", label: "production" });
        expect(read?.version).toBe("1.0.0");
      });

      it("keep their description until a move changes it", async () => {
        await publishAll("1.0.0", "1.1.0", "1.2.0");
        await registry().moveLabel(aMove({ description: "old words" }));
        await registry().moveLabel(aMove({ to: "1.1.0", expected: "1.0.0" }));
        expect((await registry().listLabels(prompt))[0]?.description).toBe("old words");
        await registry().moveLabel(aMove({ to: "1.2.0", expected: "1.1.0", description: "new words" }));
        expect((await registry().listLabels(prompt))[0]?.description).toBe("new words");
      });

      it("are listed by name", async () => {
        await publishAll("1.0.0");
        for (const label of ["staging", "canary", "x_1", "production"])
          await registry().moveLabel(aMove({ label }));
        const names = (await registry().listLabels(prompt)).map((label) => label.name);
        expect(names).toEqual(["canary", "production", "staging", "x_1"]);
      });

      it("move back as well as forth", async () => {
        await publishAll("1.0.0", "1.1.0");
        await registry().moveLabel(aMove({ to: "1.1.0" }));
        await registry().moveLabel(aMove({ to: "1.0.0", expected: "1.1.0", reason: "rollback" }));
        const read = await registry().readVersion(prompt, { kind: "label", label: "production" });
        expect(read?.version).toBe("1.0.0");
      });

      it.each([
        { title: "it was thought to be new", expected: null },
        { title: "it was thought to be elsewhere", expected: "1.1.0" },
      ])("stay where they are when $title", async ({ expected }) => {
        await publishAll("1.0.0", "1.1.0", "1.2.0");
        await registry().moveLabel(aMove());
        await expect(registry().moveLabel(aMove({ to: "1.2.0", expected }))).rejects.toMatchObject({
          code: "REGISTRY_CONFLICT",
        });
        expect((await registry().history(prompt)).items).toHaveLength(1);
        expect((await registry().listLabels(prompt))[0]?.version).toBe("1.0.0");
      });

      it("are not created by a caller who saw one that is not there", async () => {
        await publishAll("1.0.0", "1.1.0");
        await expect(registry().moveLabel(aMove({ expected: "1.1.0" }))).rejects.toMatchObject({
          code: "REGISTRY_CONFLICT",
        });
        expect(await registry().listLabels(prompt)).toEqual([]);
      });

      it("write no history when they are moved to where they are", async () => {
        await publishAll("1.0.0");
        await registry().moveLabel(aMove());
        expect(await registry().moveLabel(aMove({ expected: "1.0.0" }))).toBeNull();
        expect(await registry().moveLabel(aMove({ expected: null }))).toBeNull();
        expect((await registry().history(prompt)).items).toHaveLength(1);
      });

      it.each([
        { title: "version", request: { to: "9.9.9" } },
        { title: "prompt", request: { prompt: "unknown" } },
      ])("do not move to a $title that does not exist", async ({ request }) => {
        await publishAll("1.0.0");
        await expect(registry().moveLabel(aMove(request))).rejects.toMatchObject({
          code: "VERSION_NOT_FOUND",
        });
        expect(await registry().listLabels(prompt)).toEqual([]);
      });

      it("let exactly one of many simultaneous moves win", async () => {
        const versions = Array.from({ length: 8 }, (_, index) => `1.${index + 1}.0`);
        await publishAll("1.0.0", ...versions);
        await registry().moveLabel(aMove());
        const results = await Promise.allSettled(
          versions.map((to) => registry().moveLabel(aMove({ to, expected: "1.0.0" }))),
        );
        const won = results.filter((result) => result.status === "fulfilled");
        expect(won).toHaveLength(1);
        expect((await registry().history(prompt)).items).toHaveLength(2);
      });

      it("of different names move at the same time without losing one", async () => {
        await publishAll("1.0.0");
        const labels = Array.from({ length: 12 }, (_, index) => `label-${index}`);
        await Promise.all(labels.map((label) => registry().moveLabel(aMove({ label }))));
        const { items } = await registry().history(prompt);
        expect(items.map((move) => move.sequence)).toEqual(
          Array.from({ length: 12 }, (_, index) => 12 - index),
        );
        expect(new Set(items.map((move) => move.label))).toEqual(new Set(labels));
      });
    });

    describe("history", () => {
      it("tells who moved what, when, why, from where and to where, newest first", async () => {
        await publishAll("1.0.0", "1.1.0");
        await registry().moveLabel(aMove({ reason: "Für alle 🚀\nsecond line" }));
        await registry().moveLabel(aMove({ to: "1.1.0", expected: "1.0.0", by: "Bob", reason: "better" }));
        const { items } = await registry().history(prompt);
        expect(items).toMatchObject([
          { sequence: 2, label: "production", from: "1.0.0", to: "1.1.0", by: "Bob", reason: "better" },
          {
            sequence: 1,
            label: "production",
            from: null,
            to: "1.0.0",
            by: "Ada Lovelace <ada@example.com>",
            reason: "Für alle 🚀\nsecond line",
          },
        ]);
        expect(items.every((move) => new Date(move.at).toISOString() === move.at)).toBe(true);
      });

      it("comes in pages", async () => {
        await publishAll("1.0.0", "1.1.0");
        let expected: string | null = null;
        for (let index = 0; index < 25; index++) {
          const to: string = index % 2 === 0 ? "1.0.0" : "1.1.0";
          await registry().moveLabel(aMove({ to, expected }));
          expected = to;
        }
        const pages = await allPages((page) => registry().history(prompt, page), 10);
        expect(pages.map((page) => page.length)).toEqual([10, 10, 5]);
        const sequences = pages.flat().map((move) => move.sequence);
        expect(sequences).toEqual(Array.from({ length: 25 }, (_, index) => 25 - index));
      });
    });
  });
}
