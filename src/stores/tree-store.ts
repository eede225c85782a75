import type { Store } from "../domain/store.ts";
import type { FileTree } from "../files/tree.ts";
import { keepAttestation, readAttestations } from "./attestation-files.ts";
import { corruptStore, visibleNames } from "./corrupt.ts";
import { appendToLedger, readLedger } from "./ledger-files.ts";
import { textOfFolder } from "./names.ts";

/** Where the documents of every store are. */
export const DOCUMENTS = "documents";

/** The part of a store that depends on what it stands on: how a document is replaced. */
export type Documents = Pick<Store, "read" | "write" | "keys">;

/** A store in a tree of files: its documents, and the ledger and the attestations, whose files are created once. */
export function treeStore(tree: FileTree, documents: Documents): Store {
  return {
    ...documents,
    append: async (entry) => appendToLedger(tree, entry),
    ledger: async (prompt, page = {}) => readLedger(tree, prompt, page),
    attest: async (subject, text) => keepAttestation(tree, subject, text),
    attestations: async (subject) => readAttestations(tree, subject),
  };
}

/** The keys whose documents the tree names, `ending` after each; throws `STORE_CORRUPT` on a name that is no key. */
export async function storedKeys(tree: FileTree, ending: string): Promise<string[]> {
  return (await visibleNames(tree, DOCUMENTS)).map((name) => {
    const key = name.endsWith(ending) ? textOfFolder(name.slice(0, name.length - ending.length)) : null;
    if (key === null) throw corruptStore(tree, `${DOCUMENTS}/${name}`, "it is no document of the store");
    return key;
  });
}
