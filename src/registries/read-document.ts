import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { GateError } from "../domain/errors.ts";
import { visibleLine } from "../domain/visible.ts";
import { storageError, systemCode } from "../files/storage.ts";

/** No document of a registry comes near it: what is larger is not ours, and is not read into memory. */
const LARGEST_FILE = 64 * 1024 * 1024;

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
export async function readText(path: string): Promise<StoredText> {
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
  const shown = visibleLine(path, 400);
  return new GateError("REGISTRY_CORRUPT", `${shown}: ${visibleLine(reason, 400)}`, {
    hint: "restore it from version control or a backup: the registry never changes or removes a file it wrote",
  });
}
