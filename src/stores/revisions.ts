import { rm } from "node:fs/promises";
import { textDigest } from "../domain/digest.ts";
import type { StoredDocument, WriteOutcome } from "../domain/store.ts";
import { storageError } from "../files/storage.ts";
import type { FileTree } from "../files/tree.ts";
import { corruptStore, readStored, visibleNames } from "./corrupt.ts";

const NAME = /^(\d{6,15})\.json$/;
/** How many revisions of a document are kept for people to look at. */
const KEPT = 100;
/** Each lost attempt is another writer's success; so many in a row are no race any more. */
const READ_ATTEMPTS = 100;

/** One document: immutable revisions `<folder>/<number>.json`, of which the highest counts. */
export interface Revisions {
  read(): Promise<StoredDocument | null>;
  write(text: string, expected: string | null): Promise<WriteOutcome>;
}

interface Latest {
  readonly number: number;
  readonly document: StoredDocument | null;
}

export function revisions(tree: FileTree, folder: string): Revisions {
  const pathOf = (number: number): string => `${folder}/${String(number).padStart(6, "0")}.json`;

  async function numbers(): Promise<number[]> {
    const names = await visibleNames(tree, folder);
    const found = names.map((name) => {
      const number = Number(NAME.exec(name)?.[1]);
      if (number > 0 && pathOf(number) === `${folder}/${name}`) return number;
      throw corruptStore(tree, `${folder}/${name}`, "it is no revision of a document");
    });
    return found.sort((left, right) => left - right);
  }

  async function latest(): Promise<Latest> {
    for (let attempt = 0; attempt < READ_ATTEMPTS; attempt++) {
      const number = (await numbers()).at(-1);
      if (number === undefined) return { number: 0, document: null };
      const text = await readStored(tree, pathOf(number));
      if (text !== null) return { number, document: { text, revision: textDigest(text) } };
      // Swept between the listing and the reading: others have written since.
    }
    throw corruptStore(tree, folder, "its newest revision vanishes whenever it is read");
  }

  async function sweep(newest: number): Promise<void> {
    for (const number of await numbers()) {
      if (number > newest - KEPT) return;
      const path = tree.locate(pathOf(number));
      await rm(path, { force: true }).catch((error: unknown) => {
        throw storageError("remove", path, error);
      });
    }
  }

  return {
    read: async () => (await latest()).document,
    async write(text, expected) {
      const before = await latest();
      if ((before.document?.revision ?? null) !== expected) return { kind: "conflict" };
      const number = before.number + 1;
      if (!(await tree.createOnce(pathOf(number), text))) return { kind: "conflict" };
      // A writer that slept through a hundred writes found its number free again because it had been swept.
      const newest = (await numbers()).at(-1) ?? number;
      if (newest >= number + KEPT) return { kind: "conflict" };
      await sweep(newest);
      return { kind: "written", revision: textDigest(text) };
    },
  };
}
