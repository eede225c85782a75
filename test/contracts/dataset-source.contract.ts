import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatasetSource, PlatformDataset, PlatformItem } from "../../src/domain/platform.ts";

interface OpenedDatasets {
  readonly source: DatasetSource;
  /** Adds an item to a dataset, which it makes, or replaces the one with that id; as somebody there would. */
  readonly put: (name: string, item: PlatformItem) => Promise<void>;
  /** Lets so much time pass there that what is put next belongs to a later version. */
  readonly later: () => Promise<void>;
  readonly cleanup: () => Promise<void>;
}

export interface DatasetSubject {
  readonly create: () => Promise<OpenedDatasets>;
  /** Why no version pins what is there now, or null when one does. */
  readonly withoutVersions: string | null;
  /** A version that was never there, in the form that the platform has them; null where there is none to ask for. */
  readonly unknownVersion: string | null;
  /** What an expected output is once it was stored, where that is not what was put. */
  readonly storedOutput?: (written: unknown) => unknown;
}

const never = new AbortController().signal;

async function itemsOf({ items }: PlatformDataset): Promise<PlatformItem[]> {
  const found: PlatformItem[] = [];
  for await (const item of items) found.push(item);
  return found.sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** Everything that the port promises; every platform with datasets passes it. */
export function datasetSourceContract(name: string, subject: DatasetSubject): void {
  const { create, withoutVersions, unknownVersion, storedOutput = (written: unknown) => written } = subject;

  describe(`${name} keeps the promises of a source of datasets`, () => {
    let opened: OpenedDatasets;
    beforeAll(async () => {
      opened = await create();
      for (let index = 0; index < 230; index += 1) {
        const id = `item-${String(index).padStart(3, "0")}`;
        await opened.put("many", {
          id,
          input: { query: `question ${index}` },
          expectedOutput: { text: `${index}` },
        });
      }
    });
    afterAll(async () => opened.cleanup());

    const open = async (dataset: string, version?: string): Promise<PlatformDataset> =>
      opened.source.open({ name: dataset, ...(version === undefined ? {} : { version }) }, never);

    it("gives every item once, whatever the size of a page", async () => {
      const items = await itemsOf(await open("many"));
      expect(items.map(({ id }) => id)).toEqual(
        Array.from({ length: 230 }, (_, index) => `item-${String(index).padStart(3, "0")}`),
      );
      expect(items[17]).toMatchObject({ input: { query: "question 17" } });
      expect(items[17]?.expectedOutput).toEqual(storedOutput({ text: "17" }));
    });

    it("gives metadata as it was written", async () => {
      const metadata = { promptgate: { critical: true, tags: ["refund"] }, owner: "ana" };
      await opened.put("noted", {
        id: "one",
        input: { query: "a" },
        expectedOutput: { text: "b" },
        metadata,
      });
      const [item] = await itemsOf(await open("noted"));
      expect(item?.metadata).toMatchObject(metadata);
    });

    it("refuses a dataset that is not there, by its name", async () => {
      await expect(open("nobody-made-this")).rejects.toMatchObject({
        code: "DATASET_INVALID",
        message: expect.stringContaining("nobody-made-this") as string,
      });
    });

    it("says its version, which means the same items after they were changed", async (context) => {
      if (withoutVersions !== null) return context.skip(withoutVersions);
      await opened.put("changing", { id: "one", input: { query: "before" }, expectedOutput: { text: "x" } });
      const { version } = await open("changing");
      expect(version).toEqual(expect.any(String));
      await opened.later();
      await opened.put("changing", { id: "one", input: { query: "after" }, expectedOutput: { text: "x" } });
      await opened.put("changing", { id: "two", input: { query: "new" }, expectedOutput: { text: "x" } });
      const pinned = await open("changing", version ?? "");
      expect(pinned.version).toBe(version);
      expect(await itemsOf(pinned)).toMatchObject([{ id: "one", input: { query: "before" } }]);
      expect(await itemsOf(await open("changing"))).toMatchObject([
        { id: "one", input: { query: "after" } },
        { id: "two", input: { query: "new" } },
      ]);
    });

    it("refuses a version that is not there", async (context) => {
      if (unknownVersion === null) return context.skip("any version is one");
      await expect(open("many", unknownVersion).then(itemsOf)).rejects.toMatchObject({
        code: "DATASET_INVALID",
      });
    });
  });
}
