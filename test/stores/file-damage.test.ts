import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { textDigest } from "../../src/domain/digest.ts";
import { GateError } from "../../src/domain/errors.ts";
import type { Store } from "../../src/domain/store.ts";
import { folderTree } from "../../src/files/folder-tree.ts";
import { openStore } from "../../src/stores/index.ts";
import { revisions } from "../../src/stores/revisions.ts";
import { bareEnvironment, git, gitRemote } from "../files/git-remote.ts";
import { aLedgerEntry } from "./a-ledger-entry.ts";

const clock = { now: () => Date.UTC(2026, 10, 20) };
const subject = textDigest("a template");

async function corruption(work: Promise<unknown>): Promise<GateError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(GateError);
  expect(error).toMatchObject({
    code: "STORE_CORRUPT",
    hint: expect.stringContaining("nothing was overwritten"),
  });
  return error as GateError;
}

describe("the folder of a file store", () => {
  let root: string;
  let store: Store;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "promptgate-store-"));
    store = openStore({ kind: "file", path: "state" }, root, clock, {});
  });
  afterEach(async () => rm(root, { recursive: true, force: true }));

  async function fill(): Promise<string> {
    await store.write("rollout/support", "{}", null);
    await store.append(aLedgerEntry());
    await store.attest(subject, '{"statement":1}');
    return join(root, "state");
  }

  it("holds one readable file for each document, entry and attestation", async () => {
    const folder = await fill();
    const files = (await readdir(folder, { recursive: true }))
      .filter((name) => name.endsWith(".json"))
      .sort();
    expect(files).toEqual([
      `attestations/${subject.slice(7)}/000001-${textDigest('{"statement":1}').slice(7)}.json`,
      "documents/rollout+support/000001.json",
      `ledger/customer-support/20261120T100000.000Z-000000001-${aLedgerEntry().id}.json`,
    ]);
    expect(await readFile(join(folder, "documents", "rollout+support", "000001.json"), "utf8")).toBe("{}");
  });

  it("never puts a hostile name anywhere else", async () => {
    for (const key of ["../../up", "/etc/x", "..", "a\0b"]) {
      await store.write(key, "x", null);
      await store.append(aLedgerEntry({ prompt: key }));
    }
    expect(await readdir(root)).toEqual(["state"]);
    expect((await readdir(join(root, "state"))).sort()).toEqual(["documents", "ledger"]);
    expect(await readdir(join(root, ".."))).not.toContain("up");
  });

  it.each([
    ["documents/notes.TXT", async () => store.keys("")],
    ["documents/rollout+support/1.json", async () => store.read("rollout/support")],
    ["documents/rollout+support/notes.txt", async () => store.write("rollout/support", "x", null)],
    ["ledger/NO/x", async () => store.ledger(null)],
    ["ledger/customer-support/000001.json", async () => store.ledger("customer-support")],
    ["ledger/customer-support/x.json", async () => store.append(aLedgerEntry({ reason: "new" }))],
    [`attestations/${subject.slice(7)}/x.json`, async () => store.attestations(subject)],
  ])("names the foreign file %s, and leaves it alone", async (path, work) => {
    const file = join(await fill(), path);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, "foreign");
    const error = await corruption(work());
    expect(error.message).toContain(join("state", path.split("/").slice(0, 2).join("/")));
    expect(await readFile(file, "utf8")).toBe("foreign");
  });

  it.each([
    { title: "empty", text: "", says: "it is empty" },
    { title: "cut off", text: '{"schema": "promptgate/le', says: "it is not JSON" },
    { title: "a merge conflict", text: "<<<<<<< HEAD\n{}\n=======\n", says: "it is not JSON" },
    {
      title: "another event",
      text: JSON.stringify(aLedgerEntry({ reason: "other" })),
      says: "it holds entry",
    },
  ])("names an entry of the ledger that is $title", async ({ text, says }) => {
    const folder = join(await fill(), "ledger", "customer-support");
    const [name = ""] = await readdir(folder);
    await writeFile(join(folder, name), text);
    const error = await corruption(store.ledger(null));
    expect(error.message).toContain(name);
    expect(error.message).toContain(says);
  });

  it("notices an attestation that was changed", async () => {
    const folder = join(await fill(), "attestations", subject.slice(7));
    const [name = ""] = await readdir(folder);
    await writeFile(join(folder, name), '{"statement":2}');
    expect((await corruption(store.attestations(subject))).message).toContain("the digest differs");
  });

  it("never follows a link in the place of a document", async () => {
    const file = join(await fill(), "documents", "rollout+support", "000002.json");
    await symlink("/etc/passwd", file);
    expect((await corruption(store.read("rollout/support"))).message).toContain("not a regular file");
  });

  it("hands out a document that its owner cannot parse, and lets the owner replace it", async () => {
    const file = join(await fill(), "documents", "rollout+support", "000001.json");
    await writeFile(file, "<<<<<<< HEAD");
    const document = await store.read("rollout/support");
    expect(document?.text).toBe("<<<<<<< HEAD");
    expect(await store.write("rollout/support", "{}", null)).toEqual({ kind: "conflict" });
    const outcome = await store.write("rollout/support", "{}", document?.revision ?? null);
    expect(outcome).toMatchObject({ kind: "written" });
  });

  it("overlooks hidden files, and folders that a dead writer left without a document", async () => {
    const folder = await fill();
    await writeFile(join(folder, "documents", ".DS_Store"), "x");
    await mkdir(join(folder, "documents", "rollout+dead"));
    expect(await store.keys("")).toEqual(["rollout/support"]);
    expect(await store.read("rollout/dead")).toBeNull();
  });

  it("keeps the last hundred revisions of a document", async () => {
    let revision: string | null = null;
    for (let index = 0; index < 130; index++) {
      const outcome = await store.write("freeze", String(index), revision);
      revision = outcome.kind === "written" ? outcome.revision : null;
    }
    const names = (await readdir(join(root, "state", "documents", "freeze"))).sort();
    expect(names).toHaveLength(100);
    expect([names[0], names.at(-1)]).toEqual(["000031.json", "000130.json"]);
  });

  it("refuses a writer that slept until its number was free again", async () => {
    const awake = folderTree(join(root, "state"));
    const asleep = revisions(
      {
        ...awake,
        async createOnce(path, text) {
          const others = revisions(awake, "documents/freeze");
          for (let index = 0; index < 120; index++) {
            await others.write(String(index), (await others.read())?.revision ?? null);
          }
          return awake.createOnce(path, text);
        },
      },
      "documents/freeze",
    );
    expect(await asleep.write("late", null)).toEqual({ kind: "conflict" });
    expect((await store.read("freeze"))?.text).toBe("119");
  });

  it("says so when a file stands where the folder should be", async () => {
    await writeFile(join(root, "state"), "x");
    const expected = { code: "STORAGE_FAILED" };
    await expect(store.write("freeze", "x", null)).rejects.toMatchObject(expected);
    await expect(store.ledger(null)).rejects.toMatchObject(expected);
  });
});

describe("a branch that was edited by hand", () => {
  it("is named with the file, and nothing on it is overwritten", async () => {
    const remote = await gitRemote();
    try {
      const reopened = (): Store => openStore({ kind: "git" }, remote.clone, clock, bareEnvironment);
      await reopened().append(aLedgerEntry());
      const path = git(remote.bare, "ls-tree", "-r", "--name-only", "promptgate-state");
      const work = remote.cloneAgain("--branch=promptgate-state");
      await writeFile(join(work, path), "<<<<<<< HEAD\n{}\n=======\n");
      git(work, "commit", "--quiet", "-am", "By hand");
      git(work, "push", "--quiet", "origin", "HEAD:promptgate-state");
      const error = await corruption(reopened().ledger(null));
      expect(error.message).toContain(`promptgate-state:${path}: it is not JSON`);
      await reopened().append(aLedgerEntry());
      expect(remote.show("promptgate-state", path)).toContain("<<<<<<<");
    } finally {
      await remote.remove();
    }
  });
});

describe("opening a store", () => {
  it("knows its kinds", () => {
    expect(() => openStore({ kind: "toString" }, "/nowhere", clock, {})).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", hint: "known: file, git" }),
    );
  });

  it.each([
    { kind: "file", path: 7 },
    { kind: "file", path: "" },
    { kind: "file", pth: "x" },
    { kind: "git", branch: "--upload-pack=x" },
    { kind: "git", branch: "a..b" },
    { kind: "git", branch: "a b" },
    { kind: "git", branch: "a.lock" },
    { kind: "git", branch: "a//b" },
    { kind: "git", remote: "--upload-pack=touch x" },
    { kind: "git", remote: "https://ada:hunter2@example.com/x.git" },
    { kind: "git", path: "../up" },
    { kind: "git", path: "/x" },
    { kind: "git", path: "a/.git/b" },
  ])("refuses the options %j, and repeats no password", (settings) => {
    const open = (): unknown => openStore(settings, "/nowhere", clock, {});
    expect(open).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    expect(open).not.toThrow(/hunter2/);
  });
});
