import { textDigest } from "../domain/digest.ts";
import { byName } from "../domain/paging.ts";
import type { Store, StoredDocument, WriteOutcome } from "../domain/store.ts";
import { visibleLine } from "../domain/visible.ts";
import { branchTree } from "../files/git/branch-tree.ts";
import { gitBranch, type BranchOptions } from "../files/git/branch.ts";
import type { StoredText } from "../files/tree.ts";
import { corruptStore } from "./corrupt.ts";
import { folderName } from "./names.ts";
import { DOCUMENTS, storedKeys, treeStore } from "./tree-store.ts";

function pathOf(key: string): string {
  return `${DOCUMENTS}/${folderName(key)}.json`;
}

/**
 * A store on a branch of a repository: `documents/<key>.json`, `ledger/<prompt>/<entry>.json` and
 * `attestations/<subject>/<statement>.json`. Every change is one commit, and the remote takes it only where the branch
 * still is what the change was decided on.
 */
export function gitStore(options: BranchOptions): Store {
  const branch = gitBranch(options);
  const tree = branchTree(branch);

  function documentOf(path: string, stored: StoredText): StoredDocument | null {
    if (stored.kind === "foreign") throw corruptStore(tree, path, stored.reason);
    return stored.kind === "missing" ? null : { text: stored.text, revision: textDigest(stored.text) };
  }

  return treeStore(tree, {
    async read(key) {
      const path = pathOf(key);
      return documentOf(path, await tree.read(path));
    },
    async write(key, text, expected) {
      const path = pathOf(key);
      return branch.change<WriteOutcome>(async (snapshot) => {
        const before = documentOf(path, await snapshot.read(path));
        if ((before?.revision ?? null) !== expected) return { kind: "refused", result: { kind: "conflict" } };
        const message = `Write ${visibleLine(key)}`;
        return {
          kind: "commit",
          files: [{ path, text }],
          message,
          result: { kind: "written", revision: textDigest(text) },
        };
      });
    },
    keys: async (prefix) =>
      (await storedKeys(tree, ".json")).filter((key) => key.startsWith(prefix)).sort(byName),
  });
}
