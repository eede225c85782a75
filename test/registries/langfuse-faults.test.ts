import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { langfuseRegistry } from "../../src/registries/langfuse.ts";
import { registryFaultsContract, status } from "../contracts/registry-faults.contract.ts";
import { aRelease, aReleaseWrite } from "../contracts/registry-release.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import { connectionTo, SECRET_KEY, startLangfuse, type LangfuseServer } from "../loopback/langfuse-server.ts";
import { aVersion } from "./a-version.ts";

let time = Date.UTC(2026, 10, 20, 12);
const clock = { now: () => time };

registryFaultsContract(async () => {
  const server = await startLangfuse();
  const { fail, close, shelf } = server;
  return {
    vendor: "langfuse",
    secret: SECRET_KEY,
    open: (changes = {}) => langfuseRegistry({ ...connectionTo(server), folder: "", ...changes }, clock),
    fail,
    creates: /^POST /,
    points: /^PATCH /,
    stored: (of) => shelf.rowsOf(of === "prompt" ? prompt : `${prompt}.rollout`).length,
    close,
  };
});

describe("others at work on Langfuse", () => {
  let server: LangfuseServer;
  let registry: Registry;
  beforeEach(async () => {
    time = Date.UTC(2026, 10, 20, 12);
    server = await startLangfuse();
    registry = langfuseRegistry({ ...connectionTo(server), folder: "" }, clock);
    for (const version of ["1.0.0", "1.1.0", "1.2.0"]) {
      await registry.publish(aVersion(version, `Text of ${version}.`));
    }
  });
  afterEach(async () => server.close());

  it("leave one label on the release that counts", async () => {
    await Promise.allSettled([1, 2, 3].map(async () => registry.writeRelease(aReleaseWrite())));
    const companions = server.shelf.rowsOf(`${prompt}.rollout`);
    const active = companions.filter((row) => row.labels.includes("production"));
    expect(active).toHaveLength(1);
    expect(active[0]?.config).toMatchObject({ promptgate: { release: aRelease() } });
  });

  it("are told from us when two of them left one label on two versions", async () => {
    await Promise.all([1, 2].map((version) => server.shelf.label(prompt, version, ["production"])));
    await expect(registry.readVersion(prompt, { kind: "label", label: "production" })).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
      message: expect.stringContaining("points at 1.0.0 and 1.1.0") as string,
    });
    await expect(registry.moveLabel(aMove({ expected: "1.0.0", to: "1.2.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
  });

  it("who move a label by hand are seen, and their move is the truth", async () => {
    await registry.moveLabel(aMove());
    await server.shelf.label(prompt, 2, ["production"]);
    time += 3 * 60_000;
    expect(await registry.listLabels(prompt)).toMatchObject([{ version: "1.1.0", by: "unknown (langfuse)" }]);
    await expect(registry.moveLabel(aMove({ expected: "1.0.0", to: "1.2.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
  });

  it("who delete the newest version and add another one under its number are seen", async () => {
    expect(await registry.readVersion(prompt, { kind: "latest" })).toMatchObject({ version: "1.2.0" });
    server.shelf.remove(prompt, 3);
    server.shelf.addByHand({ name: prompt, type: "chat", prompt: [{ role: "user", content: "By hand" }] });
    const { items } = await registry.listVersions(prompt);
    expect(items.map(({ version }) => version)).toEqual(["1.1.0", "1.0.0", "0.0.3"]);
    await expect(registry.moveLabel(aMove({ to: "1.2.0" }))).rejects.toMatchObject({
      code: "VERSION_NOT_FOUND",
    });
  });

  it("who delete a version that a label is moved to are told", async () => {
    const remove = (): void => server.shelf.remove(prompt, 1);
    const found = await registry.readVersion(prompt, { kind: "version", version: "1.0.0" });
    expect(found).not.toBeNull();
    server.fail(new RegExp(`^PATCH .*${prompt}/versions`), status(404, '{"message":"Prompt not found"}'));
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    remove();
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  });

  it("who change a version of ours are found out by its digest", async () => {
    const [row] = server.shelf.rowsOf(prompt);
    const config = row?.config as { promptgate: object };
    const changed = { ...config, promptgate: { ...config.promptgate, version: "2.0.0" } };
    server.shelf.addByHand({
      name: prompt,
      type: "chat",
      prompt: [{ role: "system", content: "Other" }],
      config: changed,
    });
    await expect(registry.listVersions(prompt)).rejects.toMatchObject({ code: "REGISTRY_CORRUPT" });
  });

  it("who write into the companion by hand change nothing", async () => {
    await registry.moveLabel(aMove());
    server.shelf.addByHand({
      name: `${prompt}.rollout`,
      type: "chat",
      prompt: [{ role: "user", content: "50 %" }],
    });
    expect(await registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }))).toMatchObject({
      sequence: 2,
    });
    expect((await registry.history(prompt)).items).toHaveLength(2);
  });
});
