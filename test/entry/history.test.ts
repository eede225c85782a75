import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runHistory, type HistoryOptions } from "../../src/entry/commands/history.ts";
import { runPublish } from "../../src/entry/commands/publish.ts";
import { plantMoves, plantVersions } from "../registries/plant.ts";
import { registryProject, type TestProject } from "./registry-project.ts";

let project: TestProject;

beforeEach(async () => {
  project = await registryProject({ USER: "ada" });
});
afterEach(async () => project.remove());

async function history(options: Partial<HistoryOptions> = {}): Promise<string> {
  const all = { prompt: "customer-support", limit: 50, json: false, verbose: false, ...options };
  expect(await runHistory(project.context, all)).toBe(0);
  return project.printed();
}

async function twoReleases(): Promise<void> {
  for (const version of ["1.0.0", "1.1.0"]) {
    await project.writePrompt({ version, system: `Text of ${version}.`, changeReason: `why ${version}` });
    const label = version === "1.0.0" ? "production" : "nightly";
    await runPublish(project.context, { prompt: "customer-support", label, json: false, verbose: false });
    project.wait(24);
  }
  const move = { prompt: "customer-support", label: "production", by: "Bob", reason: "gate passed" };
  await project.registry.moveLabel({ ...move, expected: "1.0.0", to: "1.1.0" });
  project.printed();
}

describe("history", () => {
  it("tells publications and moves, newest first, with who and why", async () => {
    await twoReleases();
    expect(await history()).toBe(
      [
        "2026-11-22T10:00Z  production  1.0.0 -> 1.1.0  by Bob  gate passed",
        "2026-11-21T10:00Z  nightly     new at 1.1.0    by ada  why 1.1.0",
        "2026-11-21T10:00Z  published   1.1.0           by ada  why 1.1.0",
        "2026-11-20T10:00Z  production  new at 1.0.0    by ada  adopted as what already runs, without a gate: why 1.0.0",
        "2026-11-20T10:00Z  published   1.0.0           by ada  why 1.0.0",
      ].join("\n"),
    );
  });

  it("stops at the limit", async () => {
    await twoReleases();
    expect((await history({ limit: 2 })).split("\n")).toHaveLength(2);
  });

  it("prints one JSON document", async () => {
    await twoReleases();
    const { schema, prompt, entries } = JSON.parse(await history({ json: true, limit: 3 }));
    expect({ schema, prompt }).toEqual({ schema: "promptgate/history@1", prompt: "customer-support" });
    expect(entries).toEqual([
      {
        kind: "move",
        sequence: 3,
        label: "production",
        from: "1.0.0",
        to: "1.1.0",
        at: "2026-11-22T10:00:30.000Z",
        by: "Bob",
        reason: "gate passed",
      },
      expect.objectContaining({ kind: "move", label: "nightly", from: null }),
      expect.objectContaining({ kind: "publication", version: "1.1.0", by: "ada", reason: "why 1.1.0" }),
    ]);
  });

  it("reads as many moves as it is asked for", async () => {
    await project.writePrompt({ version: "1.0.0" });
    await plantVersions(join(project.root, ".promptgate/registry"), 2);
    await plantMoves(join(project.root, ".promptgate/registry"), 1100);
    expect(JSON.parse(await history({ json: true, limit: 1050 })).entries).toHaveLength(1050);
    expect(JSON.parse(await history({ json: true, limit: 5000 })).entries).toHaveLength(1102);
  });

  it("says that there is nothing yet", async () => {
    await project.writePrompt({ version: "1.0.0" });
    expect(await history()).toBe("customer-support: nothing published yet");
  });

  it("offers the nearest name for an unknown prompt", async () => {
    await project.writePrompt({ version: "1.0.0" });
    await expect(history({ prompt: "support" })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining("customer-support"),
    });
  });
});
