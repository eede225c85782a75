import * as z from "zod";
import { describe, expect, it } from "vitest";
import { gitHubClient, type GitHubClient } from "../../src/github/client.ts";

interface Scripted {
  readonly client: GitHubClient;
  readonly urls: string[];
  readonly waits: number[];
}

function scripted(answers: readonly (() => Response)[]): Scripted {
  const urls: string[] = [];
  const waits: number[] = [];
  const client = gitHubClient({
    apiUrl: "https://api.github.com",
    token: "secret-token",
    fetch: async (url) => {
      urls.push(typeof url === "string" ? url : "");
      const answer = answers[urls.length - 1];
      if (answer === undefined) throw new TypeError("fetch failed");
      return answer();
    },
    sleep: async (milliseconds) => void waits.push(milliseconds),
    now: () => 1_000_000,
    signal: new AbortController().signal,
  });
  return { client, urls, waits };
}

function next(url: string): Record<string, string> {
  return { link: `<${url}>; rel="next", <https://api.github.com/x>; rel="last"` };
}

function json(value: unknown, status = 200, headers: Record<string, string> = {}): () => Response {
  return () => new Response(JSON.stringify(value), { status, headers });
}

const number = z.object({ n: z.number() });

describe("GitHub's interface", () => {
  it("follows pages, 100 entries each, and never to another server", async () => {
    const { client, urls } = scripted([
      json([{ n: 1 }], 200, next("https://api.github.com/list?page=2")),
      json([{ n: 2 }], 200, next("https://evil.example/list?page=3")),
    ]);
    expect(await client.list("/list", number)).toEqual({ kind: "ok", value: [{ n: 1 }, { n: 2 }] });
    expect(urls).toEqual(["https://api.github.com/list?per_page=100", "https://api.github.com/list?page=2"]);
    expect(client.requests()).toBe(2);
  });

  it.each([
    ["retry-after", json({ message: "slow down" }, 429, { "retry-after": "7" }), 7_000],
    [
      "the time of reset",
      json({ message: "limit" }, 403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1030" }),
      30_000,
    ],
    ["a minute where nothing is said", json({ message: "a secondary rate limit" }, 403), 60_000],
    ["half a second after a fault of the server", json({ message: "oops" }, 502), 500],
  ])("waits for %s and asks again", async (_, refusal, wait) => {
    const { client, waits } = scripted([refusal, json({ n: 1 })]);
    expect(await client.get("/x", number)).toEqual({ kind: "ok", value: { n: 1 } });
    expect(waits).toEqual([wait]);
  });

  it("does not wait an hour for a comment", async () => {
    const { client, waits } = scripted([json({ message: "limit" }, 403, { "retry-after": "3600" })]);
    await expect(client.get("/x", number)).rejects.toMatchObject({ code: "RATE_LIMITED" });
    expect(waits).toEqual([]);
  });

  it("creates nothing twice when the server fails in between", async () => {
    const { client, urls } = scripted([json({ message: "oops" }, 502)]);
    expect(await client.send("POST", "/x", {}, number)).toMatchObject({ kind: "refused", status: 502 });
    expect(urls).toHaveLength(1);
  });

  it.each([401, 403, 404, 422])("answers %s with a refusal and one harmless line", async (status) => {
    const { client } = scripted([json({ message: "No\n::error::\u001b[2K" }, status)]);
    const answer = await client.get("/x", number);
    expect(answer).toMatchObject({ kind: "refused", status });
    expect(JSON.stringify(answer)).not.toMatch(/\\n|\\u001b/);
  });

  it.each([
    ["no network", [], "NETWORK"],
    ["a page of a proxy", [() => new Response("<html>", { status: 200 })], "NETWORK"],
    ["a document of another shape", [json({ m: 1 })], "NETWORK"],
  ])("names %s, and no token", async (_, answers, code) => {
    const { client } = scripted(answers);
    const error = await client.get("/x", number).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(String(error)).not.toContain("secret-token");
  });
});
