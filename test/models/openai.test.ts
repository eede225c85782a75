import { afterEach, describe, expect, it } from "vitest";
import type { ModelRequest } from "../../src/domain/model.ts";
import type { ModelSettings } from "../../src/domain/project.ts";
import { openaiModel } from "../../src/models/openai.ts";
import {
  startOpenAiServer,
  type OpenAiServer,
  type OpenAiServerOptions,
  type Reply,
} from "../loopback/openai-server.ts";
import { aRequest, loopbackSettings, modelDependencies, noAbort, refusal } from "./a-request.ts";

let server: OpenAiServer;

async function open(options: OpenAiServerOptions = {}, settings: Partial<ModelSettings> = {}) {
  server = await startOpenAiServer(options);
  const model = openaiModel(loopbackSettings(server.baseUrl, settings), modelDependencies());
  return (fields: Partial<ModelRequest> = {}, signal = noAbort()) => model.complete(aRequest(fields), signal);
}

async function replied(reply: Reply) {
  const ask = await open({ reply: () => reply });
  return ask();
}

afterEach(async () => server.close());

describe("what is sent", () => {
  it("is the model, the messages and nothing that was not asked for", async () => {
    const ask = await open();
    await ask();
    expect(server.requests[0]?.url).toBe("/v1/chat/completions");
    expect(server.requests[0]?.body).toEqual({ model: "test-model", messages: aRequest().messages });
  });

  it("carries every parameter under the server's name, and never the sample", async () => {
    const ask = await open();
    const parameters = {
      temperature: 0,
      topP: 0.5,
      maxTokens: 40,
      seed: 7,
      stop: ["\n"],
      frequencyPenalty: 0.1,
      presencePenalty: 0.2,
      reasoningEffort: "low",
    };
    await ask({ parameters, sample: 3 });
    expect(server.requests[0]?.body).toEqual({
      model: "test-model",
      messages: aRequest().messages,
      temperature: 0,
      top_p: 0.5,
      max_tokens: 40,
      seed: 7,
      stop: ["\n"],
      frequency_penalty: 0.1,
      presence_penalty: 0.2,
      reasoning_effort: "low",
    });
  });

  it("asks for JSON where the prompt does", async () => {
    const ask = await open();
    await ask({ responseFormat: "json_object" });
    expect(server.requests[0]?.body["response_format"]).toEqual({ type: "json_object" });
  });

  const closed = {
    type: "object",
    properties: { a: { type: "string" } },
    required: ["a"],
    additionalProperties: false,
  };
  const loose = { type: "object", properties: { a: { type: "string" } } };
  it.each([
    { what: "a closed schema", jsonSchema: closed, strict: true, name: "response", schema: closed },
    { what: "an open schema", jsonSchema: loose, strict: false, name: "response", schema: loose },
    {
      what: "an open schema inside a closed one",
      jsonSchema: { ...closed, properties: { a: loose } },
      strict: false,
      name: "response",
      schema: { ...closed, properties: { a: loose } },
    },
    {
      what: "an envelope",
      jsonSchema: { name: "reply", strict: false, schema: closed },
      strict: false,
      name: "reply",
      schema: closed,
    },
  ])("sends $what as a JSON schema format", async ({ jsonSchema, strict, name, schema }) => {
    const ask = await open();
    await ask({ responseFormat: "json_schema", jsonSchema });
    expect(server.requests[0]?.body["response_format"]).toEqual({
      type: "json_schema",
      json_schema: { name, strict, schema },
    });
  });

  it("offers tools as functions", async () => {
    const ask = await open();
    const tool = { name: "lookup", description: "Finds an order", parameters: { type: "object" } };
    await ask({ tools: [tool] });
    expect(server.requests[0]?.body["tools"]).toEqual([{ type: "function", function: tool }]);
  });

  it.each([
    { model: "gpt-4o-mini", field: "max_tokens" },
    { model: "gpt-oss-20b", field: "max_tokens" },
    { model: "o3-mini", field: "max_completion_tokens" },
    { model: "gpt-5.1", field: "max_completion_tokens" },
    { model: "openai/o4-mini", field: "max_completion_tokens" },
  ])("limits the answer of $model by $field", async ({ model, field }) => {
    const ask = await open({}, { model });
    await ask({ parameters: { maxTokens: 40 } });
    expect(server.requests[0]?.body[field]).toBe(40);
    expect(Object.keys(server.requests[0]?.body ?? {}).filter((key) => key.startsWith("max_"))).toEqual([
      field,
    ]);
  });

  it("takes the newer limit from then on when the server refuses the older one", async () => {
    const refused = JSON.stringify({
      error: {
        message: "Unsupported parameter: use 'max_completion_tokens' instead.",
        param: "max_tokens",
        code: "unsupported_parameter",
      },
    });
    const ask = await open({
      reply: ({ body }) =>
        "max_tokens" in body ? { kind: "status", status: 400, body: refused } : { kind: "answer" },
    });
    const parameters = { maxTokens: 40 };
    expect((await ask({ parameters })).text).toBe("ok");
    await ask({ parameters });
    expect(server.count).toBe(3);
  });

  it("adds the settings' headers and query", async () => {
    const headers = { "api-key": "azure-secret" };
    const ask = await open({}, { headers, query: { "api-version": "2024-10-21" } });
    await ask();
    expect(server.requests[0]?.url).toBe("/v1/chat/completions?api-version=2024-10-21");
    expect(server.requests[0]?.headers["api-key"]).toBe("azure-secret");
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
  });

  it("carries the settings' key, without the line break that secrets often end with", async () => {
    const ask = await open({}, { apiKey: "local-key\n" });
    await ask();
    expect(server.requests[0]?.headers.authorization).toBe("Bearer local-key");
  });

  it("never carries OpenAI's key to another server", async () => {
    server = await startOpenAiServer();
    const dependencies = modelDependencies({ openaiApiKey: "sk-openai-secret" });
    await openaiModel(loopbackSettings(server.baseUrl), dependencies).complete(aRequest(), noAbort());
    expect(JSON.stringify(server.requests[0]?.headers)).not.toContain("sk-openai-secret");
  });
});

function choice(message: object, rest: object = {}): Reply {
  return { kind: "json", document: { choices: [{ message, ...rest }] } };
}

describe("what is read", () => {
  it("is the text, the finish reason, the tokens and the time of the attempt", async () => {
    expect(await replied({ kind: "answer", text: "30 days" })).toEqual({
      text: "30 days",
      toolCalls: [],
      finishReason: "stop",
      model: "test-model",
      usage: { inputTokens: 16, outputTokens: 2 },
      latencyMs: 7,
    });
  });

  it.each([
    { what: "no content", reply: choice({ content: null }), text: "" },
    { what: "a refusal", reply: choice({ content: null, refusal: "I can't." }), text: "I can't." },
    {
      what: "content in parts",
      reply: choice({
        content: [{ type: "text", text: "a" }, { type: "image" }, { type: "text", text: "b" }],
      }),
      text: "ab",
    },
    { what: "half a surrogate pair", reply: choice({ content: "a\ud83d" }), text: "a\ufffd" },
  ])("turns $what into text", async ({ reply, text }) => {
    const completion = await replied(reply);
    expect(completion).toMatchObject({ text, usage: null, finishReason: "unknown", model: "test-model" });
  });

  it("keeps tool calls with their arguments as text", async () => {
    const calls = [
      { id: "1", type: "function", function: { name: "lookup", arguments: '{"id":' } },
      { id: "2", type: "function", function: { name: "close", arguments: { id: 1 } } },
    ];
    const completion = await replied(choice({ tool_calls: calls }, { finish_reason: "tool_calls" }));
    expect(completion.finishReason).toBe("tool_calls");
    expect(completion.toolCalls).toEqual([
      { name: "lookup", arguments: '{"id":' },
      { name: "close", arguments: '{"id":1}' },
    ]);
  });

  it.each([
    ["length", "length"],
    ["content_filter", "content_filter"],
    ["function_call", "tool_calls"],
    ["something_new", "unknown"],
  ])("reads the finish reason %s as %s", async (reported, expected) => {
    const completion = await replied(choice({ content: "x" }, { finish_reason: reported }));
    expect(completion.finishReason).toBe(expected);
  });

  it.each([[{ prompt_tokens: -1, completion_tokens: 2 }], [{ prompt_tokens: "many" }], [{}], [null]])(
    "takes the usage %j for not reported",
    async (usage) => {
      const document = { choices: [{ message: { content: "x" } }], usage };
      expect((await replied({ kind: "json", document })).usage).toBeNull();
    },
  );

  it("reads JSON that comes as plain text", async () => {
    const body = JSON.stringify({ choices: [{ message: { content: "x" } }] });
    const headers = { "content-type": "text/plain" };
    expect((await replied({ kind: "status", status: 200, body, headers })).text).toBe("x");
  });

  it("keeps an answer of 5 MB whole", async () => {
    const text = "x".repeat(5_000_000);
    expect((await replied({ kind: "answer", text })).text.length).toBe(text.length);
  });
});

describe("an aborted run", () => {
  it("ends a call under way with INTERRUPTED", async () => {
    const controller = new AbortController();
    const ask = await open({
      reply: () => {
        controller.abort();
        return { kind: "silence" };
      },
    });
    expect(await refusal(ask({}, controller.signal))).toMatchObject({
      code: "INTERRUPTED",
      retryable: false,
    });
  });

  it("leaves no listener behind on the run's signal", async () => {
    const ask = await open();
    const signal = noAbort();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...parameters: Parameters<typeof add>) => {
      listeners += 1;
      add(...parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...parameters);
    };
    await ask({}, signal);
    expect(listeners).toBe(0);
  });
});

it("uses one connection for calls that follow each other", async () => {
  const ask = await open();
  for (let call = 0; call < 3; call += 1) await ask();
  expect(server.connections).toBe(1);
});
