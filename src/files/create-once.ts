import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { link, lstat, mkdir, open, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import { storageError, systemCode, writeNewFile } from "./storage.ts";

const TEMPORARY = /^\.[0-9a-f]{16}\.partial$/;
const STALE_AFTER_MS = 3_600_000;

/** Makes the entries of a folder survive a power failure. */
async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; its file systems journal their entries themselves.
  if (process.platform === "win32") return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let path = folder; path.length >= first.length; path = dirname(path)) await syncFolder(dirname(path));
}

/** Removes what writers left behind that died more than an hour ago; younger ones may still be at work. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!TEMPORARY.test(name)) continue;
    const path = join(folder, name);
    const stats: Stats | null = await lstat(path).catch(() => null);
    if (stats !== null && Date.now() - stats.mtimeMs > STALE_AFTER_MS) await rm(path, { force: true });
  }
}

/** True when this call gave the file its name, false when another one was there. */
async function linkOnce(temporary: string, path: string): Promise<boolean> {
  try {
    await link(temporary, path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK"].includes(code)) throw error;
    throw new GateError(
      "STORAGE_FAILED",
      `cannot create ${visibleLine(path, 400)}: no hard links there (${code})`,
      {
        hint: "choose a folder on a file system with hard links: they are what lets two writers never overwrite each other",
        cause: error,
      },
    );
  }
}

/**
 * Creates a file that never changes again: whole, on disk and under its name, or not at all. Returns false when the name
 * was taken; of several callers exactly one gets true. A death at any moment leaves at most a hidden partial file.
 */
export async function createOnce(path: string, text: string): Promise<boolean> {
  const folder = dirname(path);
  const temporary = join(folder, `.${randomBytes(8).toString("hex")}.partial`);
  try {
    await makeFolder(folder);
    await sweep(folder);
    try {
      await writeNewFile(temporary, text);
      const created = await linkOnce(temporary, path);
      // Also when another writer was first: what the caller reads next must not vanish with a power failure.
      await syncFolder(folder);
      return created;
    } finally {
      // What cannot be removed now is swept later; it decides nothing.
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  } catch (error) {
    throw error instanceof GateError ? error : storageError("write", path, error);
  }
}
