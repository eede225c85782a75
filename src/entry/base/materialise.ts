import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { calibrationRecordFile } from "../../config/calibration-record.ts";
import { readSource } from "../../config/document-file.ts";
import { checkRubric } from "../../config/rubric-file.ts";
import { SIZE_LIMITS } from "../../config/text-file.ts";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { storageError } from "../../files/storage.ts";
import type { Revision, RevisionFile } from "./revision.ts";
import { CANDIDATE_FOLDER, KEPT, STORED } from "./workspace.ts";

const REGISTRY = `${KEPT}/registry`;
const MOST_BYTES = 256_000_000;

type Document = Readonly<Record<string, unknown>>;

function record(value: unknown): Document {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Document) : {};
}

function texts(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === "string");
}

/** Every file and folder that a config names, right or wrong: reading it says what is wrong. */
function namedPaths(config: unknown): { readonly files: string[]; readonly rubrics: string[] } {
  const { prompts, registry, evidence } = record(config);
  const entries = Object.values(record(prompts)).map(record);
  return {
    files: texts([
      ...entries.flatMap(({ file, dataset }) => [file, dataset]),
      ...Object.values(record(registry)),
      ...Object.values(record(record(evidence)["github"])),
      REGISTRY,
    ]),
    rubrics: texts(entries.flatMap(({ judges }) => (Array.isArray(judges) ? judges : []))),
  };
}

/** A path inside the project, else null. What runs leave behind is none, except a registry that is kept there. */
function projectPath(path: string): string | null {
  const normal = posix.normalize(path.trim()).replace(/\/$/, "");
  if (normal === "" || normal === "." || posix.isAbsolute(normal) || /[\0\\]/.test(normal)) return null;
  const [first, second] = normal.split("/");
  if (first === ".." || first === CANDIDATE_FOLDER || first === ".git") return null;
  // Never from a commit, where anybody could have put answers or verdicts.
  return first === KEPT && (second === undefined || STORED.includes(second)) ? null : normal;
}

function select(tree: ReadonlyMap<string, RevisionFile>, paths: readonly string[]): RevisionFile[] {
  const wanted = new Set(paths.map(projectPath).filter((path) => path !== null));
  const isWanted = (path: string): boolean => {
    for (let at = path; at !== "."; at = posix.dirname(at)) if (wanted.has(at)) return true;
    return false;
  };
  // A link is left out: where it points is no part of the commit's contents.
  return [...tree.values()].filter(
    ({ path, kind }) => kind === "file" && isWanted(path) && projectPath(path) !== null,
  );
}

async function write(folder: string, contents: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, bytes] of contents) {
    const target = join(folder, path);
    try {
      await mkdir(dirname(target), { recursive: true });
      await writeFile(target, bytes);
    } catch (error) {
      throw storageError("write", target, error);
    }
  }
}

function checkSize(files: readonly RevisionFile[], commit: string): void {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const large = files.find(({ size }) => size > SIZE_LIMITS.lines);
  if (bytes <= MOST_BYTES && large === undefined) return;
  const what = large === undefined ? "the project's files" : visibleLine(large.path);
  throw new GateError("CONFIG_INVALID", `${what} of ${commit.slice(0, 12)}: ${bytes} bytes are too many`, {
    hint: `a project may have ${MOST_BYTES / 1e6} MB in all and ${SIZE_LIMITS.lines / 1e6} MB in a file`,
  });
}

async function fetchFiles(revision: Revision, folder: string, files: readonly RevisionFile[]): Promise<void> {
  checkSize(files, revision.commit);
  await write(folder, await revision.read(files));
}

/** The labels of rubrics and the records of their calibration. */
async function calibrationFiles(folder: string, rubrics: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const file of rubrics) {
    const { value } = await checkRubric(folder, file);
    if (value === null) continue;
    files.push(calibrationRecordFile(value), ...(value.calibration === null ? [] : [value.calibration]));
  }
  return files;
}

/**
 * Writes what the config of a commit names into an empty folder outside the checkout: config, prompts, datasets, rubrics
 * with their calibration, and a registry that is kept in files. Nothing of it is run and no link is followed. False when
 * the commit has no such config.
 */
export async function materialise(revision: Revision, configFile: string, folder: string): Promise<boolean> {
  const tree = await revision.files();
  const config = tree.get(configFile);
  if (config === undefined || config.kind !== "file") return false;
  await fetchFiles(revision, folder, [config]);
  const source = await readSource(folder, configFile);
  const { files, rubrics } = namedPaths(source.kind === "invalid" ? null : source.document.value);
  await fetchFiles(revision, folder, select(tree, [...files, ...rubrics]));
  await fetchFiles(revision, folder, select(tree, await calibrationFiles(folder, rubrics)));
  return true;
}
