/** What stands under a name. Links, devices, giants and bytes that are no text are foreign. */
export type StoredText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "foreign"; readonly reason: string };

export interface TreeFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Texts in folders, the ground that stores and registries stand on. Paths are relative, parts joined by `/`. Every method
 * may throw `STORAGE_FAILED`, and where the tree is remote `NETWORK` and `AUTHENTICATION`.
 */
export interface FileTree {
  /** The names in a folder, unsorted; none when it does not exist. */
  list(folder: string, kind: "any" | "folder"): Promise<string[]>;
  read(path: string): Promise<StoredText>;
  /**
   * Creates a text that never changes again, whole or not at all; false when the name was taken. Of several callers
   * exactly one gets true, and replaces `also` along with it: a reader may see the first without the second.
   */
  createOnce(path: string, text: string, also?: TreeFile): Promise<boolean>;
  /** Writes a text whole or not at all, whatever was there. */
  replace(path: string, text: string): Promise<void>;
  /** From here on readings show what others had written by now. A remote tree is otherwise read as it was first seen. */
  renew(): Promise<void>;
  /** The path as a message names it. */
  locate(path: string): string;
}
