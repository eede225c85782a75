import { randomBytes } from "node:crypto";
import type { TreeFile } from "../tree.ts";
import { refusedPush, remoteFailure, storageFailure } from "./git-failure.ts";
import type { OwnRepository } from "./repository.ts";

/** How long a remote may take to answer one fetch or push. */
const REMOTE_TIMEOUT_MS = 60_000;
/** Holds what was fetched, so that the next fetch transfers only what is new. */
const KEPT_REF = "refs/promptgate/tip";
/** How servers and git itself say that somebody else pushed first. */
const LOST_RACE =
  /stale info|non-fast-forward|fetch first|cannot lock ref|failed to (?:lock|update)|reference already exists|incorrect old value|remote ref updated since/;

const IDENTITY = "promptgate <promptgate@localhost>";

function ownRef(): string {
  return `refs/promptgate/${randomBytes(8).toString("hex")}`;
}

/** Fetches the branch and gives its commit, null when there is no such branch. `first` leaves its history behind. */
export async function fetchBranch(
  repository: OwnRepository,
  branch: string,
  first = false,
): Promise<string | null> {
  const ref = ownRef();
  const flags = ["--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"];
  const refspec = `+refs/heads/${branch}:${ref}`;
  const args = ["fetch", ...flags, ...(first ? ["--depth=1"] : []), "--", repository.fetchUrl, refspec];
  const run = await repository.git(args, { timeoutMs: REMOTE_TIMEOUT_MS });
  if (run.code !== 0) {
    if (/couldn't find remote ref/.test(run.stderr)) return null;
    throw remoteFailure(run, "fetch from", repository.fetchUrl);
  }
  const found = await repository.git(["rev-parse", "--verify", `${ref}^{commit}`]);
  if (found.code !== 0) throw storageFailure(found, "read the branch");
  const commit = found.stdout.toString("utf8").trim();
  // When another process is about to do the same, our own name keeps the commit as well.
  await repository.git(["update-ref", "--stdin"], { input: `update ${KEPT_REF} ${commit}\ndelete ${ref}\n` });
  return commit;
}

/** A path as fast-import reads it, whatever characters it has. */
function quoted(path: string): string {
  return `"${path.replace(/[\\"]/g, "\\$&").replaceAll("\n", "\\n")}"`;
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text, "utf8")}\n${text}\n`;
}

export interface CommitRequest {
  readonly parent: string | null;
  readonly files: readonly TreeFile[];
  readonly message: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Writes a commit into our own repository, under no name: without an index, a working tree or a configured identity. */
export async function writeCommit(
  repository: OwnRepository,
  { parent, files, message, at }: CommitRequest,
): Promise<string> {
  const ref = ownRef();
  // Two writers of the same text in the same second would otherwise make one commit, and both think it theirs.
  const unique = `${message}\n\nChange: ${randomBytes(16).toString("hex")}\n`;
  const input = [
    `commit ${ref}\nmark :1\ncommitter ${IDENTITY} ${Math.floor(at / 1000)} +0000\n${data(unique)}`,
    parent === null ? "" : `from ${parent}\n`,
    ...files.map(({ path, text }) => `M 100644 inline ${quoted(path)}\n${data(text)}`),
    `get-mark :1\nreset ${ref}\nfrom ${"0".repeat(40)}\n\ndone\n`,
  ].join("");
  const run = await repository.git(["fast-import", "--quiet", "--done", "--date-format=raw"], { input });
  const commit = run.stdout.toString("utf8").trim();
  if (run.code !== 0 || !/^[0-9a-f]{40}$/.test(commit)) throw storageFailure(run, "write a commit");
  return commit;
}

export interface Push {
  readonly commit: string;
  /** What the branch must still be at; null when it must not exist. */
  readonly parent: string | null;
}

/** True when the branch took the commit, false when it was no longer at `parent`. */
export async function pushCommit(
  repository: OwnRepository,
  branch: string,
  { commit, parent }: Push,
): Promise<boolean> {
  const ref = `refs/heads/${branch}`;
  // The lease is the compare-and-swap: a branch that was set back meanwhile is not moved forward again either.
  const flags = [
    "--porcelain",
    "--no-verify",
    "--no-follow-tags",
    "--recurse-submodules=no",
    `--force-with-lease=${ref}:${parent ?? ""}`,
  ];
  const args = ["push", ...flags, "--", repository.pushUrl, `${commit}:${ref}`];
  const run = await repository.git(args, { timeoutMs: REMOTE_TIMEOUT_MS });
  if (run.code === 0) return true;
  const [, reason] =
    /^!\t[^\t]*\t\[(?:remote )?rejected\] \((.*)\)$/m.exec(run.stdout.toString("utf8")) ?? [];
  if (reason === undefined) throw remoteFailure(run, "push to", repository.pushUrl);
  if (LOST_RACE.test(reason)) return false;
  throw refusedPush(run, branch, reason);
}

/** True when the branch at `tip` has the commit in its history. */
export async function contains(
  repository: OwnRepository,
  tip: string | null,
  commit: string,
): Promise<boolean> {
  if (tip === null) return false;
  const run = await repository.git(["merge-base", "--is-ancestor", commit, tip]);
  if (run.code === 0 || run.code === 1) return run.code === 0;
  throw storageFailure(run, "compare two commits");
}
