import type { FileTree, TreeFile } from "../tree.ts";
import type { Branch } from "./branch.ts";

/** The tree on a branch; every file that is created or replaced is one commit, `also` in the same one. */
export function branchTree(branch: Branch): FileTree {
  async function put(files: readonly TreeFile[]): Promise<void> {
    const message = `Write ${files.map((file) => file.path).join(", ")}`;
    await branch.change(async () => ({ kind: "commit", files, message, result: null }));
  }

  return {
    list: async (folder, kind) => (await branch.snapshot()).list(folder, kind),
    read: async (path) => (await branch.snapshot()).read(path),
    async createOnce(path, text, also) {
      const files = [{ path, text }, ...(also === undefined ? [] : [also])];
      return branch.change(async (snapshot) => {
        if (snapshot.has(path)) return { kind: "settled", result: false };
        return { kind: "commit", files, message: `Create ${path}`, result: true };
      });
    },
    replace: async (path, text) => put([{ path, text }]),
    renew: async () => branch.renew(),
    locate: (path) => branch.locate(path),
  };
}
