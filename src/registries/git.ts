import type { Registry } from "../domain/registry.ts";
import { branchTree } from "../files/git/branch-tree.ts";
import { gitBranch, type BranchOptions } from "../files/git/branch.ts";
import { treeRegistry } from "./tree-registry.ts";

/** The file registry on a branch: what is published or moved is one commit there, and a checkout of it reads the same. */
export function gitRegistry(options: BranchOptions): Registry {
  return treeRegistry(branchTree(gitBranch(options)), options.clock);
}
