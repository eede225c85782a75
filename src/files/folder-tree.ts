import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createOnce } from "./create-once.ts";
import { replaceFile } from "./replace-file.ts";
import { storageError, systemCode } from "./storage.ts";
import type { FileTree, StoredText } from "./tree.ts";

/** No document of ours comes near it: what is larger is not ours, and is not read into memory. */
const LARGEST_FILE = 64 * 1024 * 1024;

async function list(folder: string, kind: "any" | "folder"): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => kind === "any" || entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw storageError("read", folder, error);
  }
}

/** Never follows a link, waits for a pipe or loads a giant. */
async function read(path: string): Promise<StoredText> {
  let handle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) return { kind: "foreign", reason: "it is not a regular file" };
    if (stats.size > LARGEST_FILE) return { kind: "foreign", reason: "it is too large to be ours" };
    const bytes = await handle.readFile();
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch (error) {
    if (error instanceof TypeError) return { kind: "foreign", reason: "it is not UTF-8 text" };
    const code = systemCode(error);
    if (code === "ENOENT") return { kind: "missing" };
    if (code === "ELOOP" || code === "ENXIO") return { kind: "foreign", reason: "it is not a regular file" };
    throw storageError("read", path, error);
  } finally {
    await handle?.close();
  }
}

/** The tree in a folder of this machine; `base` is an absolute path and need not exist yet. */
export function folderTree(base: string): FileTree {
  const at = (path: string): string => join(base, path);

  async function replace(path: string, text: string): Promise<void> {
    await replaceFile(at(path), text).catch((error: unknown) => {
      throw storageError("write", at(path), error);
    });
  }

  return {
    list: async (folder, kind) => list(at(folder), kind),
    read: async (path) => read(at(path)),
    async createOnce(path, text, also) {
      const created = await createOnce(at(path), text);
      if (created && also !== undefined) await replace(also.path, also.text);
      return created;
    },
    replace,
    renew: async () => undefined,
    locate: at,
  };
}
