import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { GateError } from "../../src/domain/errors.ts";
import { branchTree } from "../../src/files/git/branch-tree.ts";
import { gitBranch } from "../../src/files/git/branch.ts";
import { runGit } from "../../src/files/git/run-git.ts";
import type { FileTree } from "../../src/files/tree.ts";
import { bareEnvironment, git, gitRemote, type GitRemote } from "./git-remote.ts";

const branch = "promptgate-state";
let remote: GitRemote;

beforeEach(async () => {
  remote = await gitRemote();
});
afterEach(async () => remote.remove());

interface Changes {
  readonly root?: string;
  readonly remote?: string;
  readonly path?: string;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

function tree(changes: Changes = {}): FileTree {
  const clock = { now: () => Date.UTC(2026, 10, 20, 10) };
  const settings = { root: remote.clone, remote: "origin", branch, path: "", environment: bareEnvironment };
  return branchTree(gitBranch({ ...settings, clock, ...changes }));
}

async function failure(work: Promise<unknown>): Promise<GateError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GateError);
  return error as GateError;
}

async function hook(name: string, script: string): Promise<void> {
  const file = join(remote.bare, "hooks", name);
  await mkdir(join(remote.bare, "hooks"), { recursive: true });
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

describe("a branch as a tree of files", () => {
  it("begins as a branch without ancestors, and keeps each change as one commit of its own author", async () => {
    expect(await tree().list("", "any")).toEqual([]);
    const files = tree();
    expect(await files.createOnce("a/one.json", "1\n", { path: "copy.json", text: "1\n" })).toBe(true);
    await files.replace("copy.json", "2\n");
    expect(git(remote.bare, "log", "--format=%an <%ae> %cI %s", branch).split("\n")).toEqual([
      "promptgate <promptgate@localhost> 2026-11-20T10:00:00+00:00 Write copy.json",
      "promptgate <promptgate@localhost> 2026-11-20T10:00:00+00:00 Create a/one.json",
    ]);
    expect(remote.show(branch, "a/one.json")).toBe("1");
    expect(remote.show(`${branch}~1`, "copy.json")).toBe("1");
    expect(git(remote.bare, "fsck", "--strict")).toBe("");
  });

  it("tells two writers of the same text in the same second apart", async () => {
    const clock = { now: () => Date.UTC(2026, 10, 20, 10) };
    const settings = {
      root: remote.clone,
      remote: "origin",
      branch,
      path: "",
      environment: bareEnvironment,
      clock,
    };
    const outcomes = await Promise.all(
      [1, 2, 3, 4].map(async () => branchTree(gitBranch(settings)).createOnce("one", "same")),
    );
    expect(outcomes.filter(Boolean)).toHaveLength(1);
  });

  it("leaves the user's working tree, index, HEAD, refs and shallow boundary alone", async () => {
    const clone = remote.cloneAgain("--depth=1");
    await writeFile(join(clone, "staged"), "x");
    git(clone, "add", "staged");
    await writeFile(join(clone, "untracked"), "x");
    const look = async (): Promise<unknown[]> => [
      git(clone, "status", "--porcelain=v2", "--branch"),
      git(clone, "for-each-ref"),
      await readFile(join(clone, ".git", "index")),
      await readFile(join(clone, ".git", "HEAD"), "utf8"),
      await readFile(join(clone, ".git", "shallow"), "utf8"),
      git(clone, "config", "--local", "--list"),
      (await readdir(clone)).sort(),
    ];
    const before = await look();
    await tree({ root: clone }).createOnce("one", "1");
    await tree({ root: clone }).createOnce("two", "2");
    expect(await tree({ root: clone }).list("", "any")).toEqual(["one", "two"]);
    expect(await look()).toEqual(before);
  });

  it("works inside a hook, where git's variables name another repository", async () => {
    const environment = { ...bareEnvironment, GIT_DIR: "/nonexistent", GIT_INDEX_FILE: "/nonexistent/index" };
    expect(await tree({ environment }).createOnce("one", "1")).toBe(true);
    expect(remote.show(branch, "one")).toBe("1");
  });

  it("works without a repository around it, on a path or an address", async () => {
    const root = join(remote.root, "project");
    await mkdir(root);
    expect(await tree({ root, remote: "../remote.git" }).createOnce("one", "1")).toBe(true);
    expect(await tree({ root, remote: `file://${remote.bare}` }).createOnce("one", "2")).toBe(false);
  });

  it("keeps to its folder on a branch that holds other things", async () => {
    git(remote.clone, "push", "--quiet", "origin", `HEAD:${branch}`);
    await tree().createOnce("registryx/foreign", "x");
    const files = tree({ path: "registry" });
    await files.createOnce("deep/one", "1");
    expect(await files.list("", "any")).toEqual(["deep"]);
    expect(remote.show(branch, "registry/deep/one")).toBe("1");
    expect(files.locate("deep/one")).toBe(`${branch}:registry/deep/one`);
    expect(git(remote.bare, "rev-list", "--count", branch)).toBe("4");
  });

  it("fetches once when nothing is written, and once more for a refusal", async () => {
    await tree().createOnce("one", "1");
    const trace = join(remote.root, "trace");
    const files = tree({ environment: { ...bareEnvironment, GIT_TRACE: trace } });
    for (let index = 0; index < 3; index++) {
      expect(await files.read("one")).toEqual({ kind: "text", text: "1" });
      expect(await files.list("", "any")).toEqual(["one"]);
    }
    const fetches = (await readFile(trace, "utf8")).match(/built-in: git fetch /g);
    expect(fetches).toHaveLength(1);
  });

  it("never moves a branch forward again that was set back meanwhile", async () => {
    const files = tree();
    await files.createOnce("one", "1");
    await files.createOnce("two", "2");
    git(remote.bare, "update-ref", `refs/heads/${branch}`, `${branch}~1`);
    await files.createOnce("three", "3");
    expect(git(remote.bare, "ls-tree", "-r", "--name-only", branch).split("\n")).toEqual(["one", "three"]);
  });

  it.each(['quote"d', "back\\slash", "two words", "ü 👋", "-rf", "a\tb"])(
    "writes the path %j as it is",
    async (name) => {
      const files = tree();
      await files.createOnce(`folder/${name}`, `text of ${name}`);
      expect(await tree().list("folder", "any")).toEqual([name]);
      expect(await tree().read(`folder/${name}`)).toEqual({ kind: "text", text: `text of ${name}` });
    },
  );

  it.each([
    { title: "a file where a folder should be", path: "one/two", first: "one" },
    { title: "a folder where a file should be", path: "one", first: "one/two" },
  ])("refuses $title, and overwrites nothing", async ({ path, first }) => {
    await tree().createOnce(first, "1");
    expect(await failure(tree().replace(path, "2"))).toMatchObject({ code: "STORAGE_FAILED" });
    expect(remote.show(branch, first)).toBe("1");
  });

  it("follows no link and decodes no bytes that are no text", async () => {
    const work = join(remote.root, "work");
    git(remote.root, "clone", "--quiet", remote.bare, work);
    git(work, "checkout", "--quiet", "--orphan", branch);
    await writeFile(join(work, "bytes"), Buffer.from([0x7b, 0xff, 0xfe]));
    git(
      work,
      "update-index",
      "--add",
      "--cacheinfo",
      `120000,${git(work, "hash-object", "-w", "bytes")},link`,
    );
    git(work, "add", "bytes");
    git(work, "commit", "--quiet", "-m", "By hand");
    git(work, "push", "--quiet", "origin", branch);
    expect(await tree().read("link")).toEqual({ kind: "foreign", reason: "it is not a regular file" });
    expect(await tree().read("bytes")).toEqual({ kind: "foreign", reason: "it is not UTF-8 text" });
  });
});

describe("a remote that fails", () => {
  it("is named when it does not exist, and reading gives no older state", async () => {
    await tree().createOnce("one", "1");
    await rename(remote.bare, `${remote.bare}.away`);
    const error = await failure(tree().read("one"));
    expect(error).toMatchObject({ code: "NETWORK", retryable: true });
    expect(error.message).toContain("remote.git");
    await rename(`${remote.bare}.away`, remote.bare);
    expect(await tree().read("one")).toEqual({ kind: "text", text: "1" });
  });

  it("is tried again by the next call", async () => {
    const files = tree();
    await rename(remote.bare, `${remote.bare}.away`);
    expect(await failure(files.list("", "any"))).toMatchObject({ code: "NETWORK" });
    await rename(`${remote.bare}.away`, remote.bare);
    expect(await files.createOnce("one", "1")).toBe(true);
  });

  it("is a NETWORK failure when nobody listens there", async () => {
    const error = await failure(tree({ remote: "http://127.0.0.1:9/x.git" }).read("one"));
    expect(error).toMatchObject({ code: "NETWORK" });
  });

  it("is said to protect the branch when it declines a push", async () => {
    await hook("pre-receive", "echo 'GH006: Protected branch update failed' >&2; exit 1");
    const error = await failure(tree().createOnce("one", "1"));
    expect(error).toMatchObject({
      code: "AUTHENTICATION",
      hint: expect.stringContaining("branch protection"),
    });
    expect(error.message).toContain("GH006");
  });

  it("counts as written when it took the push and died before it said so", async () => {
    await tree().createOnce("zero", "0");
    await hook("post-receive", "kill -9 $PPID");
    const files = tree();
    expect(await files.createOnce("one", "1")).toBe(true);
    expect(await files.createOnce("one", "1")).toBe(false);
    expect(git(remote.bare, "rev-list", "--count", branch)).toBe("2");
  });

  it("counts as not written when it died before it took the push", async () => {
    await hook("pre-receive", "kill -9 $PPID; sleep 1");
    expect(await failure(tree().createOnce("one", "1"))).toMatchObject({ code: "NETWORK" });
    await rm(join(remote.bare, "hooks", "pre-receive"));
    expect(await tree().list("", "any")).toEqual([]);
  });

  it("is refused by its name when there is none of that name", async () => {
    expect(await failure(tree({ remote: "upstream" }).read("one"))).toMatchObject({ code: "CONFIG_INVALID" });
  });

  it("may not be an address that runs commands", async () => {
    const mark = join(remote.root, "ran");
    await failure(tree({ remote: `ext::sh -c touch% ${mark}` }).read("one"));
    expect(await readdir(remote.root)).not.toContain("ran");
  });

  it("is given up at the deadline, with all that git started", async () => {
    const run = await runGit({
      args: ["-c", "alias.wait=!sleep 600", "wait"],
      cwd: remote.root,
      environment: bareEnvironment,
      timeoutMs: 200,
    });
    expect(run.code).toBeNull();
  });

  it("is out of reach without git", async () => {
    const error = await failure(tree({ environment: { PATH: "/nonexistent" } }).read("one"));
    expect(error).toMatchObject({ code: "STORAGE_FAILED", hint: expect.stringContaining("install git") });
  });
});
