import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { phoenixRegistry } from "../../src/registries/phoenix.ts";
import { registryFaultsContract } from "../contracts/registry-faults.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import { API_KEY, connectionTo, startPhoenix, type PhoenixServer } from "../loopback/phoenix-server.ts";
import { aVersion } from "./a-version.ts";

let time = Date.UTC(2026, 10, 20, 12);
const clock = { now: () => time };

// The harder one of its databases: a version may show up after a younger one.
registryFaultsContract(async () => {
  const server = await startPhoenix("postgresql");
  const { fail, close, shelf } = server;
  return {
    vendor: "phoenix",
    secret: API_KEY,
    open: (changes = {}) => phoenixRegistry({ ...connectionTo(server), ...changes }, clock),
    fail,
    creates: /^POST \/v1\/prompts$/,
    points: /^POST .*\/tags$/,
    stored: (of) => shelf.versionsOf(of === "prompt" ? prompt : `${prompt}-rollout`).length,
    close,
  };
});

describe("others at work on Phoenix", () => {
  let server: PhoenixServer;
  let registry: Registry;
  const idOf = (age: number): string =>
    server.shelf.versionId(server.shelf.versionsOf(prompt)[age]?.number ?? 0);

  beforeEach(async () => {
    time = Date.UTC(2026, 10, 20, 12);
    server = await startPhoenix();
    registry = phoenixRegistry(connectionTo(server), clock);
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
      await registry.publish(aVersion(version, `Text of ${version}.`));
    }
  });
  afterEach(async () => server.close());

  it("who move a label by hand are seen, and their move is the truth", async () => {
    await registry.moveLabel(aMove());
    server.shelf.setTag(idOf(1), { name: "production" });
    time += 3 * 60_000;
    expect(await registry.listLabels(prompt)).toMatchObject([{ version: "1.1.0", by: "unknown (phoenix)" }]);
    await expect(registry.moveLabel(aMove({ expected: "1.0.0", to: "1.2.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
  });

  it("who delete a prompt and make it again are seen", async () => {
    await registry.moveLabel(aMove());
    server.shelf.remove(prompt);
    expect(await registry.readVersion(prompt, { kind: "latest" })).toBeNull();
    const text = { type: "chat", messages: [{ role: "user", content: "By hand" }] };
    await server.shelf.addByHand(prompt, { template: text });
    const { items } = await registry.listVersions(prompt);
    expect(items.map(({ template }) => template.messages[0]?.content)).toEqual(["By hand"]);
    await expect(registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }))).rejects.toMatchObject({
      code: "VERSION_NOT_FOUND",
    });
  });

  it("who delete a prompt while a label is moved are told", async () => {
    server.fail(/^POST .*\/tags$/, { kind: "status", status: 404, body: "Not Found" });
    server.fail(/^POST .*\/tags$/, { kind: "status", status: 404, body: "Not Found" });
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({
      code: "VERSION_NOT_FOUND",
      message: expect.stringContaining("was deleted") as string,
    });
  });

  it("who change what is ours in a version are found out by its digest", async () => {
    const content = server.shelf.versionsOf(prompt)[0]?.content ?? {};
    const changed = { type: "chat", messages: [{ role: "system", content: "Other" }] };
    const description = String(content["description"]).replaceAll("1.2.0", "2.0.0");
    await server.shelf.addByHand(prompt, { ...content, description, template: changed });
    await expect(registry.listVersions(prompt)).rejects.toMatchObject({ code: "REGISTRY_CORRUPT" });
  });

  it("who write into the companion by hand change nothing", async () => {
    await registry.moveLabel(aMove());
    const text = { type: "chat", messages: [{ role: "user", content: "50 %" }] };
    await server.shelf.addByHand(`${prompt}-rollout`, { template: text, description: "promptgate: {}" });
    expect(await registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }))).toMatchObject({
      sequence: 2,
    });
    expect((await registry.history(prompt)).items).toHaveLength(2);
  });

  it("are seen by somebody who looked before, over more pages than one", async () => {
    const second = phoenixRegistry(connectionTo(server), clock);
    expect((await second.listVersions(prompt)).items).toHaveLength(3);
    for (let one = 0; one < 45; one += 1) await registry.publish(aVersion(`2.${one}.0`));
    expect((await second.listVersions(prompt)).items).toHaveLength(48);
  });

  it("keep the description of a label when they move it", async () => {
    await registry.moveLabel(aMove({ description: "What customers get" }));
    await registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }));
    expect(server.shelf.prompts.get(prompt)?.tags.get("production")).toMatchObject({
      description: "What customers get",
    });
  });

  it("on a server that no longer knows the query for tags are told so", async () => {
    const errors = JSON.stringify({ data: null, errors: [{ message: "Cannot query field 'versionTags'" }] });
    server.fail(/graphql/, { kind: "status", status: 200, body: errors });
    await expect(registry.listLabels(prompt)).rejects.toMatchObject({
      code: "REGISTRY_FAILED",
      message: "phoenix: POST /graphql was refused: Cannot query field 'versionTags'",
    });
  });
});
