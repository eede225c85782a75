import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runPublish } from "../../src/entry/commands/publish.ts";
import { runStatus, type StatusOptions } from "../../src/entry/commands/status.ts";
import { aVersion } from "../registries/a-version.ts";
import { plantVersions } from "../registries/plant.ts";
import { registryProject, type TestProject } from "./registry-project.ts";

let project: TestProject;

beforeEach(async () => {
  project = await registryProject({ USER: "ada" });
  await project.writePrompt({ version: "1.0.0" });
});
afterEach(async () => project.remove());

async function status(options: Partial<StatusOptions> = {}): Promise<string> {
  expect(
    await runStatus(project.context, { prompt: undefined, json: false, verbose: false, ...options }),
  ).toBe(0);
  return project.printed();
}

async function publish(label: string): Promise<void> {
  await runPublish(project.context, { prompt: "customer-support", label, json: false, verbose: false });
  project.printed();
}

describe("status", () => {
  it("says what to do while nothing is published", async () => {
    expect(await status()).toBe(
      "customer-support\n  nothing published yet: promptgate publish customer-support --label production",
    );
  });

  it("tells where every label points, since when and by whom", async () => {
    await publish("production");
    project.wait(5);
    await project.writePrompt({ version: "1.1.0", system: "Better." });
    await publish("nightly");
    expect(await status()).toBe(
      [
        "customer-support: 2 versions, latest 1.1.0 of 2026-11-20T15:00Z by ada",
        "  nightly     1.1.0  since 2026-11-20T15:00Z  by ada",
        "  production  1.0.0  since 2026-11-20T10:00Z  by ada",
      ].join("\n"),
    );
  });

  it("shows what only the registry knows, and one prompt alone when asked", async () => {
    await project.registry.publish(aVersion("3.0.0", "Old.", "retired"));
    expect(await status()).toContain("retired: 1 version, latest 3.0.0");
    expect(await status({ prompt: "retired" })).toMatch(/^retired: 1 version.*\n {2}no labels$/);
  });

  it("prints one JSON document", async () => {
    await publish("production");
    const { schema, prompts } = JSON.parse(await status({ json: true }));
    expect(schema).toBe("promptgate/status@1");
    expect(prompts).toEqual([
      {
        name: "customer-support",
        versions: 1,
        latest: {
          version: "1.0.0",
          digest: expect.stringMatching(/^sha256:/),
          author: "ada",
          createdAt: "2026-11-20T10:00:30.000Z",
        },
        labels: [{ name: "production", version: "1.0.0", since: "2026-11-20T10:00:30.000Z", by: "ada" }],
        rollout: null,
      },
    ]);
  });

  it("counts more versions than a page holds", async () => {
    await plantVersions(join(project.root, ".promptgate/registry"), 1003);
    expect(await status()).toContain("1003 versions, latest 1.0.1002");
  });

  it("offers the nearest name for an unknown prompt", async () => {
    await expect(status({ prompt: "customer-suport" })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining('did you mean "customer-support"'),
    });
  });

  it("does not obey control characters of a stored author", async () => {
    const version = { ...aVersion("1.0.0", "Text."), author: "\u001b]0;owned\u0007Ada\nBob" };
    await project.registry.publish(version);
    const text = await status();
    expect(text).not.toMatch(/[\u001b\u0007]/);
    expect(text.split("\n")).toHaveLength(2);
  });
});
