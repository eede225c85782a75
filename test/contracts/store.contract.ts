import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jsonDigest } from "../../src/domain/digest.ts";
import type { LedgerEntry } from "../../src/domain/ledger.ts";
import { rolloutKey, type Store } from "../../src/domain/store.ts";
import { aLedgerEntry } from "../stores/a-ledger-entry.ts";
import { allPages } from "./registry-requests.ts";

export interface OpenedStore {
  readonly store: Store;
  /** The same store as another process would open it. */
  reopened(): Store;
  cleanup(): Promise<void>;
}

const key = rolloutKey("customer-support");

async function written(store: Store, text: string, expected: string | null, name = key): Promise<string> {
  const outcome = await store.write(name, text, expected);
  if (outcome.kind === "written") return outcome.revision;
  throw new Error("the write was expected to succeed");
}

function entryAt(minute: number, changes: Partial<LedgerEntry> = {}): LedgerEntry {
  return aLedgerEntry({ at: new Date(Date.UTC(2026, 10, 20, 10, minute)).toISOString(), ...changes });
}

/** Everything that the port promises; every store passes it, the fake of the tests included. */
export function storeContract(name: string, create: () => Promise<OpenedStore>): void {
  describe(`${name} keeps the promises of a store`, () => {
    let opened: OpenedStore;
    let store: Store;

    beforeEach(async () => {
      opened = await create();
      store = opened.store;
    });
    afterEach(async () => opened.cleanup());

    it("is empty at first", async () => {
      expect(await store.read(key)).toBeNull();
      expect(await store.keys("")).toEqual([]);
      expect(await store.ledger(null)).toEqual({ items: [], next: null });
      expect(await store.ledger("customer-support")).toEqual({ items: [], next: null });
      expect(await store.attestations(jsonDigest(1))).toEqual([]);
    });

    describe("documents", () => {
      it.each(["", "{}", '{"schema":"x"}\n', "not JSON at all", 'Grüße 世界 👋 \u202e\u0007\r\n\t"\\\n\n'])(
        "come back as they were written: %j",
        async (text) => {
          const revision = await written(store, text, null);
          expect(await store.read(key)).toEqual({ text, revision });
          expect(await opened.reopened().read(key)).toEqual({ text, revision });
        },
      );

      it("may be large", async () => {
        const text = "0123456789abcdef\n".repeat(100_000);
        await written(store, text, null);
        expect((await opened.reopened().read(key))?.text).toBe(text);
      });

      it("are replaced by whoever hands back the revision", async () => {
        const first = await written(store, "one", null);
        const second = await written(store, "two", first);
        expect(second).not.toBe(first);
        const third = await written(opened.reopened(), "three", second);
        expect(await opened.reopened().read(key)).toEqual({ text: "three", revision: third });
      });

      it("have equal revisions for equal content", async () => {
        const first = await written(store, "same", null);
        expect(await written(store, "same", null, "freeze")).toBe(first);
        const other = await written(store, "other", first);
        expect(await written(store, "same", other)).toBe(first);
      });

      it.each([
        { title: "who saw none", pick: () => null },
        { title: "who saw an older one", pick: (older: string) => older },
        { title: "who saw another one", pick: () => jsonDigest("something else") },
      ])("are not overwritten by somebody $title", async ({ pick }) => {
        const first = await written(store, "one", null);
        const second = await written(store, "two", first);
        expect(await store.write(key, "three", pick(first))).toEqual({ kind: "conflict" });
        expect(await store.read(key)).toEqual({ text: "two", revision: second });
      });

      it("are not created by somebody who saw one", async () => {
        expect(await store.write(key, "one", jsonDigest("one"))).toEqual({ kind: "conflict" });
        expect(await opened.reopened().read(key)).toBeNull();
      });

      it("go to exactly one of many writers at once", async () => {
        const first = await written(store, "start", null);
        const texts = Array.from({ length: 8 }, (_, index) => `text ${index}`);
        const outcomes = await Promise.all(texts.map((text) => opened.reopened().write(key, text, first)));
        const winners = texts.filter((_, index) => outcomes[index]?.kind === "written");
        expect(winners).toHaveLength(1);
        expect((await opened.reopened().read(key))?.text).toBe(winners[0]);
      });

      it("of different keys are written at once without losing one", async () => {
        const names = Array.from({ length: 8 }, (_, index) => rolloutKey(`prompt-${index}`));
        await Promise.all(names.map((name) => written(opened.reopened(), name, null, name)));
        expect(await opened.reopened().keys("rollout/")).toEqual(names);
      });

      it("are listed by key, those alone that begin with the prefix", async () => {
        const names = ["rollout/b", "freeze", "rollout/a", "rollout/A.b_c-1", "rollouts"];
        for (const name of names) await written(store, name, null, name);
        expect(await store.keys("rollout/")).toEqual(["rollout/A.b_c-1", "rollout/a", "rollout/b"]);
        expect(await opened.reopened().keys("")).toEqual([...names].sort());
      });

      it.each([
        "../up",
        "..",
        ".",
        "/etc/passwd",
        "a//b",
        "rollout/../../up",
        "-rf",
        "a\0b",
        "a\nb",
        "C:\\x",
        "%2e%2e",
        "ä 👋",
        ".git",
        "a.json",
      ])("may have the hostile key %j, and stay apart", async (name) => {
        await written(store, `text of ${name}`, null, name);
        await written(store, "another", null, "rollout/other");
        expect((await opened.reopened().read(name))?.text).toBe(`text of ${name}`);
        expect(await opened.reopened().keys("")).toEqual([name, "rollout/other"].sort());
      });

      it("tell keys apart that differ only in case", async () => {
        await written(store, "small", null, "rollout/support");
        await written(store, "large", null, "rollout/Support");
        expect((await store.read("rollout/support"))?.text).toBe("small");
        expect((await store.read("rollout/Support"))?.text).toBe("large");
      });

      it.each(["", "x".repeat(201)])("refuse the key %j", async (name) => {
        await expect(store.read(name)).rejects.toMatchObject({ code: "USAGE" });
        await expect(store.write(name, "text", null)).rejects.toMatchObject({ code: "USAGE" });
      });
    });

    describe("the ledger", () => {
      it("gives back an entry in every detail", async () => {
        const entry = aLedgerEntry();
        const bare = aLedgerEntry({ version: null, digest: null, details: {}, at: "2026-11-20T10:00:01Z" });
        await store.append(entry);
        await store.append(bare);
        expect((await opened.reopened().ledger("customer-support")).items).toEqual([bare, entry]);
      });

      it("reads newest first, one prompt or all", async () => {
        const entries = [entryAt(1), entryAt(2, { prompt: "Other" }), entryAt(3)] as const;
        for (const index of [1, 0, 2]) await store.append(entries[index] ?? entryAt(9));
        const [first, second, third] = entries;
        expect((await store.ledger(null)).items).toEqual([third, second, first]);
        expect((await store.ledger("customer-support")).items).toEqual([third, first]);
        expect((await store.ledger("Other")).items).toEqual([second]);
        expect((await store.ledger("other")).items).toEqual([]);
      });

      it("keeps the order in which events of one moment were appended", async () => {
        const reasons = ["first", "second", "third", "fourth", "fifth"];
        for (const reason of reasons) await store.append(entryAt(1, { reason }));
        const { items } = await opened.reopened().ledger("customer-support");
        expect(items.map((entry) => entry.reason)).toEqual(reasons.toReversed());
      });

      it("writes an event once, however often it is appended", async () => {
        const entry = entryAt(1);
        await store.append(entry);
        await store.append(entryAt(2));
        await store.append(entry);
        await opened.reopened().append(entry);
        expect((await opened.reopened().ledger(null)).items).toEqual([entryAt(2), entry]);
      });

      it("loses none of many events appended at once, and repeats none", async () => {
        const entries = Array.from({ length: 8 }, (_, index) => entryAt(index));
        await Promise.all([...entries, ...entries].map((entry) => opened.reopened().append(entry)));
        expect((await opened.reopened().ledger("customer-support")).items).toEqual(entries.toReversed());
      });

      it("comes in pages that hold every entry once, also when one appears between two", async () => {
        const entries = Array.from({ length: 12 }, (_, index) => {
          return entryAt(index, { prompt: index % 3 === 0 ? "other" : "customer-support" });
        });
        for (const entry of entries) await store.append(entry);
        const pages = await allPages((page) => store.ledger(null, page), 5);
        expect(pages.map((page) => page.length)).toEqual([5, 5, 2]);
        expect(pages.flat()).toEqual(entries.toReversed());
        const first = await store.ledger(null, { limit: 5 });
        await store.append(entryAt(50));
        const second = await store.ledger(null, { limit: 100, cursor: first.next ?? "" });
        expect([...first.items, ...second.items]).toEqual(entries.toReversed());
      });

      it.each([0, -1, 1.5, 1001, Number.NaN])("refuses a limit of %s", async (limit) => {
        await expect(store.ledger(null, { limit })).rejects.toMatchObject({ code: "USAGE" });
      });

      it.each(["", "2", "../../etc/passwd", "bW92ZXMgMQ"])(
        "refuses the foreign cursor %j",
        async (cursor) => {
          await expect(store.ledger(null, { cursor })).rejects.toMatchObject({ code: "USAGE" });
        },
      );

      it.each([
        { title: "an id that is none", change: { id: "../up" } },
        { title: "a time that is none", change: { at: "yesterday" } },
        { title: "another schema", change: { schema: "x" as "promptgate/ledger-entry@1" } },
        { title: "no prompt", change: { prompt: "" } },
        { title: "a digest that is none", change: { digest: "sha256:x" as const } },
      ])("refuses $title", async ({ change }) => {
        const entry = { ...aLedgerEntry(), ...change };
        await expect(store.append(entry)).rejects.toMatchObject({ code: "USAGE" });
        expect((await opened.reopened().ledger(null)).items).toEqual([]);
      });

      it.each(["../up", "a/b", "..", "-rf", "a\0b"])("holds the hostile prompt %j", async (prompt) => {
        const entry = aLedgerEntry({ prompt });
        await store.append(entry);
        expect((await opened.reopened().ledger(prompt)).items).toEqual([entry]);
        expect((await opened.reopened().ledger(null)).items).toEqual([entry]);
      });
    });

    describe("attestations", () => {
      const subject = jsonDigest("a template");

      it("come back oldest first, each once, those of one subject alone", async () => {
        const texts = ['{"c":1}', '{"a":1}\n', "Grüße 👋", '{"b":1}'];
        for (const text of texts) await store.attest(subject, text);
        await store.attest(subject, texts[1] ?? "");
        await opened.reopened().attest(jsonDigest("another"), "{}");
        expect(await opened.reopened().attestations(subject)).toEqual(texts);
        expect(await opened.reopened().attestations(jsonDigest("another"))).toEqual(["{}"]);
      });

      it("are lost to nobody when many are kept at once", async () => {
        const texts = Array.from({ length: 6 }, (_, index) => `statement ${index}`);
        await Promise.all([...texts, ...texts].map((text) => opened.reopened().attest(subject, text)));
        expect((await opened.reopened().attestations(subject)).toSorted()).toEqual(texts);
      });

      it.each(["sha256:", "sha256:../up", `sha512:${"0".repeat(64)}`, `sha256:${"A".repeat(64)}`])(
        "refuse the subject %j",
        async (text) => {
          const digest = text as `sha256:${string}`;
          await expect(store.attest(digest, "{}")).rejects.toMatchObject({ code: "USAGE" });
          await expect(store.attestations(digest)).rejects.toMatchObject({ code: "USAGE" });
        },
      );
    });
  });
}
