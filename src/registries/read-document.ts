import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import type { FileTree } from "../files/tree.ts";

/** What a document's text turned out to be. */
export type Parsed<Value> =
  | { readonly kind: "value"; readonly value: Value }
  | { readonly kind: "invalid"; readonly reason: string };

/** Reads and parses a stored document; null when it does not exist, `REGISTRY_CORRUPT` when it is none of ours. */
export async function readDocument<Value>(
  tree: FileTree,
  path: string,
  parse: (text: string) => Parsed<Value>,
): Promise<Value | null> {
  const stored = await tree.read(path);
  if (stored.kind === "missing") return null;
  const parsed = stored.kind === "text" ? parse(stored.text) : stored;
  if (parsed.kind === "value") return parsed.value;
  throw corruptFile(tree, path, parsed.reason);
}

/** A file that is damaged, foreign or missing, and the way out. */
export function corruptFile(tree: FileTree, path: string, reason: string): GateError {
  const shown = visibleLine(tree.locate(path), 400);
  return new GateError("REGISTRY_CORRUPT", `${shown}: ${visibleLine(reason, 400)}`, {
    hint: "restore it from version control or a backup: the registry never changes or removes a file it wrote",
  });
}
