import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../../src/domain/finding.ts";
import type { ProbeQuestion } from "../../src/domain/platform.ts";
import { openPlatform } from "../../src/platforms/index.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { API_KEY, startLogfire, type LogfireServer } from "../loopback/logfire-server.ts";
import type { LogfireQuirks } from "../loopback/logfire-variables.ts";
import { aVersion } from "../registries/a-version.ts";

const everything: ProbeQuestion = {
  prompts: ["greeter"],
  labels: ["production"],
  uses: new Set(["registry", "metrics", "datasets", "scores"]),
};
const { signal } = new AbortController();

const lines = (findings: readonly Finding[]): string[] =>
  findings.map(({ kind, message }) => `${kind}: ${message}`);

describe("what doctor finds on Logfire", () => {
  let server: LogfireServer;
  beforeEach(async () => {
    server = await startLogfire();
  });
  afterEach(async () => server.close());

  async function probe(
    question: Partial<ProbeQuestion> = {},
    changes: Readonly<Record<string, unknown>> = {},
    now = Date.now(),
  ): Promise<readonly Finding[]> {
    const options = { baseUrl: server.baseUrl, apiKey: API_KEY, ...changes };
    const platform = await openPlatform("logfire", options, { now: () => now });
    return platform.probe({ ...everything, ...question }, signal);
  }

  async function publishOn(quirks: LogfireQuirks, singleWriter: boolean): Promise<void> {
    await server.close();
    server = await startLogfire(quirks);
    const registry = openRegistry(
      { kind: "logfire", apiKey: API_KEY, baseUrl: server.baseUrl, singleWriter },
      "/",
    );
    await registry.publish(aVersion("1.0.0"));
    await registry.publish(aVersion("1.1.0", "Other."));
  }

  it("is all in order, without a write, and what cannot be seen is said", async () => {
    expect(lines(await probe())).toEqual([
      `ok: ${server.baseUrl} is reachable, and its variables can be read`,
      "ok: clock: within a minute of the server's",
      "skipped: what becomes of labels that an update does not name is tried with the first write",
      "skipped: whether the key may write variables is not told before one is written",
      "ok: datasets can be read",
      "ok: names of prompts and labels are as Logfire wants them",
    ]);
    expect(server.calls.filter((call) => !call.startsWith("GET "))).toEqual([]);
  });

  it("is asked for what the project uses alone", async () => {
    expect(lines(await probe({ uses: new Set(["datasets"]) })).slice(2)).toEqual([
      "ok: datasets can be read",
    ]);
  });

  it("is whether labels stay, once something was written", async () => {
    await publishOn({}, false);
    expect(lines(await probe())[2]).toBe("ok: labels stay where they are when others move");
  });

  it.each([
    [false, "problem"],
    [true, "warning"],
  ])("is a server that removes labels; with one writer %s that is a %s", async (singleWriter, kind) => {
    await publishOn({ replacesLabels: true }, true);
    const found = await probe({}, { singleWriter });
    expect(found[2]).toMatchObject({
      kind,
      message: "this server removes labels that an update does not name",
    });
  });

  it("is so much in variables that applications suffer", async () => {
    server.shelf.saveByHand("big", { messages: [{ role: "user", content: "x".repeat(3 << 20) }] });
    expect(lines(await probe())).toContainEqual(
      expect.stringMatching(/^warning: all variables together are 3 MB/),
    );
  });

  it("is a wrong key, with the remedy and without the key", async () => {
    const found = await probe({}, { apiKey: "pylf_v2_us_another-secret" });
    expect(found[0]).toMatchObject({ kind: "problem", message: expect.stringContaining("401") as string });
    expect(JSON.stringify(found)).toContain("check that apiKey");
    expect(JSON.stringify(found)).not.toContain("another-secret");
  });

  it("is a key of another region", async () => {
    const found = await probe({}, { baseUrl: "https://logfire-eu.pydantic.dev", timeout: "0.001s" });
    expect(found[0]).toMatchObject({
      kind: "problem",
      message: "the key is of the region at https://logfire-us.pydantic.dev",
    });
  });

  it("is a key without a scope for datasets, a clock that is off, and names that Logfire cannot have", async () => {
    server.fail(/datasets/, { kind: "status", status: 403, body: '{"detail":"Forbidden"}' });
    const wrong = { prompts: ["desk-rollout"], labels: ["latest"] };
    const found = lines(await probe(wrong, {}, Date.now() + 600_000));
    expect(found).toContainEqual(expect.stringMatching(/^warning: clock: this machine is \d+ s ahead/));
    expect(found.filter((line) => line.startsWith("problem"))).toEqual([
      expect.stringMatching(/datasets.*403/),
      expect.stringContaining("prompt desk-rollout") as string,
      expect.stringContaining("label latest") as string,
    ]);
  });
});
