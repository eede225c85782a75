import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { logfireRegistry, type LogfireRegistryOptions } from "../../src/registries/logfire.ts";
import { registryFaultsContract } from "../contracts/registry-faults.contract.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import { API_KEY, connectionTo, startLogfire, type LogfireServer } from "../loopback/logfire-server.ts";
import type { LogfireQuirks } from "../loopback/logfire-variables.ts";
import { aVersion } from "./a-version.ts";

const MAIN = "customer_support";
let time = Date.UTC(2026, 10, 20, 12);
const clock = { now: () => time };

const open = (server: LogfireServer, changes: Partial<LogfireRegistryOptions> = {}): Registry =>
  logfireRegistry({ ...connectionTo(server), weights: true, singleWriter: false, ...changes }, clock);

registryFaultsContract(async () => {
  const server = await startLogfire();
  const { fail, close, shelf } = server;
  return {
    vendor: "logfire",
    secret: API_KEY,
    open: (changes = {}) => open(server, changes),
    fail,
    creates: /^POST /,
    points: /^PUT .*(?<!_probe)\/$/,
    stored: (of) => shelf.variable(of === "prompt" ? MAIN : `${MAIN}_rollout`)?.versions.length ?? 0,
    close,
  };
});

describe("others at work on Logfire", () => {
  let server: LogfireServer;
  let registry: Registry;
  beforeEach(async () => {
    time = Date.UTC(2026, 10, 20, 12);
    await start();
  });
  afterEach(async () => server.close());

  async function start(quirks: LogfireQuirks = {}): Promise<void> {
    if (server !== undefined) await server.close();
    server = await startLogfire(quirks);
    registry = open(server);
  }

  async function publish(...versions: string[]): Promise<void> {
    for (const version of versions) await registry.publish(aVersion(version, `Text of ${version}.`));
  }

  it("who publish other content under the same number at the same time are told, and nothing is lost", async () => {
    await publish("0.9.0");
    const outcomes = await Promise.allSettled(
      ["One.", "Two.", "Three."].map((text) => open(server).publish(aVersion("1.0.0", text))),
    );
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refusals = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
    expect(refusals).toMatchObject([{ code: "VERSION_EXISTS" }, { code: "VERSION_EXISTS" }]);
    const { versions, labels } = server.shelf.existing(MAIN);
    expect(versions).toHaveLength(4);
    expect([...labels.keys()].filter((label) => /^v1\.0\.0\.[0-9a-f]{12}$/.test(label))).toHaveLength(3);
  });

  it("who move a label by hand are seen, and their move is the truth", async () => {
    await publish("1.0.0", "1.1.0");
    await registry.moveLabel(aMove());
    server.shelf.labelByHand(MAIN, "production", { kind: "version", version: 2 });
    time += 3 * 60_000;
    expect(await registry.listLabels(prompt)).toMatchObject([{ version: "1.1.0", by: "unknown (logfire)" }]);
    await expect(registry.moveLabel(aMove({ expected: "1.0.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
    expect(await registry.moveLabel(aMove({ expected: "1.1.0" }))).toMatchObject({ from: "1.1.0" });
  });

  it("who make a label follow another one are understood", async () => {
    await publish("1.0.0", "1.1.0");
    await registry.moveLabel(aMove());
    server.shelf.labelByHand(MAIN, "staging", { kind: "ref", ref: "production" });
    server.shelf.labelByHand(MAIN, "canary", { kind: "ref", ref: "latest" });
    server.shelf.labelByHand(MAIN, "off", { kind: "ref", ref: "code_default" });
    server.shelf.labelByHand(MAIN, "loop", { kind: "ref", ref: "loop" });
    const labels = await registry.listLabels(prompt);
    expect(labels.map(({ name, version }) => [name, version])).toEqual([
      ["canary", "1.1.0"],
      ["loop", "revision the code's default"],
      ["off", "revision the code's default"],
      ["production", "1.0.0"],
      ["staging", "1.0.0"],
    ]);
  });

  it("who save a version in the web page lose it neither to ours nor to a label that moves on", async () => {
    await publish("1.0.0");
    const byHand = { messages: [{ role: "system", content: "By hand {{company}}" }], model: "gpt-4o" };
    expect(server.shelf.saveByHand(MAIN, byHand)).toBe(2);
    await publish("1.1.0");
    server.shelf.saveByHand(MAIN, { ...byHand, temperature: 0.5 }, "production");
    await registry.moveLabel(aMove({ to: "1.1.0", expected: "0.0.4" }));
    const { items } = await registry.listVersions(prompt);
    expect(items.map(({ version }) => version)).toEqual(["1.1.0", "1.0.0", "0.0.4", "0.0.2"]);
    expect(await registry.moveLabel(aMove({ to: "0.0.4", expected: "1.1.0" }))).toMatchObject({
      to: "0.0.4",
    });
  });

  it("who delete a version that a label is moved to are told", async () => {
    await publish("1.0.0", "1.1.0");
    server.shelf.remove(MAIN, 1);
    await expect(registry.moveLabel(aMove())).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  });

  it("who delete the whole variable between a look and a write are told", async () => {
    await publish("1.0.0", "1.1.0");
    await registry.moveLabel(aMove());
    server.fail(new RegExp(`^PUT /v1/variables/${MAIN}/`), {
      kind: "status",
      status: 404,
      body: '{"detail":"not found"}',
    });
    await expect(registry.moveLabel(aMove({ to: "1.1.0", expected: "1.0.0" }))).rejects.toMatchObject({
      code: "REGISTRY_CONFLICT",
    });
    server.shelf.removeVariable(MAIN);
    expect(await registry.listLabels(prompt)).toEqual([]);
  });

  it("who write into the companion by hand change nothing", async () => {
    await publish("1.0.0", "1.1.0");
    await registry.moveLabel(aMove());
    server.shelf.saveByHand(`${MAIN}_rollout`, { release: "50 %" }, "production");
    expect(await registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }))).toMatchObject({
      sequence: 2,
    });
    expect((await registry.history(prompt)).items).toHaveLength(2);
  });

  it("do not confuse a server that shows a write two seconds late", async () => {
    await start({ staleReads: 3 });
    await publish("1.0.0", "1.1.0");
    await registry.moveLabel(aMove());
    await registry.moveLabel(aMove({ expected: "1.0.0", to: "1.1.0" }));
    expect(await registry.listLabels(prompt)).toMatchObject([{ name: "production", version: "1.1.0" }]);
    expect((await registry.history(prompt)).items).toHaveLength(2);
    expect(server.shelf.variable(MAIN)?.versions).toHaveLength(2);
  });

  it("are told when a server never shows what was written to it", async () => {
    await start({ staleReads: 100_000 });
    await expect(publish("1.0.0")).rejects.toMatchObject({ code: "REGISTRY_FAILED", retryable: true });
  });

  it("are not at risk on a server that removes labels which an update does not name", async () => {
    await start({ replacesLabels: true });
    await publish("1.0.0");
    await expect(publish("1.1.0")).rejects.toMatchObject({
      code: "REGISTRY_FAILED",
      hint: expect.stringContaining("singleWriter") as string,
    });
    expect(server.shelf.variable(MAIN)?.labels.size).toBe(1);
    registry = open(server, { singleWriter: true });
    await publish("1.1.0");
    await registry.moveLabel(aMove());
    server.shelf.labelByHand(MAIN, "tip", { kind: "ref", ref: "latest" });
    server.shelf.labelByHand(MAIN, "same", { kind: "ref", ref: "production" });
    await registry.moveLabel(aMove({ label: "staging", to: "1.1.0" }));
    const labels = await registry.listLabels(prompt);
    expect(labels.map(({ name, version }) => `${name} ${version}`)).toEqual([
      "production 1.0.0",
      "same 1.0.0",
      "staging 1.1.0",
      "tip 1.1.0",
    ]);
    expect((await registry.history(prompt)).items).toHaveLength(2);
  });
});
