import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A machine without any settings for git, not even a name: what CI has. */
export const bareEnvironment: Readonly<Record<string, string | undefined>> = {
  PATH: process.env["PATH"],
  HOME: "/nonexistent",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
};

/** Runs git as a person would, and gives what it says. */
export function git(cwd: string, ...args: readonly string[]): string {
  const identity = [
    "-c",
    "user.name=Ada",
    "-c",
    "user.email=ada@example.com",
    "-c",
    "init.defaultBranch=main",
  ];
  const env = { ...bareEnvironment, GIT_CONFIG_GLOBAL: "/dev/null" };
  return execFileSync("git", [...identity, ...args], { cwd, env, encoding: "utf8", stdio: "pipe" }).trimEnd();
}

/** A bare repository and a clone of it with one commit on `main`. */
export interface GitRemote {
  readonly root: string;
  readonly bare: string;
  /** A project's checkout whose `origin` is the bare one. */
  readonly clone: string;
  /** Another checkout, as another machine has it. */
  cloneAgain(...flags: readonly string[]): string;
  /** What the remote has under `branch:path`. */
  show(branch: string, path: string): string;
  remove(): Promise<void>;
}

let template: Promise<string> | null = null;

/** Made once for all tests of a worker: copying is faster than cloning. */
async function makeTemplate(): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "promptgate-git-template-"));
  process.once("exit", () => rmSync(root, { recursive: true, force: true }));
  git(root, "init", "--quiet", "--bare", "remote.git");
  git(root, "clone", "--quiet", "remote.git", "clone-0");
  const clone = join(root, "clone-0");
  git(clone, "commit", "--quiet", "--allow-empty", "-m", "First");
  git(clone, "commit", "--quiet", "--allow-empty", "-m", "Second");
  git(clone, "push", "--quiet", "origin", "HEAD:main");
  return root;
}

export async function gitRemote(): Promise<GitRemote> {
  template ??= makeTemplate();
  const root = await mkdtemp(join(tmpdir(), "promptgate-git-"));
  await cp(await template, root, { recursive: true });
  const bare = join(root, "remote.git");
  const clone = join(root, "clone-0");
  const settings = join(clone, ".git", "config");
  await writeFile(
    settings,
    (await readFile(settings, "utf8")).replace(join(await template, "remote.git"), bare),
  );
  let clones = 1;
  return {
    root,
    bare,
    clone,
    cloneAgain(...flags) {
      const path = join(root, `clone-${clones++}`);
      git(root, "clone", "--quiet", "--branch", "main", ...flags, `file://${bare}`, path);
      return path;
    },
    show: (branch, path) => git(bare, "show", `${branch}:${path}`),
    remove: async () => rm(root, { recursive: true, force: true }),
  };
}
