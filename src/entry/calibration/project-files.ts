import { existsSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { pathInside } from "../../config/text-file.ts";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { replaceFile } from "../../files/replace-file.ts";

function outside(file: string, reason: string): GateError {
  return new GateError("CONFIG_INVALID", `the rubric's calibration: ${visibleLine(file)} ${reason}`, {
    hint: "calibration names a file of the project, relative to its folder",
  });
}

/** Where the labels are that a rubric names. Throws `CONFIG_INVALID` for what is not there or not in the project. */
export async function labelsPath(root: string, file: string): Promise<string> {
  const located = await pathInside(root, file);
  if (located.kind === "unreadable") throw outside(file, located.reason);
  return located.path;
}

/** The folder of a file of the project, after symbolic links; folders that are missing are made in there. */
async function folderInside(root: string, file: string): Promise<string> {
  let existing = dirname(file);
  while (!existsSync(resolve(root, existing)) && dirname(existing) !== existing) existing = dirname(existing);
  const located = await pathInside(root, existing);
  if (located.kind === "unreadable") throw outside(file, located.reason);
  return resolve(root, dirname(file));
}

/** Writes a record whole or not at all. Throws `CONFIG_INVALID` outside of the project and `STORAGE_FAILED`. */
export async function writeCalibrationRecord(root: string, file: string, text: string): Promise<void> {
  const folder = await folderInside(root, file);
  try {
    await replaceFile(join(folder, basename(file)), text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GateError("STORAGE_FAILED", `cannot write ${visibleLine(file)}: ${visibleLine(reason)}`, {
      hint: "free space or make the folder writable, then run the same command again: no answer is paid for twice",
      cause: error,
    });
  }
}
