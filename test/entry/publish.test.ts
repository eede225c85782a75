import { execFileSync } from "node:child_process";
import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runPublish, type PublishOptions } from "../../src/entry/commands/publish.ts";
import { registryProject, type TestProject } from "./registry-project.ts";

let project: TestProject;

beforeEach(async () => {
  project = await registryProject();
  await project.writePrompt({ version: "1.0.0", changeReason: "First" });
});
afterEach(async () => project.remove());

async function publish(options: Partial<PublishOptions> = {}): Promise<string> {
  const all = { prompt: "customer-support", author: "Ada", json: false, verbose: false, ...options };
  expect(await runPublish(project.context, all)).toBe(0);
  return project.printed();
}

const stored = async (version = "1.0.0") =>
  project.registry.readVersion("customer-support", { kind: "version", version });

describe("publish", () => {
  it("stores the prompt file as a version, with who, when and why", async () => {
    expect(await publish()).toMatch(/^published customer-support@1\.0\.0 {2}sha256:[0-9a-f]{64}$/);
    expect(await stored()).toMatchObject({
      author: "Ada",
      changeReason: "First",
      createdAt: "2026-11-20T10:00:30.000Z",
    });
  });

  it("does nothing the second time", async () => {
    await publish();
    expect(await publish({ author: "Bob" })).toBe(
      "customer-support@1.0.0 is published with this content already; nothing to do",
    );
    expect((await stored())?.author).toBe("Ada");
  });

  it("refuses other content under a published number", async () => {
    await publish();
    await project.writePrompt({ version: "1.0.0", system: "Other." });
    await expect(publish()).rejects.toMatchObject({ code: "VERSION_EXISTS" });
  });

  it("asks for a reason, and takes one from the command line", async () => {
    await project.writePrompt({ version: "1.0.0", changeReason: null });
    await expect(publish()).rejects.toMatchObject({
      code: "USAGE",
      hint: expect.stringContaining("--reason"),
    });
    expect(await stored()).toBeNull();
    await publish({ reason: "Because" });
    expect((await stored())?.changeReason).toBe("Because");
  });

  it("offers the nearest name for an unknown prompt", async () => {
    await expect(publish({ prompt: "custommer-suport" })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining('did you mean "customer-support"'),
    });
  });

  it("prints one JSON document", async () => {
    const document: unknown = JSON.parse(await publish({ json: true, label: "nightly" }));
    expect(document).toEqual({
      schema: "promptgate/publication@1",
      prompt: "customer-support",
      version: "1.0.0",
      digest: (await stored())?.digest,
      created: true,
      author: "Ada",
      createdAt: "2026-11-20T10:00:30.000Z",
      changeReason: "First",
      label: { name: "nightly", from: null, moved: true, adopted: false },
    });
  });

  it("shows control characters of an author without obeying them", async () => {
    await project.writePrompt({ version: "1.0.0", changeReason: "\u001b[31mred" });
    expect(await publish()).not.toContain("\u001b");
  });
});

async function authorIn(environment: Record<string, string>): Promise<string | undefined> {
  await project.remove();
  project = await registryProject(environment);
  await project.writePrompt({ version: "1.0.0" });
  await runPublish(project.context, { prompt: "customer-support", json: false, verbose: false });
  return (await stored())?.author;
}

describe("who published", () => {
  it("is git's user", async () => {
    execFileSync("git", ["init", "-q"], { cwd: project.root });
    execFileSync("git", ["config", "user.name", "Grace Hopper"], { cwd: project.root });
    execFileSync("git", ["config", "user.email", "grace@example.com"], { cwd: project.root });
    await runPublish(project.context, { prompt: "customer-support", json: false, verbose: false });
    expect((await stored())?.author).toBe("Grace Hopper <grace@example.com>");
  });

  it.each([
    [{ GITHUB_ACTOR: "octocat", USER: "runner" }, "octocat"],
    [{ USER: "ada" }, "ada"],
    [{ USERNAME: "bob" }, "bob"],
    [{ USER: "ada", PATH: "/nonexistent" }, "ada"],
  ])("is without git's user, in %j, %s", async (environment, expected) => {
    expect(await authorIn(environment)).toBe(expected);
  });

  it("has to be said when nothing tells", async () => {
    await expect(authorIn({})).rejects.toMatchObject({
      code: "USAGE",
      hint: expect.stringContaining("--author"),
    });
    expect(await stored()).toBeNull();
  });

  it("does without a git that fails", async () => {
    await mkdir(join(project.root, "bin"));
    await writeFile(join(project.root, "bin/git"), "#!/bin/sh\nexit 128\n");
    await chmod(join(project.root, "bin/git"), 0o755);
    const environment = { PATH: join(project.root, "bin"), USER: "ada" };
    const options = { prompt: "customer-support", json: false, verbose: false };
    await runPublish({ ...project.context, environment }, options);
    expect((await stored())?.author).toBe("ada");
  });
});

describe("publish --label", () => {
  it("moves a label of the user's own along", async () => {
    expect(await publish({ label: "nightly" })).toContain("label nightly is new at 1.0.0");
    await project.writePrompt({ version: "1.1.0", system: "Better." });
    expect(await publish({ label: "nightly" })).toContain("label nightly moved from 1.0.0 to 1.1.0");
    expect(await publish({ label: "nightly" })).toContain("label nightly was at 1.1.0 already");
    const { items } = await project.registry.history("customer-support");
    expect(items.map(({ to, by, reason }) => ({ to, by, reason }))).toEqual([
      { to: "1.1.0", by: "Ada", reason: "Try it" },
      { to: "1.0.0", by: "Ada", reason: "First" },
    ]);
  });

  it("adopts a first production version, and says that no gate saw it", async () => {
    expect(await publish({ label: "production" })).toContain("adopted as what already runs, without a gate");
    const { items } = await project.registry.history("customer-support");
    expect(items[0]?.reason).toBe("adopted as what already runs, without a gate: First");
    expect(await publish({ label: "production" })).toContain("label production was at 1.0.0 already");
  });

  it("never moves production a second time, and publishes nothing then", async () => {
    await publish({ label: "production" });
    await project.writePrompt({ version: "1.1.0", system: "Better." });
    await expect(publish({ label: "production" })).rejects.toMatchObject({
      code: "USAGE",
      hint: expect.stringContaining("promptgate gate customer-support"),
    });
    expect(await stored("1.1.0")).toBeNull();
  });

  it.each(["staging", "canary", "rollback", "latest", "Nightly", "../x", ""])(
    "does not create the label %j, and publishes nothing",
    async (label) => {
      await expect(publish({ label })).rejects.toMatchObject({ code: "USAGE" });
      expect(await stored()).toBeNull();
    },
  );
});
