import { randomBytes } from "node:crypto";
import { mkdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { writeNewFile } from "./storage.ts";

/**
 * Writes a file whole or not at all: the text is on the disk before the name points at it. Missing folders are made.
 * Throws what the file system says.
 */
export async function replaceFile(path: string, text: string | Iterable<string>): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${basename(path)}.${randomBytes(8).toString("hex")}.partial`);
  try {
    await writeNewFile(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}
