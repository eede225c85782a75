import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { langsmithRegistry } from "../../src/registries/langsmith.ts";
import { registryFaultsContract, status } from "../contracts/registry-faults.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import type { StaleParents } from "../loopback/langsmith-hub.ts";
import { API_KEY, connectionTo, startLangsmith, type LangsmithServer } from "../loopback/langsmith-server.ts";
import { aVersion } from "./a-version.ts";

let time = Date.UTC(2026, 10, 20, 12);
const clock = { now: () => time };
const companion = `${prompt}--rollout`;

registryFaultsContract(async () => {
  const server = await startLangsmith();
  return {
    vendor: "langsmith",
    secret: API_KEY,
    open: (changes = {}) => langsmithRegistry({ ...connectionTo(server), ...changes }, clock),
    fail: server.fail,
    creates: /^POST \/api\/v1\/commits/,
    points: /^(?:PATCH|POST) .*\/tags/,
    stored: (of) => server.hub.commitsOf(of === "prompt" ? prompt : companion).length,
    close: server.close,
  };
});

describe("others at work on LangSmith", () => {
  let server: LangsmithServer;
  let registry: Registry;

  async function start(staleParents?: StaleParents): Promise<void> {
    server = await startLangsmith(staleParents);
    registry = langsmithRegistry(connectionTo(server), clock);
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
      await registry.publish(aVersion(version, `Text of ${version}.`));
    }
  }
  const idOf = (at: number): string => server.hub.commitsOf(prompt)[at]?.id ?? "";

  beforeEach(async () => {
    time = Date.UTC(2026, 10, 20, 12);
    await start();
  });
  afterEach(async () => server.close());

  it("are no hindrance where the server takes a commit on top of the newest one only", async () => {
    await server.close();
    await start("refused");
    const labels = Array.from({ length: 8 }, (_, at) => `label-${at}`);
    const moves = labels.map(async (label) =>
      langsmithRegistry(connectionTo(server), clock).moveLabel(aMove({ label })),
    );
    await Promise.all(moves);
    expect((await registry.history(prompt)).items.map(({ sequence }) => sequence)).toEqual([
      8, 7, 6, 5, 4, 3, 2, 1,
    ]);
    const parents = server.hub.commitsOf(companion).map((commit) => commit.parent_commit_hash);
    expect(new Set(parents).size).toBe(parents.length);
  });

  it("who move a tag by hand are seen, and their move is the truth", async () => {
    await registry.moveLabel(aMove());
    server.hub.moveByHand(prompt, "production", idOf(1));
    time += 3 * 60_000;
    expect(await registry.listLabels(prompt)).toMatchObject([
      { version: "1.1.0", by: "unknown (langsmith)" },
    ]);
    await expect(registry.moveLabel(aMove({ expected: "1.0.0", to: "1.2.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
  });

  it("who make the tag at the same moment do not keep it from its place", async () => {
    server.fail(/^PATCH .*\/tags\/production/, status(404, '{"detail":"Tag not found"}'));
    server.hub.moveByHand(prompt, "production", idOf(2));
    await expect(registry.moveLabel(aMove({ expected: "1.2.0", to: "1.0.0" }))).resolves.toMatchObject({
      to: "1.0.0",
    });
    expect(server.hub.tagsOf(prompt)).toEqual({ production: idOf(0) });
  });

  it("who delete the prompt take its versions with it, and what is published anew is read", async () => {
    await registry.moveLabel(aMove());
    server.hub.remove(prompt);
    expect(await registry.readVersion(prompt, { kind: "latest" })).toBeNull();
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    await registry.publish(aVersion("2.0.0", "Anew."));
    expect((await registry.listVersions(prompt)).items.map(({ version }) => version)).toEqual(["2.0.0"]);
  });

  it("who delete the prompt between look and write are told", async () => {
    for (const call of [/^PATCH .*\/tags/, /^POST .*\/tags/]) {
      server.fail(call, status(404, '{"detail":"Commit not found"}'), 100);
    }
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  });

  it("who may do more than we are named when a prompt is restricted to its owners", async () => {
    server.fail(/^PATCH .*\/tags/, status(403, '{"detail":"Requires repo ownership"}'), 100);
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({
      code: "AUTHENTICATION",
      message: expect.stringContaining("Requires repo ownership") as string,
    });
  });

  it("who change a version of ours are found out by its digest", async () => {
    const manifest = JSON.stringify(server.hub.commitsOf(prompt)[0]?.manifest);
    const changed = manifest.replaceAll("1.0.0", "2.0.0").replace("Text of", "Other text of");
    server.hub.addByHand(prompt, JSON.parse(changed) as object);
    await expect(registry.listVersions(prompt)).rejects.toMatchObject({ code: "REGISTRY_CORRUPT" });
  });

  it("who write into the companion by hand change nothing", async () => {
    await registry.moveLabel(aMove());
    const [written] = server.hub.commitsOf(companion);
    const manifest = structuredClone(written?.manifest) as { kwargs: { metadata: object } };
    manifest.kwargs.metadata = { note: "50 %" };
    server.hub.addByHand(companion, manifest);
    const move = await registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }));
    expect(move).toMatchObject({ sequence: 2 });
    expect((await registry.history(prompt)).items).toHaveLength(2);
  });
});

describe("a commit that LangSmith says is there already", () => {
  it("is found, and not published as another version", async () => {
    const server = await startLangsmith();
    const version = aVersion("1.0.0");
    const [first, second] = [1, 2].map(() => langsmithRegistry(connectionTo(server), clock));
    const outcomes = await Promise.all([first?.publish(version), second?.publish(version)]);
    expect(outcomes.map((outcome) => outcome?.version)).toEqual([version, version]);
    expect(server.hub.commitsOf(version.name)).toHaveLength(1);
    await server.close();
  });
});
