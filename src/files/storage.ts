import { open } from "node:fs/promises";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";

const hints: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full: make room and run the same command again",
  EDQUOT: "the disk quota is used up: make room and run the same command again",
  EROFS: "the file system is read-only: choose another folder",
  EACCES: "check who may read and write that folder",
  EPERM: "check who may read and write that folder, and that it is not marked immutable",
  ENOTDIR: "a file stands where a folder should be: move it away or choose another folder",
};

/** The operating system's code of a failed call, or "" for any other error. */
export function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** A failed call to the file system as `STORAGE_FAILED` with what to do about it. */
export function storageError(action: string, path: string, cause: unknown): GateError {
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

const CHUNK_CHARACTERS = 1 << 20;

/** Writes a file that must not exist yet, and waits until it is on the disk. Many parts are joined piece by piece. */
export async function writeNewFile(path: string, text: string | Iterable<string>): Promise<void> {
  const handle = await open(path, "wx", 0o644);
  try {
    let chunk = "";
    for (const part of typeof text === "string" ? [text] : text) {
      chunk += part;
      if (chunk.length < CHUNK_CHARACTERS) continue;
      await handle.writeFile(chunk, "utf8");
      chunk = "";
    }
    await handle.writeFile(chunk, "utf8");
    await handle.sync();
  } finally {
    await handle.close();
  }
}
