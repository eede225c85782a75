import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { promptLayerRegistry } from "../../src/registries/promptlayer.ts";
import { registryFaultsContract, status } from "../contracts/registry-faults.contract.ts";
import { aRelease, aReleaseWrite } from "../contracts/registry-release.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import {
  API_KEY,
  connectionTo,
  startPromptLayer,
  type PromptLayerServer,
} from "../loopback/promptlayer-server.ts";
import { aVersion } from "./a-version.ts";

let time = Date.UTC(2026, 10, 20, 12);
const clock = { now: () => time };

registryFaultsContract(async () => {
  const server = await startPromptLayer();
  const { fail, close, shelf } = server;
  return {
    vendor: "promptlayer",
    secret: API_KEY,
    open: (changes = {}) => promptLayerRegistry({ ...connectionTo(server), ...changes }, clock),
    fail,
    creates: /^POST \/rest\/prompt-templates/,
    points: /^(?:POST \/prompts\/|PATCH )/,
    stored: (of) => shelf.versionsOf(of === "prompt" ? prompt : `${prompt}.rollout`).length,
    close,
  };
});

describe("others at work on PromptLayer", () => {
  let server: PromptLayerServer;
  let registry: Registry;
  beforeEach(async () => {
    time = Date.UTC(2026, 10, 20, 12);
    server = await startPromptLayer();
    registry = promptLayerRegistry(connectionTo(server), clock);
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
      await registry.publish(aVersion(version, `Text of ${version}.`));
    }
  });
  afterEach(async () => server.close());

  it("leave one label on the release that counts", async () => {
    await Promise.allSettled([1, 2, 3].map(async () => registry.writeRelease(aReleaseWrite())));
    const [active, ...others] = server.shelf.labelsOf(`${prompt}.rollout`);
    expect(others.every(({ version }) => version === active?.version)).toBe(true);
    const shown = server.shelf.versionsOf(`${prompt}.rollout`)[(active?.version ?? 0) - 1];
    expect(JSON.parse(String(shown?.metadata?.["promptgate"]))).toMatchObject({ release: aRelease() });
  });

  it("who make one label at the same time leave it in one place", async () => {
    server.shelf.label(prompt, "production", 1);
    server.shelf.label(prompt, "production", 2);
    await expect(registry.readVersion(prompt, { kind: "label", label: "production" })).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
      message: expect.stringContaining("points at 1.0.0 and 1.1.0") as string,
    });
    await expect(registry.moveLabel(aMove({ expected: "1.0.0", to: "1.2.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
    server.shelf.labels.forEach((label) => void (label.version = 1));
    expect(await registry.listLabels(prompt)).toMatchObject([{ name: "production", version: "1.0.0" }]);
    expect(await registry.moveLabel(aMove({ expected: "1.0.0", to: "1.2.0" }))).toMatchObject({
      sequence: 1,
    });
    expect(server.shelf.labelsOf(prompt).map(({ version }) => version)).toEqual([3, 3]);
  });

  it("who made a label a moment before it was made here have it moved", async () => {
    server.fail(/^GET .*\/labels$/, status(200, '{"release_labels":[]}'), 2);
    server.shelf.label(prompt, "production", 2);
    expect(await registry.moveLabel(aMove())).toMatchObject({ sequence: 1 });
    expect(server.shelf.labelsOf(prompt)).toMatchObject([{ name: "production", version: 1 }]);
  });

  it("who move a label by hand are seen, and their move is the truth", async () => {
    await registry.moveLabel(aMove());
    server.shelf.labels.filter(({ name }) => name === "production").forEach((one) => void (one.version = 2));
    time += 3 * 60_000;
    expect(await registry.listLabels(prompt)).toMatchObject([
      { version: "1.1.0", by: "unknown (promptlayer)" },
    ]);
    await expect(registry.moveLabel(aMove({ expected: "1.0.0", to: "1.2.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
  });

  it("who protect a label keep it, and that is said instead of a move that did not happen", async () => {
    await registry.moveLabel(aMove());
    server.shelf.protectedLabels.add("production");
    await expect(registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
      message: "promptlayer did not move label production",
    });
    expect(server.shelf.labelsOf(prompt)).toMatchObject([{ version: 1 }]);
  });

  it("who delete a prompt and make it again are seen", async () => {
    expect(await registry.readVersion(prompt, { kind: "latest" })).toMatchObject({ version: "1.2.0" });
    server.shelf.remove(prompt);
    expect(await registry.readVersion(prompt, { kind: "latest" })).toBeNull();
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    await registry.publish(aVersion("3.0.0", "Again."));
    const { items } = await registry.listVersions(prompt);
    expect(items.map(({ version }) => version)).toEqual(["3.0.0"]);
  });

  it("who delete a version that a label is moved to are told", async () => {
    server.fail(/^POST \/prompts\//, status(404, "Not found"), 9);
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({
      code: "REGISTRY_FAILED",
      message: expect.stringContaining("404") as string,
    });
    expect(server.shelf.labelsOf(prompt)).toEqual([]);
  });

  it("who change a version of ours are found out by its digest", async () => {
    const [stored] = server.shelf.versionsOf(prompt);
    const ours = JSON.parse(String(stored?.metadata?.["promptgate"])) as object;
    const metadata = { promptgate: JSON.stringify({ ...ours, version: "2.0.0" }) };
    const messages = [{ role: "system", content: [{ type: "text", text: "Other" }] }];
    server.shelf.add(prompt, { prompt_template: { type: "chat", messages }, metadata });
    await expect(registry.listVersions(prompt)).rejects.toMatchObject({ code: "REGISTRY_CORRUPT" });
  });

  it("who write into the companion by hand change nothing", async () => {
    await registry.moveLabel(aMove());
    const [stored] = server.shelf.versionsOf(`${prompt}.rollout`);
    for (const metadata of [null, { ...stored?.metadata }, { promptgate: "{" }, { promptgate: "50 %" }]) {
      server.shelf.add(`${prompt}.rollout`, { prompt_template: { type: "chat", messages: [] }, metadata });
    }
    expect(await registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }))).toMatchObject({
      sequence: 2,
    });
    expect((await registry.history(prompt)).items).toHaveLength(2);
  });
});
