import { resolve } from "node:path";
import type { Clock } from "../domain/ports.ts";
import type { Registry } from "../domain/registry.ts";
import { folderTree } from "../files/folder-tree.ts";
import { treeRegistry } from "./tree-registry.ts";

export interface FileRegistryOptions {
  /** Absolute path of the project. */
  readonly root: string;
  /** The registry's folder, relative to the project. */
  readonly path: string;
  readonly clock: Clock;
}

/** A registry in a folder, made to be committed. */
export function fileRegistry({ root, path, clock }: FileRegistryOptions): Registry {
  return treeRegistry(folderTree(resolve(root, path)), clock);
}
