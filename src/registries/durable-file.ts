import { randomBytes } from "node:crypto";
import { constants, type Stats } from "node:fs";
import { link, lstat, mkdir, open, readdir, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";

const TEMPORARY = /^\.[0-9a-f]{16}\.partial$/;
const STALE_AFTER_MS = 3_600_000;
/** No document of a registry comes near it: what is larger is not ours, and is not read into memory. */
const LARGEST_FILE = 64 * 1024 * 1024;

const hints: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: make room and run the same command again",
  EDQUOT: "the disk quota is used up: make room and run the same command again",
  EROFS: "the file system is read-only: choose another folder in `registry.path`",
  EACCES: "check who may read and write that folder",
  EPERM: "check who may read and write that folder, and that it is not marked immutable",
  ENOTDIR: "a file stands where a folder should be: move it away or choose another `registry.path`",
};

/** The operating system's code of a failed call, or "" for any other error. */
function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** A failed call to the file system as `STORAGE_FAILED` with what to do about it. */
function storageError(action: string, path: string, cause: unknown): GateError {
  const code = systemCode(cause);
  const hint = hints[code] ?? "check the disk and the folder, then run the same command again";
  return new GateError(
    "STORAGE_FAILED",
    `cannot ${action} ${visibleLine(path, 400)}: ${code || String(cause)}`,
    {
      hint,
      cause,
    },
  );
}

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

async function writeTemporary(path: string, text: string): Promise<void> {
  const handle = await open(path, "wx", 0o644);
  try {
    await handle.writeFile(text, "utf8");
    await handle.sync();
  } finally {
    await handle.close();
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
        hint: "keep `registry.path` on a file system with hard links: they are what lets two writers never overwrite each other",
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
      await writeTemporary(temporary, text);
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

/** The names in a folder, unsorted; none when it does not exist. `kind` "folder" leaves out all but real folders. */
export async function listFolder(folder: string, kind: "any" | "folder"): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => kind === "any" || entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw storageError("read", folder, error);
  }
}

type StoredText =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  | { readonly kind: "foreign"; readonly reason: string };

/** Links, devices and giants are foreign: never followed, waited for or loaded. */
async function readText(path: string): Promise<StoredText> {
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

/** What a document's text turned out to be. */
export type Parsed<Value> =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "invalid"; readonly reason: string };

/** Reads and parses a stored document; null when it does not exist, `REGISTRY_CORRUPT` when it is none of ours. */
export async function readDocument<Value>(
  path: string,
  parse: (text: string) => Parsed<Value>,
): Promise<Value | null> {
  const stored = await readText(path);
  if (stored.kind === "missing") return null;
  const parsed = stored.kind === "text" ? parse(stored.text) : stored;
  if (parsed.kind === "value") return parsed.value;
  throw corruptFile(path, parsed.reason);
}

/** A file that is damaged, foreign or missing, and the way out. */
export function corruptFile(path: string, reason: string): GateError {
  const shown = visibleLine(relative(process.cwd(), path), 400);
  return new GateError("REGISTRY_CORRUPT", `${shown}: ${visibleLine(reason, 400)}`, {
    hint: "restore it from version control or a backup: the registry never changes or removes a file it wrote",
  });
}
