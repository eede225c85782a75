import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openRegistry } from "../../src/registries/index.ts";
import { aRelease, aReleaseWrite } from "../contracts/registry-release.contract.ts";
import { bareEnvironment, git, gitRemote } from "../files/git-remote.ts";
import { aVersion, SOME_TIME } from "./a-version.ts";
import { fileFolder, prompt, type FileFolder } from "./file-folder.ts";

describe("the release documents of a file registry", () => {
  let opened: FileFolder;
  let copy: string;
  const second = { generation: 2, candidate: null };

  beforeEach(async () => {
    opened = await fileFolder();
    copy = join(opened.folder, "release.json");
    await opened.registry.publish(aVersion("1.0.0", "One."));
    await opened.registry.publish(aVersion("1.1.0", "Two."));
    await opened.registry.writeRelease(aReleaseWrite());
  });
  afterEach(async () => opened.remove());

  const copied = async (): Promise<unknown> => JSON.parse(await readFile(copy, "utf8"));

  it("are one file a generation with its author and reason, and a copy of the newest to read", async () => {
    await opened.registry.writeRelease(aReleaseWrite(second, 1));
    const folder = join(opened.folder, "releases");
    expect((await readdir(folder)).sort()).toEqual(["000001.json", "000002.json"]);
    expect(JSON.parse(await readFile(join(folder, "000001.json"), "utf8"))).toEqual({
      schema: "promptgate/release-write@1",
      by: "Ada Lovelace <ada@example.com>",
      reason: "5 %",
      release: aRelease(),
    });
    expect(await copied()).toEqual(aRelease(second));
  });

  it.each([
    { title: "missing", damage: async () => rm(copy) },
    { title: "older", damage: async () => writeFile(copy, JSON.stringify(aRelease({ stable: "0.9.0" }))) },
    { title: "a merge conflict", damage: async () => writeFile(copy, "<<<<<<< HEAD") },
  ])("heal a copy that is $title with the next reading", async ({ damage }) => {
    await damage();
    expect(await opened.reopened().readRelease(prompt)).toEqual(aRelease());
    expect(await copied()).toEqual(aRelease());
  });

  it.each([
    { title: "the same", write: aReleaseWrite() },
    { title: "the next", write: aReleaseWrite(second, 1) },
  ])("heal a copy with $title write", async ({ write }) => {
    await rm(copy);
    await opened.reopened().writeRelease(write);
    expect(await copied()).toEqual(write.document);
  });

  it("are read even where the copy cannot be healed, and not written", async () => {
    await rm(copy);
    await mkdir(join(copy, "in the way"), { recursive: true });
    expect(await opened.reopened().readRelease(prompt)).toEqual(aRelease());
    await expect(opened.reopened().writeRelease(aReleaseWrite(second, 1))).rejects.toMatchObject({
      code: "STORAGE_FAILED",
    });
  });

  it.each([
    { title: "is cut off", text: '{"schema":"promptgate/rel', says: "it is not JSON" },
    { title: "has a weight out of range", text: null, says: "weight" },
  ])("name the newest when it $title, and never pass it over for an older one", async ({ text, says }) => {
    await opened.registry.writeRelease(aReleaseWrite({ ...second, candidate: aRelease().candidate }, 1));
    const file = join(opened.folder, "releases", "000002.json");
    const damaged = text ?? (await readFile(file, "utf8")).replace("5000", "500000");
    await writeFile(file, damaged);
    const corrupt = { code: "REGISTRY_CORRUPT", message: expect.stringContaining(says) };
    await expect(opened.reopened().readRelease(prompt)).rejects.toMatchObject(corrupt);
    await expect(opened.reopened().writeRelease(aReleaseWrite({ generation: 3 }, 2))).rejects.toMatchObject(
      corrupt,
    );
    expect(await readFile(file, "utf8")).toBe(damaged);
  });

  it("refuse the document of another prompt or generation under their name", async () => {
    const folder = join(opened.folder, "releases");
    await writeFile(join(folder, "000003.json"), await readFile(join(folder, "000001.json"), "utf8"));
    await expect(opened.reopened().readRelease(prompt)).rejects.toMatchObject({
      code: "REGISTRY_CORRUPT",
      message: expect.stringContaining(`it holds generation 1 of ${prompt}`),
    });
  });
});

describe("a registry on a branch", () => {
  it("writes a release and its copy in one commit, and a checkout of the branch is a file registry", async () => {
    const remote = await gitRemote();
    try {
      const clock = { now: () => SOME_TIME };
      const registry = openRegistry({ kind: "git" }, remote.clone, clock, bareEnvironment);
      await registry.publish(aVersion("1.0.0", "One."));
      await registry.publish(aVersion("1.1.0", "Two."));
      const move = { prompt, label: "production", to: "1.0.0", expected: null, by: "Ada", reason: "first" };
      await registry.moveLabel(move);
      await registry.writeRelease(aReleaseWrite());
      const changed = git(remote.bare, "show", "--name-only", "--format=", "promptgate-registry").split("\n");
      expect(changed.sort()).toEqual([`${prompt}/release.json`, `${prompt}/releases/000001.json`]);
      expect(JSON.parse(remote.show("promptgate-registry", `${prompt}/release.json`))).toEqual(aRelease());
      const checkout = remote.cloneAgain("--branch=promptgate-registry");
      const files = openRegistry({ kind: "file", path: "." }, checkout, clock);
      expect(await files.listPrompts()).toEqual({ items: [prompt], next: null });
      expect(await files.readRelease(prompt)).toEqual(aRelease());
      expect(await files.listLabels(prompt)).toEqual(await registry.listLabels(prompt));
      expect(git(checkout, "status", "--porcelain")).toBe("");
    } finally {
      await remote.remove();
    }
  });

  it("judges a refusal by the newest state, not by what it read first", async () => {
    const remote = await gitRemote();
    try {
      const opened = (): ReturnType<typeof openRegistry> =>
        openRegistry({ kind: "git" }, remote.clone, { now: () => SOME_TIME }, bareEnvironment);
      const early = opened();
      expect(await early.listPrompts()).toEqual({ items: [], next: null });
      await opened().publish(aVersion("1.0.0", "One."));
      const move = { prompt, label: "production", to: "1.0.0", expected: null, by: "Ada", reason: "first" };
      expect((await early.moveLabel(move))?.sequence).toBe(1);
      await opened().publish(aVersion("1.1.0", "Two."));
      await opened().moveLabel({ ...move, to: "1.1.0", expected: "1.0.0" });
      expect((await early.moveLabel({ ...move, expected: "1.1.0" }))?.sequence).toBe(3);
    } finally {
      await remote.remove();
    }
  });
});
