import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import type { ReleaseDocument } from "../../src/domain/release.ts";
import { langfuseRegistry } from "../../src/registries/langfuse.ts";
import { aMove, prompt } from "../contracts/registry-requests.ts";
import {
  connectionTo,
  SECRET_KEY,
  startLangfuse,
  type LangfuseFault,
  type LangfuseServer,
} from "../loopback/langfuse-server.ts";
import { aVersion } from "./a-version.ts";

let time = Date.UTC(2026, 10, 20, 12);
const clock = { now: () => time };
let server: LangfuseServer;
let registry: Registry;

const open = (changes: object = {}): Registry =>
  langfuseRegistry({ ...connectionTo(server), folder: "", ...changes }, clock);

beforeEach(async () => {
  time = Date.UTC(2026, 10, 20, 12);
  server = await startLangfuse();
  registry = open();
});
afterEach(async () => {
  await server.close();
});

async function publish(...versions: string[]): Promise<void> {
  for (const version of versions) await registry.publish(aVersion(version, `Text of ${version}.`));
}

function release(generation: number, weight: number): ReleaseDocument {
  return {
    schema: "promptgate/release@1",
    prompt,
    stable: "1.0.0",
    candidate: { version: "1.1.0", weight, salt: "customer-support.r1", hashVersion: 1 },
    holdback: null,
    generation,
    updatedAt: "2026-11-20T12:00:00.000Z",
  };
}

const status = (code: number, body: string, headers = {}): LangfuseFault => ({
  kind: "status",
  status: code,
  body,
  headers,
});
const html = "<html><body>Sign in</body></html>";

describe("a call to Langfuse that fails", () => {
  it.each([
    ["401", status(401, `{"message":"Invalid credentials ${SECRET_KEY}"}`), "AUTHENTICATION"],
    ["403", status(403, "Forbidden"), "AUTHENTICATION"],
    ["409", status(409, '{"message":"dependency"}'), "REGISTRY_FAILED"],
    ["422", status(422, '{"message":"Request timed out"}'), "REGISTRY_FAILED"],
    ["429", status(429, '{"code":"rate_limited"}', { "retry-after": "1" }), "RATE_LIMITED"],
    ["500", status(500, "Internal Server Error"), "REGISTRY_FAILED"],
    ["a page instead of JSON", status(200, html), "REGISTRY_FAILED"],
    ["other JSON", status(200, '{"data":"none"}'), "REGISTRY_FAILED"],
    ["a redirection", status(302, "", { location: "http://127.0.0.1:1/" }), "REGISTRY_FAILED"],
    ["an answer that ends in the middle", { kind: "cut" }, "NETWORK"],
    ["a connection that breaks", { kind: "reset" }, "NETWORK"],
    ["silence", { kind: "silence" }, "TIMEOUT"],
  ] satisfies [string, LangfuseFault, string][])(
    "with %s says so in every read and write",
    async (_, fault, code) => {
      await publish("1.0.0");
      if (fault.kind === "silence") registry = open({ timeoutMs: 150 });
      server.fail(/./, fault, 1000);
      const failures = await Promise.all(
        [
          registry.readVersion(prompt, { kind: "latest" }),
          registry.moveLabel(aMove()),
          registry.readRelease(prompt),
        ].map((call) => (call as Promise<unknown>).catch((error: unknown) => error)),
      );
      for (const failure of failures) {
        expect(failure).toMatchObject({ name: "GateError", code, hint: expect.any(String) as string });
        const words = `${(failure as Error).message} ${(failure as { hint: string }).hint}`;
        expect(words).toMatch(/langfuse/);
        expect(words).not.toContain(SECRET_KEY);
        expect(words.length).toBeLessThan(600);
      }
    },
  );

  it.each([
    ["429 with a time to wait", status(429, "{}", { "retry-after": "7" }), [7000, 7000]],
    ["503", status(503, html), [500, 1000]],
    ["a broken connection", { kind: "reset" }, [500, 1000]],
  ] satisfies [string, LangfuseFault, number[]][])(
    "with %s is asked again, and waits",
    async (_, fault, expected) => {
      const waits: number[] = [];
      registry = open({ wait: async (milliseconds: number) => void waits.push(milliseconds) });
      await publish("1.0.0");
      server.fail(/^GET /, fault, 2);
      expect(await registry.readVersion(prompt, { kind: "latest" })).toMatchObject({ version: "1.0.0" });
      expect(waits).toEqual(expected);
    },
  );

  it.each([
    ["500", { kind: "done", status: 500 }],
    ["half an answer", { kind: "cut" }],
  ] satisfies [string, LangfuseFault][])(
    "with %s after it was done is looked up, not done twice",
    async (_, fault) => {
      server.fail(/^POST /, fault);
      await publish("1.0.0", "1.1.0");
      expect(server.shelf.rowsOf(prompt)).toHaveLength(2);
      server.fail(/^POST /, fault);
      server.fail(/^PATCH /, fault, 2);
      expect(await registry.moveLabel(aMove())).toMatchObject({ sequence: 1, to: "1.0.0" });
      expect(await registry.listLabels(prompt)).toMatchObject([{ name: "production", version: "1.0.0" }]);
      expect(server.shelf.rowsOf(`${prompt}.rollout`)).toHaveLength(1);
    },
  );
});

describe("others at work on Langfuse", () => {
  beforeEach(async () => publish("1.0.0", "1.1.0", "1.2.0"));

  it("lose no move in 200 races, and leave each label in one place", async () => {
    const second = open();
    await registry.moveLabel(aMove());
    let current = "1.0.0";
    for (let race = 0; race < 200; race += 1) {
      const [one, other] = ["1.0.0", "1.1.0", "1.2.0"].filter((version) => version !== current) as [
        string,
        string,
      ];
      const outcomes = await Promise.allSettled([
        registry.moveLabel(aMove({ to: one, expected: current })),
        second.moveLabel(aMove({ to: other, expected: current })),
      ]);
      const won = outcomes.flatMap((outcome, at) =>
        outcome.status === "fulfilled" ? [[one, other][at]] : [],
      );
      expect(won).toHaveLength(1);
      const labels = await registry.listLabels(prompt);
      expect(labels.map(({ version }) => version)).toEqual(won);
      current = won[0] ?? "";
    }
    const { items } = await open().history(prompt, { limit: 1000 });
    expect(items).toHaveLength(201);
  }, 180_000);

  it("let one of several simultaneous releases win, and applications read that one", async () => {
    const writers = [1000, 2000, 3000].map((weight) =>
      open().writeRelease({ document: release(1, weight), expected: null, by: "job", reason: "step" }),
    );
    const outcomes = await Promise.allSettled(writers);
    expect(outcomes.filter(({ status: outcome }) => outcome === "fulfilled")).toHaveLength(1);
    const current = await registry.readRelease(prompt);
    const active = server.shelf
      .rowsOf(`${prompt}.rollout`)
      .filter((row) => row.labels.includes("production"));
    expect(active).toHaveLength(1);
    expect(active[0]?.config).toMatchObject({ promptgate: { release: current } });
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
