import pLimit from "p-limit";
import { resolve } from "node:path";
import { byName } from "../domain/paging.ts";
import type { Store } from "../domain/store.ts";
import { folderTree } from "../files/folder-tree.ts";
import { keepAttestation, readAttestations } from "./attestation-files.ts";
import { corruptStore, visibleNames } from "./corrupt.ts";
import { appendToLedger, readLedger } from "./ledger-files.ts";
import { folderName, textOfFolder } from "./names.ts";
import { revisions, type Revisions } from "./revisions.ts";

export interface FileStoreOptions {
  /** Absolute path of the project. */
  readonly root: string;
  /** The store's folder, relative to the project. */
  readonly path: string;
}

const FOLDER = "documents";
const FOLDERS_AT_ONCE = 32;

/**
 * A store in a folder: `documents/<key>/<revision>.json`, `ledger/<prompt>/<entry>.json` and
 * `attestations/<subject>/<statement>.json`. Every file is created once, so there is no lock that a dead process could
 * leave behind.
 */
export function fileStore({ root, path }: FileStoreOptions): Store {
  const tree = folderTree(resolve(root, path));
  const documentOf = (key: string): Revisions => revisions(tree, `${FOLDER}/${folderName(key)}`);

  async function storedKeys(): Promise<string[]> {
    return (await visibleNames(tree, FOLDER)).map((name) => {
      const key = textOfFolder(name);
      if (key === null) throw corruptStore(tree, `${FOLDER}/${name}`, "it is no document of the store");
      return key;
    });
  }

  return {
    read: async (key) => documentOf(key).read(),
    write: async (key, text, expected) => documentOf(key).write(text, expected),
    async keys(prefix) {
      const candidates = (await storedKeys()).filter((key) => key.startsWith(prefix)).sort(byName);
      // A writer that died early leaves a folder without a revision: no document yet.
      const present = await pLimit(FOLDERS_AT_ONCE).map(candidates, async (key) => {
        return (await visibleNames(tree, `${FOLDER}/${folderName(key)}`)).length > 0 ? [key] : [];
      });
      return present.flat();
    },
    append: async (entry) => appendToLedger(tree, entry),
    ledger: async (prompt, page = {}) => readLedger(tree, prompt, page),
    attest: async (subject, text) => keepAttestation(tree, subject, text),
    attestations: async (subject) => readAttestations(tree, subject),
  };
}
