import { constants } from "node:fs";
import { open, realpath, type FileHandle } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";

/** Bytes a file may have. The YAML limit of datasets is lower: its parser needs about 90 bytes of memory a byte. */
export const SIZE_LIMITS = {
  document: 1_000_000,
  yamlDataset: 4_000_000,
  dataset: 32_000_000,
  lines: 64_000_000,
  line: 1_000_000,
  outputs: 1_000_000_000,
  outputLine: 16_000_000,
} as const;

/** Why a file cannot be used, as half a sentence: `no such file`. */
export type Unreadable = { readonly kind: "unreadable"; readonly reason: string };

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "may not be read: permission denied",
  EPERM: "may not be read: permission denied",
  EISDIR: "is a folder, not a file",
  ELOOP: "is a symbolic link to itself",
  ENAMETOOLONG: "has a name that is too long",
  ENXIO: "is no ordinary file",
};

/** A system's error as half a sentence, without its raw text. */
export function unreadable(error: unknown): Unreadable {
  // Anything else is a fault of ours and must not look like one of the file.
  if (!(error instanceof Error && "errno" in error && "code" in error)) throw error;
  const code = String(error.code);
  return { kind: "unreadable", reason: REASONS[code] ?? `cannot be read (${code})` };
}

const NUL_IN_NAME: Unreadable = { kind: "unreadable", reason: "has a name with a NUL character" };

function isOutside(base: string, path: string): boolean {
  const way = relative(base, path);
  return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way);
}

/** The real path of a file of the project, after symbolic links; refuses what lies outside of `root`. */
export async function pathInside(
  root: string,
  file: string,
): Promise<{ readonly kind: "inside"; readonly path: string } | Unreadable> {
  if (file.includes("\0")) return NUL_IN_NAME;
  const outside: Unreadable = {
    kind: "unreadable",
    reason: "lies outside the project; every file that the project names must lie in its folder",
  };
  // The words are judged before the disk is asked: what exists outside is nobody's business.
  if (isOutside(root, resolve(root, file))) return outside;
  try {
    const path = await realpath(resolve(root, file));
    return isOutside(await realpath(root), path) ? outside : { kind: "inside", path };
  } catch (error) {
    return unreadable(error);
  }
}

export function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 100_000) / 10} MB`;
}

/** Opens an ordinary file of at most `limit` bytes. Never waits: a pipe or a device is refused, not read. */
export async function openOrdinaryFile(
  path: string,
  limit: number,
): Promise<{ readonly kind: "open"; readonly handle: FileHandle; readonly size: number } | Unreadable> {
  if (path.includes("\0")) return NUL_IN_NAME;
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await handle.stat();
    const reason = stats.isDirectory()
      ? "is a folder, not a file"
      : !stats.isFile()
        ? "is no ordinary file"
        : stats.size > limit
          ? `has ${megabytes(stats.size)}; the limit is ${megabytes(limit)}`
          : null;
    if (reason === null) return { kind: "open", handle, size: stats.size };
    await handle.close();
    return { kind: "unreadable", reason };
  } catch (error) {
    await handle?.close();
    return unreadable(error);
  }
}

/** Reads at most `limit` bytes, also when the file grows meanwhile. */
async function readBytes(handle: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  let length = 0;
  while (length < size) {
    const { bytesRead } = await handle.read(bytes, length, size - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return bytes.subarray(0, length);
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function encodingName(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return "UTF-16 (little endian)";
  if (first === 0xfe && second === 0xff) return "UTF-16 (big endian)";
  return "Latin-1 or Windows-1252, perhaps";
}

/** Text of UTF-8 bytes without a byte order mark; anything else is refused, never replaced. */
export function decodeText(bytes: Uint8Array): { readonly kind: "text"; readonly text: string } | Unreadable {
  try {
    const text = UTF8.decode(bytes);
    if (!text.includes("\0")) return { kind: "text", text };
    const odd = bytes[0] === 0 || bytes[1] === 0;
    return {
      kind: "unreadable",
      reason: odd ? "is not UTF-8 text but UTF-16: save it as UTF-8" : "holds NUL bytes: is it text?",
    };
  } catch {
    return { kind: "unreadable", reason: `is not UTF-8 text but ${encodingName(bytes)}: save it as UTF-8` };
  }
}

/** The whole text of a file. */
export async function readTextFile(
  path: string,
  limit: number,
): Promise<{ readonly kind: "text"; readonly text: string } | Unreadable> {
  const opened = await openOrdinaryFile(path, limit);
  if (opened.kind === "unreadable") return opened;
  try {
    return decodeText(await readBytes(opened.handle, opened.size));
  } catch (error) {
    return unreadable(error);
  } finally {
    await opened.handle.close();
  }
}
