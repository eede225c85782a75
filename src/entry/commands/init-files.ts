import { randomBytes } from "node:crypto";
import { lstat, mkdir, open, readFile, readdir, realpath, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { packagePath } from "../package-files.ts";

/** One file of a new project; `path` is relative to it, with forward slashes. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

const templateFolder = packagePath("templates/init");

function systemCode(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** The files of the project that `init` writes, in the order of their paths. */
export async function readTemplateFiles(): Promise<NewFile[]> {
  const names = await readdir(templateFolder, { recursive: true, withFileTypes: true });
  const paths = names
    .filter((entry) => entry.isFile())
    .map((entry) => relative(templateFolder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .sort();
  return Promise.all(
    paths.map(async (path) => ({ path, text: await readFile(join(templateFolder, path), "utf8") })),
  );
}

/** Those of the paths that exist in the folder, as whatever kind of entry. */
export async function existingPaths(root: string, paths: readonly string[]): Promise<string[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const entry = await lstat(join(root, path)).catch((error: unknown) => {
        // ENOTDIR: a file stands where a folder should be, and writing will say so.
        if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return null;
        throw storageError(path, error);
      });
      return entry === null ? [] : [path];
    }),
  );
  return found.flat();
}

/** The text of a file, or null when there is none. */
export async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(systemCode(error))) return null;
    throw storageError(path, error);
  }
}

function storageError(path: string, cause: unknown): GateError {
  const code = systemCode(cause);
  return new GateError("STORAGE_FAILED", `cannot write ${visibleLine(path, 400)}: ${code || String(cause)}`, {
    hint: "check that the folder is writable and the disk not full; nothing was left half written",
    cause,
  });
}

/** Undoes steps in reverse order; what cannot be undone must not hide the failure that led here. */
async function undo(steps: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (const step of steps.toReversed()) await step().catch(() => undefined);
}

async function makeFolder(folder: string, undoing: (() => Promise<unknown>)[]): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  const made: string[] = [];
  for (let path = folder; path.length >= first.length; path = dirname(path)) made.push(path);
  // rmdir refuses a folder that somebody else has put something into meanwhile.
  for (const path of made.toReversed()) undoing.push(() => rmdir(path));
}

/** A folder that links elsewhere would take files out of the project. */
async function assertInside(root: string, folder: string): Promise<void> {
  const [home, real] = await Promise.all([realpath(root), realpath(folder)]);
  if (real === home || real.startsWith(home.endsWith(sep) ? home : home + sep)) return;
  throw new GateError("USAGE", `${visibleLine(folder, 400)} is a link that leads out of the project`, {
    hint: "remove the link or choose another directory",
  });
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

/**
 * Writes all files or none: each is complete on disk under a temporary name before the first one gets its own. What a
 * failure finds replaced is put back. Throws `STORAGE_FAILED`, and `USAGE` for a folder that links out of the project.
 */
export async function writeAll(root: string, files: readonly NewFile[]): Promise<void> {
  const undoing: (() => Promise<unknown>)[] = [];
  let current = root;
  try {
    const staged: { readonly temporary: string; readonly path: string }[] = [];
    await makeFolder(root, undoing);
    for (const file of files) {
      const path = (current = join(root, file.path));
      await makeFolder(dirname(path), undoing);
      await assertInside(root, dirname(path));
      const temporary = join(dirname(path), `.${randomBytes(8).toString("hex")}.partial`);
      undoing.push(() => rm(temporary, { force: true }));
      await writeTemporary(temporary, file.text);
      staged.push({ temporary, path });
    }
    for (const { temporary, path } of staged) {
      current = path;
      await replace(temporary, path, undoing);
    }
  } catch (error) {
    await undo(undoing);
    throw error instanceof GateError ? error : storageError(current, error);
  }
}

async function replace(temporary: string, path: string, undoing: (() => Promise<unknown>)[]): Promise<void> {
  const previous = await readIfPresent(path);
  await rename(temporary, path);
  undoing.push(() => (previous === null ? rm(path, { force: true }) : writeOver(path, previous)));
}

async function writeOver(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  await writeTemporary(path, text);
}
