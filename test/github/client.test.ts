import * as z from "zod";
import { describe, expect, it, vi } from "vitest";
import { gitHubClient, type GitHubClient } from "../../src/github/client.ts";

interface Scripted {
  readonly client: GitHubClient;
  readonly urls: string[];
  readonly headers: Headers[];
  readonly redirects: unknown[];
  readonly waits: number[];
}

function scripted(answers: readonly (() => Response)[]): Scripted {
  const urls: string[] = [];
  const headers: Headers[] = [];
  const redirects: unknown[] = [];
  const waits: number[] = [];
  const client = gitHubClient({
    apiUrl: "https://api.github.com",
    token: "secret-token",
    fetch: async (url, init) => {
      redirects.push(init?.redirect);
      headers.push(new Headers(init?.headers));
      urls.push(typeof url === "string" ? url : "");
      const answer = answers[urls.length - 1];
      if (answer === undefined) throw new TypeError("fetch failed");
      return answer();
    },
    sleep: async (milliseconds) => void waits.push(milliseconds),
    now: () => 1_000_000,
    signal: new AbortController().signal,
  });
  return { client, urls, headers, redirects, waits };
}

function next(url: string): Record<string, string> {
  return { link: `<${url}>; rel="next", <https://api.github.com/x>; rel="last"` };
}

function json(value: unknown, status = 200, headers: Record<string, string> = {}): () => Response {
  const json = { "content-type": "application/json; charset=utf-8", ...headers };
  return () => new Response(status === 304 ? null : JSON.stringify(value), { status, headers: json });
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

  it("asks by ETag for what it has asked before, and takes what it has when nothing changed", async () => {
    const { client, headers } = scripted([
      json([{ n: 1 }], 200, { etag: 'W/"a"' }),
      json(null, 304),
      json([{ n: 2 }], 200, { etag: 'W/"b"' }),
    ]);
    const asked = [];
    for (let time = 0; time < 3; time += 1) asked.push(await client.list("/list", number));
    expect(asked).toEqual([[{ n: 1 }], [{ n: 1 }], [{ n: 2 }]].map((value) => ({ kind: "ok", value })));
    expect(headers.map((each) => each.get("if-none-match"))).toEqual([null, 'W/"a"', 'W/"a"']);
  });

  it("takes a conflict for a refusal and not for an empty list", async () => {
    const { client } = scripted([json({ message: "Git Repository is empty." }, 409)]);
    expect(await client.list("/list", number)).toMatchObject({ kind: "refused", status: 409 });
  });

  it("stops with the job, with the reason that the job has", async () => {
    const controller = new AbortController();
    const client = gitHubClient({
      apiUrl: "https://api.github.com",
      token: "",
      fetch: async (_, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
          controller.abort(new RangeError("cancelled"));
        }),
      sleep: async () => {},
      now: () => 0,
      signal: controller.signal,
    });
    await expect(client.get("/x", number)).rejects.toThrow(new RangeError("cancelled"));
  });

  it("prints nothing of what a server says", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const { client } = scripted([
      json({ n: 1 }, 200, { deprecation: "true", sunset: "::error::x", link: '<x>; rel="deprecation"' }),
    ]);
    await client.get("/x", number);
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  it("sends the token in its header only, and follows no redirect with it", async () => {
    const { client, urls, headers, redirects } = scripted([json({ n: 1 })]);
    await client.get("/x", number);
    expect(headers[0]?.get("authorization")).toBe("token secret-token");
    expect(urls.join()).not.toContain("secret");
    expect(redirects).toEqual(["error"]);
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
