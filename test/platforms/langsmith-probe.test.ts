import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../../src/domain/finding.ts";
import type { ProbeQuestion } from "../../src/domain/platform.ts";
import { openPlatform } from "../../src/platforms/index.ts";
import { API_KEY, startLangsmith, type LangsmithServer } from "../loopback/langsmith-server.ts";

const everything: ProbeQuestion = {
  prompts: ["greeter"],
  labels: ["production"],
  uses: new Set(["registry", "metrics", "datasets", "scores"]),
};
const { signal } = new AbortController();

function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ kind, message }) => `${kind}: ${message}`);
}

describe("what doctor finds on LangSmith", () => {
  let server: LangsmithServer;
  beforeEach(async () => {
    server = await startLangsmith();
  });
  afterEach(async () => server.close());

  async function probe(
    question: Partial<ProbeQuestion> = {},
    changes: { readonly apiKey?: string; readonly now?: number } = {},
  ): Promise<readonly Finding[]> {
    const { apiKey = API_KEY, now = Date.now() } = changes;
    const options = { baseUrl: server.baseUrl, apiKey };
    const platform = await openPlatform("langsmith", options, { now: () => now });
    return platform.probe({ ...everything, ...question }, signal);
  }

  it("is all in order, without a write, and what cannot be seen is said", async () => {
    expect(lines(await probe())).toEqual([
      `ok: ${server.baseUrl} is reachable and runs LangSmith 0.13.4`,
      "ok: clock: within a minute of the server's",
      "ok: prompts can be read",
      "ok: tracing projects can be read",
      "ok: datasets can be read",
      "ok: experiments can be read",
      "skipped: whether the key may move the tags of a prompt is not told before one is moved",
      "ok: names of prompts and labels are as LangSmith wants them",
    ]);
    expect(server.calls.filter((call) => !call.startsWith("GET "))).toEqual([]);
  });

  it("is asked for what the project uses alone", async () => {
    const found = lines(await probe({ uses: new Set(["datasets"]) }));
    expect(found.slice(2)).toEqual(["ok: datasets can be read"]);
  });

  it("is a wrong key, with the remedy and without the key", async () => {
    const found = await probe({}, { apiKey: "lsv2_pt_another-secret" });
    expect(found[2]).toMatchObject({ kind: "problem", message: expect.stringContaining("401") as string });
    expect(JSON.stringify(found)).toContain("check apiKey");
    expect(JSON.stringify(found)).not.toContain("another-secret");
  });

  it("is a key that may not read datasets, whatever else it may", async () => {
    server.fail(/datasets$/, { kind: "status", status: 403, body: '{"detail":"Forbidden"}' });
    const found = lines(await probe());
    expect(found.filter((line) => !line.startsWith("ok"))).toEqual([
      expect.stringMatching(/^problem: .*datasets was refused \(403\)/),
      expect.stringMatching(/^skipped/),
    ]);
  });

  it.each([
    ["the whole server", /./, 1],
    ["a part of it", /sessions$/, 2],
  ])("is a page in front of %s", async (_, call, count) => {
    server.fail(call, { kind: "status", status: 200, body: "<html>Sign in</html>" }, 100);
    const problems = (await probe()).filter(({ kind }) => kind === "problem");
    expect(problems).toHaveLength(count);
    expect(problems[0]).toMatchObject({ remedy: expect.stringMatching(/address|region/) as string });
  });

  it("is a clock that is off, and names that LangSmith cannot have", async () => {
    const wrong = { prompts: ["Greeter", "desk--rollout"], labels: ["latest", "deadbeef"] };
    const found = lines(await probe(wrong, { now: Date.now() + 600_000 }));
    expect(found).toContainEqual(expect.stringMatching(/^warning: clock: this machine is \d+ s ahead/));
    expect(found.filter((line) => line.startsWith("problem"))).toEqual([
      expect.stringContaining("prompt Greeter: names there are lowercase") as string,
      expect.stringContaining("prompt desk--rollout") as string,
      expect.stringContaining("label latest") as string,
      expect.stringContaining("label deadbeef") as string,
    ]);
  });
});
