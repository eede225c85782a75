import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import { systemCode } from "../files/storage.ts";

/** True when the name has the pattern's form; `*` stands for any characters. Linear in the name's length. */
function matches(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  const last = rest.pop();
  if (last === undefined) return pattern === name;
  if (!name.startsWith(first)) return false;
  let position = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, position);
    if (found < 0) return false;
    position = found + part.length;
  }
  return name.length - last.length >= position && name.endsWith(last);
}

function unreadable(path: string, cause: unknown): GateError {
  const isMissing = systemCode(cause) === "ENOENT";
  const what = isMissing ? "does not exist" : `cannot be read: ${systemCode(cause) || "unknown error"}`;
  return new GateError("METRICS_FAILED", `metrics.path: ${visibleLine(path, 400)} ${what}`, {
    hint: isMissing
      ? "let the application append a line for each served request, or correct metrics.path"
      : "check who may read it",
    cause,
  });
}

async function filesIn(folder: string, pattern: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => !entry.isDirectory() && matches(pattern, entry.name))
    .map(({ name }) => join(folder, name))
    .sort();
}

/**
 * The files of a log in the order of their names: the file itself, the `.jsonl` files of a folder, or those whose name has
 * the form of the path's last part, e.g. `logs/served-*.jsonl`. Throws `METRICS_FAILED` when there is none.
 */
export async function logFiles(root: string, path: string): Promise<string[]> {
  const target = resolve(root, path);
  const isPattern = basename(target).includes("*");
  try {
    if (!isPattern && !(await stat(target)).isDirectory()) return [target];
    const files = isPattern
      ? await filesIn(dirname(target), basename(target))
      : await filesIn(target, "*.jsonl");
    if (files.length > 0) return files;
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new GateError("METRICS_FAILED", `metrics.path: no file has the form of ${visibleLine(path, 400)}`, {
    hint: "of a folder the files *.jsonl are read; compressed files are not",
  });
}
