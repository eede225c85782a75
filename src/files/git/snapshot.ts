import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { StoredText } from "../tree.ts";
import { storageFailure } from "./git-failure.ts";
import type { OwnRepository } from "./repository.ts";

/** No document of ours comes near it: what is larger is not ours, and is not read into memory. */
const LARGEST_FILE = 64 * 1024 * 1024;
const ENTRY = /^(\d{6}) (\w+) ([0-9a-f]+) +(\d+|-)\t(.*)$/s;

interface Entry {
  readonly isFile: boolean;
  readonly id: string;
  readonly size: number;
}

/** The branch as one commit has it. */
export interface Snapshot {
  /** Null while the branch does not exist. */
  readonly commit: string | null;
  list(folder: string, kind: "any" | "folder"): string[];
  has(path: string): boolean;
  /** Throws `STORAGE_FAILED` when a file stands where the path needs a folder, or a folder where it is a file. */
  checkPlace(path: string): void;
  read(path: string): Promise<StoredText>;
}

function parseEntries(listing: string, prefix: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  for (const line of listing.split("\0")) {
    const [, mode = "", , id = "", size = "", path = ""] = ENTRY.exec(line) ?? [];
    if (id === "" || !path.startsWith(prefix)) continue;
    entries.set(path.slice(prefix.length), { isFile: mode.startsWith("100"), id, size: Number(size) });
  }
  return entries;
}

/** Folder -> its names, and whether each is a folder. */
function parseFolders(paths: Iterable<string>): Map<string, Map<string, boolean>> {
  const folders = new Map<string, Map<string, boolean>>();
  for (const path of paths) {
    const parts = path.split("/");
    for (const [index, part] of parts.entries()) {
      const folder = parts.slice(0, index).join("/");
      const names = folders.get(folder) ?? new Map<string, boolean>();
      folders.set(folder, names.set(part, index < parts.length - 1));
    }
  }
  return folders;
}

/** Takes the answers of `git cat-file --batch` apart: `<id> blob <size>`, newline, the bytes, newline. */
function parseBatch(output: Buffer): Map<string, Buffer> {
  const blobs = new Map<string, Buffer>();
  for (let start = 0; start < output.length;) {
    const end = output.indexOf("\n", start);
    const [id = "", kind, size] = output.subarray(start, end).toString("utf8").split(" ");
    const length = kind === "blob" ? Number(size) : 0;
    if (kind === "blob") blobs.set(id, output.subarray(end + 1, end + 1 + length));
    start = kind === "blob" ? end + length + 2 : end + 1;
  }
  return blobs;
}

/** Reads what is asked for in one moment with one git. */
function blobReader(repository: OwnRepository): (id: string) => Promise<Buffer> {
  let waiting: { readonly ids: Set<string>; readonly blobs: Promise<Map<string, Buffer>> } | null = null;

  async function readAll(ids: ReadonlySet<string>): Promise<Map<string, Buffer>> {
    await new Promise((resolve) => setImmediate(resolve));
    waiting = null;
    const run = await repository.git(["cat-file", "--batch"], { input: `${[...ids].join("\n")}\n` });
    if (run.code !== 0) throw storageFailure(run, "read the branch");
    return parseBatch(run.stdout);
  }

  return async (id) => {
    if (waiting === null) {
      const ids = new Set<string>();
      waiting = { ids, blobs: readAll(ids) };
    }
    waiting.ids.add(id);
    const blob = (await waiting.blobs).get(id);
    if (blob !== undefined) return blob;
    throw storageFailure(
      { code: 1, stdout: Buffer.alloc(0), stderr: `fatal: object ${id} is missing` },
      "read the branch",
    );
  };
}

function decode(bytes: Buffer): StoredText {
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true }).decode(bytes) };
  } catch {
    return { kind: "foreign", reason: "it is not UTF-8 text" };
  }
}

/** What a commit holds below `prefix`, which is "" or ends with a slash. */
export async function takeSnapshot(
  repository: OwnRepository,
  commit: string | null,
  prefix: string,
): Promise<Snapshot> {
  const args = ["ls-tree", "-r", "-z", "--long", "--full-tree", commit ?? ""];
  const run = commit === null ? null : await repository.git(args);
  if (run !== null && run.code !== 0) throw storageFailure(run, "read the branch");
  const entries = parseEntries(run?.stdout.toString("utf8") ?? "", prefix);
  const folders = parseFolders(entries.keys());
  const readBlob = blobReader(repository);

  function checkFolder(folder: string): void {
    if (!entries.has(folder)) return;
    throw new GateError(
      "STORAGE_FAILED",
      `${visibleLine(folder)} is a file on the branch, and should be a folder`,
      {
        hint: "move it away on the branch, then run the same command again",
      },
    );
  }

  return {
    commit,
    list(folder, kind) {
      checkFolder(folder);
      const names = [...(folders.get(folder) ?? [])];
      return names.filter(([, isFolder]) => kind === "any" || isFolder).map(([name]) => name);
    },
    checkPlace(path) {
      const parts = path.split("/");
      for (let length = 1; length < parts.length; length++) checkFolder(parts.slice(0, length).join("/"));
      if (!folders.has(path)) return;
      throw new GateError(
        "STORAGE_FAILED",
        `${visibleLine(path)} is a folder on the branch, and should be a file`,
        {
          hint: "move it away on the branch, then run the same command again",
        },
      );
    },
    has: (path) => entries.has(path) || folders.has(path),
    async read(path) {
      const entry = entries.get(path);
      if (entry === undefined) {
        return folders.has(path)
          ? { kind: "foreign", reason: "it is not a regular file" }
          : { kind: "missing" };
      }
      if (!entry.isFile) return { kind: "foreign", reason: "it is not a regular file" };
      if (entry.size > LARGEST_FILE) return { kind: "foreign", reason: "it is too large to be ours" };
      return decode(await readBlob(entry.id));
    },
  };
}
