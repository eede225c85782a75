import pLimit from "p-limit";
import { resolve } from "node:path";
import { byName } from "../domain/paging.ts";
import type { Store } from "../domain/store.ts";
import { folderTree } from "../files/folder-tree.ts";
import { visibleNames } from "./corrupt.ts";
import { folderName } from "./names.ts";
import { revisions, type Revisions } from "./revisions.ts";
import { DOCUMENTS, storedKeys, treeStore } from "./tree-store.ts";

export interface FileStoreOptions {
  /** Absolute path of the project. */
  readonly root: string;
  /** The store's folder, relative to the project. */
  readonly path: string;
}

const FOLDERS_AT_ONCE = 32;

function folderOf(key: string): string {
  return `${DOCUMENTS}/${folderName(key)}`;
}

/**
 * A store in a folder: `documents/<key>/<revision>.json`, `ledger/<prompt>/<entry>.json` and
 * `attestations/<subject>/<statement>.json`. Every file is created once, so there is no lock that a dead process could
 * leave behind.
 */
export function fileStore({ root, path }: FileStoreOptions): Store {
  const tree = folderTree(resolve(root, path));
  const documentOf = (key: string): Revisions => revisions(tree, folderOf(key));

  return treeStore(tree, {
    read: async (key) => documentOf(key).read(),
    write: async (key, text, expected) => documentOf(key).write(text, expected),
    async keys(prefix) {
      const candidates = (await storedKeys(tree, "")).filter((key) => key.startsWith(prefix)).sort(byName);
      // A writer that died early leaves a folder without a revision: no document yet.
      const present = await pLimit(FOLDERS_AT_ONCE).map(candidates, async (key) => {
        return (await visibleNames(tree, folderOf(key))).length > 0 ? [key] : [];
      });
      return present.flat();
    },
  });
}
