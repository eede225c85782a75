import { afterEach, describe, expect, it } from "vitest";
import type { GateError } from "../../src/domain/errors.ts";
import type { ModelSettings } from "../../src/domain/project.ts";
import { openaiModel } from "../../src/models/openai.ts";
import { retryAfter } from "../../src/models/openai-failure.ts";
import { startOpenAiServer, type OpenAiServer, type Reply } from "../loopback/openai-server.ts";
import { aRequest, loopbackSettings, modelDependencies, noAbort, refusal } from "./a-request.ts";

let server: OpenAiServer;
afterEach(async () => server.close());

/** The error of a call to a server that always does this. */
async function failure(reply: Reply, settings: Partial<ModelSettings> = {}): Promise<GateError> {
  server = await startOpenAiServer({ reply: () => reply });
  const model = openaiModel(loopbackSettings(server.baseUrl, settings), modelDependencies());
  return (await refusal(model.complete(aRequest(), noAbort()))) as GateError;
}

function status(code: number, error?: object, headers: Record<string, string> = {}): Reply {
  const body = error === undefined ? "" : JSON.stringify({ error });
  return { kind: "status", status: code, body, headers };
}

function status200(body: string, headers: Record<string, string> = {}): Reply {
  return { kind: "status", status: 200, body, headers };
}

describe("a refusal", () => {
  it.each([
    { code: 401, is: "AUTHENTICATION", retryable: false, fatal: true },
    { code: 403, is: "AUTHENTICATION", retryable: false, fatal: true },
    { code: 404, is: "PROVIDER_FAILED", retryable: false, fatal: true },
    { code: 400, is: "PROVIDER_FAILED", retryable: false, fatal: false },
    { code: 413, is: "PROVIDER_FAILED", retryable: false, fatal: false },
    { code: 422, is: "PROVIDER_FAILED", retryable: false, fatal: false },
    { code: 402, is: "QUOTA_EXHAUSTED", retryable: false, fatal: true },
    { code: 429, is: "RATE_LIMITED", retryable: true, fatal: false },
    { code: 408, is: "PROVIDER_FAILED", retryable: true, fatal: false },
    { code: 409, is: "PROVIDER_FAILED", retryable: true, fatal: false },
    { code: 500, is: "PROVIDER_FAILED", retryable: true, fatal: false },
    { code: 503, is: "PROVIDER_FAILED", retryable: true, fatal: false },
  ])("with status $code is $is, retryable: $retryable, for all calls: $fatal", async (expected) => {
    const error = await failure(status(expected.code, { message: "Said the server." }));
    expect(error).toMatchObject({
      name: "GateError",
      code: expected.is,
      retryable: expected.retryable,
      fatal: expected.fatal,
    });
    expect(error.message).toContain("Said the server.");
    expect(error.message).toContain("127.0.0.1");
  });

  it.each([
    { what: "code", error: { message: "Buy more.", code: "insufficient_quota" } },
    { what: "type", error: { message: "Buy more.", type: "insufficient_quota" } },
  ])("that names an exhausted quota in its $what is QUOTA_EXHAUSTED", async ({ error }) => {
    expect(await failure(status(429, error))).toMatchObject({ code: "QUOTA_EXHAUSTED", fatal: true });
  });

  it("that names a parameter holds for every call", async () => {
    const error = await failure(status(400, { message: "No temperature.", code: "unsupported_value" }));
    expect(error).toMatchObject({ code: "PROVIDER_FAILED", retryable: false, fatal: true });
  });

  it("inside a response with status 200 counts as what it says", async () => {
    const document = { error: { message: "Slow down.", code: 429 } };
    expect(await failure({ kind: "json", document })).toMatchObject({
      code: "RATE_LIMITED",
      retryable: true,
    });
  });

  it("that redirects is not followed, so that the key stays here", async () => {
    const other = await startOpenAiServer();
    const reply = status(307, undefined, { location: `${other.baseUrl}/chat/completions` });
    const error = await failure(reply, { apiKey: "a-key-of-mine" });
    expect(error).toMatchObject({ code: "PROVIDER_FAILED", retryable: false, fatal: true });
    expect(other.count).toBe(0);
    await other.close();
  });
});

describe("the wait that a server asks for", () => {
  const now = Date.parse("2026-11-20T10:00:00Z");
  it.each([
    [{ "retry-after": "20" }, 20_000],
    [{ "retry-after": "0.5" }, 500],
    [{ "retry-after": "Fri, 20 Nov 2026 10:00:30 GMT" }, 30_000],
    [{ "retry-after": "Fri, 20 Nov 2026 09:00:00 GMT" }, 0],
    [{ "retry-after-ms": "250", "retry-after": "20" }, 250],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after": "-5" }, undefined],
    [{ "retry-after-ms": "NaN" }, undefined],
    [{}, undefined],
  ])("%j is %s milliseconds", (headers, expected) => {
    expect(retryAfter(new Headers(headers as Record<string, string>), now)).toBe(expected);
  });

  it.each([429, 503])("reaches the error of status %i", async (code) => {
    expect((await failure(status(code, {}, { "retry-after": "3" }))).retryAfterMs).toBe(3000);
  });
});

describe("a broken answer", () => {
  it.each([
    { what: "a reset connection", reply: { kind: "reset" } as const, is: "NETWORK" },
    { what: "a connection cut in the body", reply: { kind: "cut" } as const, is: "NETWORK" },
    { what: "half a JSON document", reply: status200('{"choices":[{"mess'), is: "PROVIDER_FAILED" },
    {
      what: "HTML",
      reply: status200("<html>secret page</html>", { "content-type": "text/html" }),
      is: "PROVIDER_FAILED",
    },
    {
      what: "no choices",
      reply: { kind: "json", document: { choices: [] } } as const,
      is: "PROVIDER_FAILED",
    },
    { what: "another document", reply: { kind: "json", document: [1] } as const, is: "PROVIDER_FAILED" },
    { what: "an empty body", reply: status200(""), is: "PROVIDER_FAILED" },
  ])("($what) is $is and may be tried again", async ({ reply, is }) => {
    const error = await failure(reply);
    expect(error).toMatchObject({ name: "GateError", code: is, retryable: true, fatal: false });
    expect(error.message).not.toContain("secret page");
  });

  it("of more than 20 MB is refused and not tried again", async () => {
    const error = await failure({ kind: "huge", bytes: 21_000_000 });
    expect(error).toMatchObject({ code: "PROVIDER_FAILED", retryable: false });
  });

  it.each([
    { what: "never comes", reply: { kind: "silence" } as const },
    { what: "trickles", reply: { kind: "drip", everyMs: 20 } as const },
  ])("that $what ends at the deadline", async ({ reply }) => {
    expect(await failure(reply, { timeoutMs: 100 })).toMatchObject({
      code: "TIMEOUT",
      retryable: true,
      message: "no complete answer within 100 ms",
    });
  });

  it("is NETWORK when nobody listens", async () => {
    server = await startOpenAiServer();
    const model = openaiModel(loopbackSettings(server.baseUrl), modelDependencies());
    await server.close();
    const error = await refusal(model.complete(aRequest(), noAbort()));
    expect(error).toMatchObject({ code: "NETWORK", retryable: true });
    expect((error as GateError).message).toContain("nobody listens (ECONNREFUSED)");
    server = await startOpenAiServer();
  });

  it("is NETWORK when the host has no address", async () => {
    server = await startOpenAiServer();
    const settings = loopbackSettings("https://promptgate.invalid/v1");
    const error = await refusal(openaiModel(settings, modelDependencies()).complete(aRequest(), noAbort()));
    expect(error).toMatchObject({ code: "NETWORK", retryable: true });
  });
});

describe("an error message", () => {
  it.each([
    ["the key", { apiKey: "0123456789abcdef" }],
    ["a header", { headers: { "x-gateway": "0123456789abcdef" } }],
    ["a query parameter", { query: { code: "0123456789abcdef" } }],
  ])("never holds %s that the server repeats", async (_, settings) => {
    const error = await failure(status(401, { message: "Bad key 0123456789abcdef, try again" }), settings);
    expect(error.message).not.toContain("0123456789abcdef");
    expect(error.message).toContain("Bad key [secret], try again");
  });

  it("hides what looks like a key of somebody", async () => {
    const error = await failure(status(401, { message: "Incorrect API key provided: sk-proj-abc*****xyz." }));
    expect(error.message).toContain("Incorrect API key provided: [secret]");
  });

  it("is one short line without control characters", async () => {
    const error = await failure(status(400, { message: `\u001b[2J\nline ${"x".repeat(5000)}` }));
    expect(error.message).not.toMatch(/[\u0000-\u001f]/);
    expect(error.message.length).toBeLessThan(300);
  });
});
