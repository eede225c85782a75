import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { langfuseLinks, type LangfuseLinks } from "../../src/client/adapters.ts";
import { langfuseRegistry } from "../../src/registries/langfuse.ts";
import { connectionTo, startLangfuse, type LangfuseServer } from "../loopback/langfuse-server.ts";
import { aVersion } from "../registries/a-version.ts";

let server: LangfuseServer;
let now = 0;

beforeEach(async () => {
  server = await startLangfuse();
  const registry = langfuseRegistry({ ...connectionTo(server), folder: "team" }, { now: () => 0 });
  for (const version of ["1.0.0", "1.1.0", "2.0.0"]) {
    await registry.publish({ ...aVersion(version), name: "greeter" });
  }
});
afterEach(async () => server.close());

const links = (changes = {}): LangfuseLinks =>
  langfuseLinks({ ...connectionTo(server), folder: "team", now: () => now, ...changes });

const served = (version: string, freshness: "fresh" | "fallback" = "fresh") =>
  ({ name: "greeter", version, freshness }) as const;

const nobody = (): Promise<Response> => Promise.reject(new Error("no network"));
const link = (version: number): object => ({
  "langfuse.observation.prompt.name": "team/greeter",
  "langfuse.observation.prompt.version": version,
});

describe("langfuseLinks", () => {
  it("finds the number under which Langfuse has a version", async () => {
    expect(await links().find(served("1.1.0"))).toEqual(link(2));
    expect(await links().find(served("2.0.0"))).toEqual(link(3));
  });

  it("is at hand at once when it was found before, and asks once however many ask", async () => {
    const found = links();
    const earlier = server.calls.length;
    expect(found.attributes(served("2.0.0"))).toBeNull();
    await Promise.all([found.find(served("2.0.0")), found.find(served("2.0.0"))]);
    const calls = server.calls.length;
    expect(found.attributes(served("2.0.0"))).toEqual(link(3));
    expect(server.calls).toHaveLength(calls);
    // The list, the newest version, and the one before it, which is another one.
    expect(server.calls.slice(earlier)).toHaveLength(3);
  });

  it("takes the older of two with one version: an edit on the page keeps what is ours", async () => {
    const [first] = server.shelf.rowsOf("team/greeter").filter(({ version }) => version === 3);
    server.shelf.addByHand({ ...first, prompt: [{ role: "user", content: "edited" }] });
    expect(await links().find(served("2.0.0"))).toEqual(link(3));
  });

  it("links versions that were made on the page by the number that they have here", async () => {
    server.shelf.addByHand({ name: "team/greeter", type: "chat", prompt: [], config: {} });
    expect(await links().find(served("0.0.4"))).toEqual(link(4));
  });

  it("links no fallback", async () => {
    expect(await links().find(served("2.0.0", "fallback"))).toBeNull();
    expect(links().attributes(served("2.0.0", "fallback"))).toBeNull();
  });

  it("looks again after a minute when nothing was found, and not before", async () => {
    const found = links();
    server.fail(/^GET /, { kind: "status", status: 500, body: "{}" }, 1);
    expect(await found.find(served("1.0.0"))).toBeNull();
    expect(await found.find(served("1.0.0"))).toBeNull();
    now += 60_000;
    expect(await found.find(served("1.0.0"))).toEqual(link(1));
  });

  it("throws nothing when nobody answers", async () => {
    expect(await links({ fetch: nobody }).find(served("1.0.0"))).toBeNull();
  });
});
