import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import type { FileTree } from "../files/tree.ts";

/** A file of the store that is damaged, foreign or missing, and the way out. */
export function corruptStore(tree: FileTree, path: string, reason: string): GateError {
  const shown = visibleLine(tree.locate(path), 400);
  return new GateError("STORE_CORRUPT", `${shown}: ${visibleLine(reason, 400)}`, {
    hint: "restore it from version control or a backup, or move it away: nothing was overwritten",
  });
}

/** The names in a folder that are not hidden: those are the system's, or of writers that died. */
export async function visibleNames(tree: FileTree, folder: string): Promise<string[]> {
  return (await tree.list(folder, "any")).filter((name) => !name.startsWith("."));
}

/** The text under a path, null when there is none; throws `STORE_CORRUPT` when no text stands there. */
export async function readStored(tree: FileTree, path: string): Promise<string | null> {
  const stored = await tree.read(path);
  if (stored.kind === "foreign") throw corruptStore(tree, path, stored.reason);
  return stored.kind === "missing" ? null : stored.text;
}
