import nock from "nock";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ModelSettings } from "../../src/domain/project.ts";
import { openaiModel } from "../../src/models/openai.ts";
import { aRequest, modelDependencies, noAbort, refusal } from "./a-request.ts";

const settings: ModelSettings = { provider: "openai", model: "gpt-4o-mini", timeoutMs: 10_000 };
const answer = {
  model: "gpt-4o-mini-2024-07-18",
  choices: [{ finish_reason: "stop", message: { role: "assistant", content: "30 days" } }],
  usage: { prompt_tokens: 12, completion_tokens: 2 },
};

describe("OpenAI's own server", () => {
  beforeAll(() => nock.disableNetConnect());
  afterEach(() => nock.cleanAll());
  afterAll(() => nock.restore());

  it("gets the key from the environment and the limit by its newer name", async () => {
    const scope = nock("https://api.openai.com", { reqheaders: { authorization: "Bearer sk-test" } })
      .post("/v1/chat/completions", (body: Record<string, unknown>) => body["max_completion_tokens"] === 40)
      .reply(200, answer);
    const model = openaiModel(settings, modelDependencies({ openaiApiKey: "sk-test" }));
    expect(await model.complete(aRequest({ parameters: { maxTokens: 40 } }), noAbort())).toMatchObject({
      text: "30 days",
      model: "gpt-4o-mini-2024-07-18",
      usage: { inputTokens: 12, outputTokens: 2 },
    });
    scope.done();
  });

  it("gets the settings' key before the environment's", async () => {
    const scope = nock("https://api.openai.com", { reqheaders: { authorization: "Bearer sk-mine" } })
      .post("/v1/chat/completions")
      .reply(200, answer);
    const dependencies = modelDependencies({ openaiApiKey: "sk-test" });
    await openaiModel({ ...settings, apiKey: "sk-mine" }, dependencies).complete(aRequest(), noAbort());
    scope.done();
  });

  it("refuses a wrong key as AUTHENTICATION", async () => {
    nock("https://api.openai.com")
      .post("/v1/chat/completions")
      .reply(401, {
        error: { message: "Incorrect API key provided: sk-wrong1234.", code: "invalid_api_key" },
      });
    const model = openaiModel(settings, modelDependencies({ openaiApiKey: "sk-wrong1234" }));
    expect(await refusal(model.complete(aRequest(), noAbort()))).toMatchObject({
      code: "AUTHENTICATION",
      fatal: true,
      message: "api.openai.com/v1 refused the key (401): Incorrect API key provided: [secret].",
    });
  });

  it.each([undefined, "", "  \n"])("needs a key, and %j is none", (openaiApiKey) => {
    expect(() => openaiModel(settings, modelDependencies({ openaiApiKey }))).toThrow(
      expect.objectContaining({
        code: "AUTHENTICATION",
        message: "model gpt-4o-mini needs a key: OPENAI_API_KEY is not set",
        hint: expect.stringContaining("OPENAI_API_KEY") as string,
      }),
    );
  });

  it.each(["sk-test test", "sk-“quoted”", "sk-test\nsk-other"])("takes no key like %j", (apiKey) => {
    expect(() => openaiModel({ ...settings, apiKey }, modelDependencies())).toThrow(
      expect.objectContaining({
        code: "AUTHENTICATION",
        message: expect.not.stringContaining("sk-") as string,
      }),
    );
  });
});
