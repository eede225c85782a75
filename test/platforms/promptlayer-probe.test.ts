import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../../src/domain/finding.ts";
import type { ProbeQuestion } from "../../src/domain/platform.ts";
import { openPlatform } from "../../src/platforms/index.ts";
import { API_KEY, startPromptLayer, type PromptLayerServer } from "../loopback/promptlayer-server.ts";

const everything: ProbeQuestion = {
  prompts: ["greeter"],
  labels: ["production"],
  uses: new Set(["registry", "metrics", "datasets", "scores"]),
};
const { signal } = new AbortController();

function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ kind, message }) => `${kind}: ${message}`);
}

describe("what doctor finds on PromptLayer", () => {
  let server: PromptLayerServer;
  beforeEach(async () => {
    server = await startPromptLayer();
  });
  afterEach(async () => server.close());

  const probe = async (
    question: Partial<ProbeQuestion> = {},
    apiKey = API_KEY,
    now = Date.now(),
  ): Promise<readonly Finding[]> => {
    const platform = await openPlatform(
      "promptlayer",
      { baseUrl: server.baseUrl, apiKey },
      { now: () => now },
    );
    return platform.probe({ ...everything, ...question }, signal);
  };

  it("is all in order, without a write, and what cannot be seen is said", async () => {
    expect(lines(await probe())).toEqual([
      `ok: ${server.baseUrl} is reachable, and the key is valid`,
      "ok: clock: within a minute of the server's",
      "ok: prompts can be read",
      "ok: requests can be read",
      "ok: datasets can be read",
      "ok: tables can be read",
      "skipped: whether the key may move protected labels is not told before one is moved",
      "ok: names of prompts and labels are as PromptLayer wants them",
    ]);
    expect(server.calls.every((call) => call.startsWith("GET ") || call.endsWith("/requests/search"))).toBe(
      true,
    );
  });

  it("is asked for what the project uses alone", async () => {
    const found = lines(await probe({ uses: new Set(["metrics"]) }));
    expect(found.slice(2)).toEqual(["ok: requests can be read"]);
  });

  it("is a wrong key, with the remedy and without the key", async () => {
    const found = await probe({}, "pl_another-secret");
    expect(found).toMatchObject([{ kind: "problem", message: expect.stringContaining("401") as string }]);
    expect(JSON.stringify(found)).toContain("check apiKey");
    expect(JSON.stringify(found)).not.toContain("another-secret");
  });

  it("is a key whose role may not read datasets", async () => {
    server.fail(/datasets$/, { kind: "status", status: 403, body: '{"success":false}' });
    const found = lines(await probe());
    expect(found.filter((line) => !line.startsWith("ok"))).toEqual([
      expect.stringMatching(/^problem: .*datasets was refused \(403\)/),
      expect.stringMatching(/^skipped/),
    ]);
  });

  it("is a page in front of the server", async () => {
    server.fail(/./, { kind: "status", status: 200, body: "<html>Sign in</html>" });
    expect(lines(await probe())).toEqual([`problem: ${server.baseUrl} answers, but not as PromptLayer does`]);
  });

  it("is a clock that is off, and names that PromptLayer takes for numbers", async () => {
    const found = lines(await probe({ prompts: ["4711"] }, API_KEY, Date.now() + 600_000));
    expect(found).toContainEqual(expect.stringMatching(/^warning: clock: this machine is \d+ s ahead/));
    expect(found.at(-1)).toBe(
      "problem: prompt 4711: a name of digits is taken for the number of a prompt there",
    );
  });

  it("stops when it is interrupted", async () => {
    server.fail(/./, { kind: "silence" });
    const interrupt = new AbortController();
    const platform = await openPlatform(
      "promptlayer",
      { baseUrl: server.baseUrl, apiKey: API_KEY },
      {
        now: () => 0,
      },
    );
    const answer = platform.probe(everything, interrupt.signal);
    while (server.calls.length === 0) await new Promise(setImmediate);
    interrupt.abort();
    await expect(answer).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
