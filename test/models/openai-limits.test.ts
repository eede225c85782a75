import { afterEach, describe, expect, it } from "vitest";
import type { RateLimits } from "../../src/domain/model.ts";
import { openaiModel } from "../../src/models/openai.ts";
import { readRateLimits } from "../../src/models/openai-limits.ts";
import { startOpenAiServer, type OpenAiServer } from "../loopback/openai-server.ts";
import { aRequest, loopbackSettings, modelDependencies, noAbort, refusal } from "./a-request.ts";

describe("rate limit headers", () => {
  it.each([
    ["120ms", 120],
    ["1s", 1_000],
    ["6m0s", 360_000],
    ["2m59.56s", 179_560],
    ["1h2m3s", 3_723_000],
    ["0s", 0],
    ["7.5", 7_500],
  ])("reset %s is %d milliseconds", (reset, resetMs) => {
    const headers = { "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": reset };
    expect(readRateLimits(headers)).toEqual({
      requests: { remaining: 59, limit: null, resetMs },
      tokens: null,
    });
  });

  it.each([
    {},
    { "x-ratelimit-remaining-requests": "59" },
    { "x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "soon" },
    { "x-ratelimit-remaining-requests": "-1", "x-ratelimit-reset-requests": "1s" },
    { "x-ratelimit-remaining-tokens": "many", "x-ratelimit-reset-tokens": "1s" },
    { "x-ratelimit-remaining-tokens": "9".repeat(400), "x-ratelimit-reset-tokens": "1s" },
  ])("that make no sense (%j) say nothing", (headers) => {
    expect(readRateLimits(headers)).toBeNull();
  });
});

describe("a model", () => {
  let server: OpenAiServer;
  afterEach(async () => server.close());

  const headers = {
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-tokens": "6ms",
  };
  const said = { requests: null, tokens: { remaining: 149_984, limit: 150_000, resetMs: 6 } };
  const body = JSON.stringify({ choices: [{ message: { content: "ok" } }] });

  it.each([200, 429])("tells of the limits that come with status %i", async (status) => {
    server = await startOpenAiServer({ reply: () => ({ kind: "status", status, body, headers }) });
    const model = openaiModel(loopbackSettings(server.baseUrl), modelDependencies());
    const heard: RateLimits[] = [];
    const call = model.complete(aRequest(), noAbort(), (limits) => heard.push(limits));
    await (status === 200 ? call : refusal(call));
    expect(heard).toEqual([said]);
  });

  it("tells of nothing where the server says nothing", async () => {
    server = await startOpenAiServer();
    const model = openaiModel(loopbackSettings(server.baseUrl), modelDependencies());
    const heard: RateLimits[] = [];
    await model.complete(aRequest(), noAbort(), (limits) => heard.push(limits));
    expect(heard).toEqual([]);
  });
});
