import { relative, sep } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import { gitText, requireGit } from "./git.ts";

/** One entry of a commit; links are listed so that they can be refused, never followed. */
export interface RevisionFile {
  /** Relative to the project, with `/`. */
  readonly path: string;
  readonly kind: "file" | "link" | "submodule";
  /** The blob's object id. */
  readonly id: string;
  /** In bytes. */
  readonly size: number;
}

/** The project's folder as one commit has it. Reading it runs nothing of what it holds. */
export interface Revision {
  /** 40 or 64 hex digits. */
  readonly commit: string;
  /** By path. */
  files(): Promise<ReadonlyMap<string, RevisionFile>>;
  /** Contents by path. Throws `FILE_UNREADABLE`. */
  read(files: readonly RevisionFile[]): Promise<ReadonlyMap<string, Uint8Array>>;
}

const KINDS: Readonly<Record<string, RevisionFile["kind"]>> = { "120000": "link", "160000": "submodule" };

/** Lines of `git ls-tree -r -z -l`: mode, type, id and size, a tab, the path. */
function parseTree(listing: string, prefix: string): Map<string, RevisionFile> {
  const files = new Map<string, RevisionFile>();
  for (const line of listing.split("\0")) {
    const tab = line.indexOf("\t");
    if (tab < 0) continue;
    const [mode = "", , id = "", size = ""] = line.slice(0, tab).split(/ +/);
    const full = line.slice(tab + 1);
    if (!full.startsWith(prefix)) continue;
    const path = full.slice(prefix.length);
    files.set(path, { path, kind: KINDS[mode] ?? "file", id, size: Number(size) || 0 });
  }
  return files;
}

/** Splits what `git cat-file --batch` prints: a header with the size, the bytes, a newline. */
function parseBatch(output: Buffer, files: readonly RevisionFile[]): Map<string, Uint8Array> {
  const contents = new Map<string, Uint8Array>();
  let offset = 0;
  for (const { path } of files) {
    const end = output.indexOf(10, offset);
    const [, type, size] = output.subarray(offset, Math.max(end, offset)).toString("utf8").split(" ");
    if (end < 0 || type !== "blob" || size === undefined) {
      throw new GateError("FILE_UNREADABLE", `git has no contents of ${visibleLine(path)} in that commit`, {
        hint: "a partial clone leaves contents out: check out without a filter",
      });
    }
    const start = end + 1;
    contents.set(path, new Uint8Array(output.subarray(start, start + Number(size))));
    offset = start + Number(size) + 1;
  }
  return contents;
}

/** The project's folder inside its repository, `""` or with `/` at the end. */
async function projectPrefix(root: string, toplevel: string): Promise<string> {
  const inside = await gitText(root, ["rev-parse", "--show-prefix"]);
  const way = inside ?? relative(toplevel, root).split(sep).join("/");
  return way === "" || way.endsWith("/") ? way : `${way}/`;
}

/**
 * A commit of the repository that holds `root`, the project's folder. `FILE_UNREADABLE` when this is no git checkout;
 * `USAGE` when it has no such commit.
 */
export async function gitRevision(root: string, reference: string, signal: AbortSignal): Promise<Revision> {
  const toplevel = await gitText(root, ["rev-parse", "--show-toplevel"], { signal });
  if (toplevel === null) {
    throw new GateError("FILE_UNREADABLE", "a base revision needs a git checkout, and this is none", {
      hint: "run it inside the repository, and see that git is installed",
    });
  }
  const verify = ["rev-parse", "--verify", "--quiet", "--end-of-options", `${reference}^{commit}`];
  const commit = await gitText(root, verify, { signal });
  if (commit === null) {
    throw new GateError("USAGE", `this checkout has no revision "${visibleLine(reference)}"`, {
      hint: "a shallow checkout has few: `git fetch --depth=1 origin REVISION` gets one more",
    });
  }
  const prefix = await projectPrefix(root, toplevel);
  return {
    commit,
    files: async () => {
      const args = ["ls-tree", "-r", "-z", "-l", "--full-tree", commit];
      const limited = prefix === "" ? args : [...args, "--", prefix];
      const listing = await requireGit(root, limited, { what: `list the files of ${commit}`, signal });
      return parseTree(listing.toString("utf8"), prefix);
    },
    read: async (files) => {
      if (files.length === 0) return new Map();
      const input = files.map(({ id }) => `${id}\n`).join("");
      const what = `read the files of ${commit}`;
      return parseBatch(await requireGit(root, ["cat-file", "--batch"], { input, what, signal }), files);
    },
  };
}
