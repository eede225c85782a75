import http from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { BatchModel, BatchResult } from "../../src/domain/batch.ts";
import { requestDigest } from "../../src/domain/stored-call.ts";
import type { Digest } from "../../src/domain/digest.ts";
import type { ModelSettings } from "../../src/domain/project.ts";
import { createBatchModel, takesBatches } from "../../src/models/index.ts";
import { startBatchServer, type BatchServer, type BatchServerOptions } from "../loopback/batch-server.ts";
import { aRequest, loopbackSettings, modelDependencies, noAbort, refusal } from "./a-request.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function aServer(options: BatchServerOptions = {}): Promise<BatchServer> {
  const server = await startBatchServer(options);
  cleanups.push(() => server.close());
  return server;
}

function aModel(server: BatchServer, fields: Partial<ModelSettings> = {}): BatchModel {
  return createBatchModel(loopbackSettings(server.baseUrl, fields), modelDependencies());
}

const requests = Array.from({ length: 4 }, (_, sample) =>
  aRequest({ sample, parameters: { maxTokens: 40 } }),
);

function digests(model: BatchModel): Digest[] {
  return requests.map((request) => requestDigest(model, request));
}

function linesOf(model: BatchModel): string[] {
  return digests(model).map((digest, index) => model.encode(digest, requests[index] ?? aRequest()));
}

/** Submits the four requests and reads what came of them. */
async function resultsOf(model: BatchModel): Promise<BatchResult[]> {
  const file = await model.upload(linesOf(model), noAbort());
  const { id } = await model.create({ label: "label", file }, noAbort());
  const all = digests(model);
  const results: BatchResult[] = [];
  const reader = {
    requestOf: (digest: Digest) => requests[all.indexOf(digest)],
    keep: (result: BatchResult) => void results.push(result),
  };
  await model.results(await model.read(id, noAbort()), reader, noAbort());
  return results;
}

describe("a batch model", () => {
  it("costs half at OpenAI's own service, and the full price where nobody says", () => {
    const settings = { provider: "openai", model: "gpt-4o-mini", timeoutMs: 1_000 };
    const dependencies = modelDependencies({ openaiApiKey: "sk-test" });
    expect(createBatchModel(settings, dependencies).priceShare).toBe(0.5);
    const elsewhere = { ...settings, baseUrl: "https://example.com/v1" };
    expect(createBatchModel(elsewhere, dependencies).priceShare).toBe(1);
  });

  it("is there for providers that take batches alone", () => {
    expect(takesBatches("openai")).toBe(true);
    expect(takesBatches("embedded")).toBe(false);
    const settings = { provider: "embedded", model: "embedded-1", timeoutMs: 1_000 };
    expect(() => createBatchModel(settings, modelDependencies())).toThrow(
      "provider embedded takes no batches",
    );
  });

  it("submits each request as the body of a chat completion, with the key", async () => {
    const server = await aServer();
    const model = aModel(server, { apiKey: "sk-of-the-project" });
    await resultsOf(model);
    const [first] = server.uploads[0] ?? [];
    expect(first).toEqual({
      custom_id: digests(model)[0]?.slice("sha256:".length),
      method: "POST",
      url: "/v1/chat/completions",
      body: {
        model: "test-model",
        messages: requests[0]?.messages,
        max_tokens: 40,
      },
    });
    expect(new Set(server.headers.map(({ authorization }) => authorization))).toEqual(
      new Set(["Bearer sk-of-the-project"]),
    );
  });

  it("reads answers without a latency", async () => {
    const server = await aServer({ answer: () => "30 days \u{1f600} after the order" });
    const results = await resultsOf(aModel(server));
    expect(results).toHaveLength(4);
    expect(results[0]).toMatchObject({
      kind: "answered",
      completion: {
        text: "30 days \u{1f600} after the order",
        latencyMs: null,
        usage: { inputTokens: 16, outputTokens: 6 },
        finishReason: "stop",
      },
    });
  });

  it("tells answers, failures, requests that expired and damaged lines apart", async () => {
    const server = await aServer({
      script: () => ({
        outcome: (_, index) =>
          index === 0
            ? { kind: "error", status: 400, message: "key sk-abcdefgh1234 is\u0000 wrong" }
            : index === 1
              ? { kind: "error", status: 0, message: "" }
              : index === 2
                ? { kind: "expire" }
                : { kind: "answer" },
        lines: ({ output, errors }) => ({
          output: [...output, "", '{"custom_id":"../../etc","response":null}', "{", '{"custom_id":7}'],
          errors,
        }),
      }),
    });
    const results = await resultsOf(aModel(server));
    expect(results.map(({ kind }) => kind)).toEqual([
      "answered",
      "foreign",
      "foreign",
      "foreign",
      "failed",
      "failed",
      "unfinished",
    ]);
    const failure = results.find((result) => result.kind === "failed")?.failure;
    expect(failure?.message).toContain("[secret]");
    expect(failure?.message).not.toContain("sk-abcdefgh1234");
    expect(failure?.message).not.toContain("\u0000");
  });

  it("leaves a line alone whose answer is no chat completion", async () => {
    const server = await aServer({
      script: () => ({
        lines: ({ output }) => ({
          output: output.map((line) => line.replace('"choices"', '"voices"')),
          errors: [],
        }),
      }),
    });
    expect((await resultsOf(aModel(server))).map(({ kind }) => kind)).toEqual(Array(4).fill("failed"));
  });

  it("finds a batch on a later page of the list, by its label or its file", async () => {
    const server = await aServer({ keepsMetadata: true });
    const model = aModel(server);
    const file = await model.upload(linesOf(model), noAbort());
    const own = await model.create({ label: "mine", file }, noAbort());
    const other = await model.upload(linesOf(model), noAbort());
    for (let index = 0; index < 230; index += 1)
      await model.create({ label: `other-${index}`, file: other }, noAbort());
    expect((await model.find({ label: "mine", file: "file-99" }, noAbort()))?.id).toBe(own.id);
    expect((await model.find({ label: "unknown", file }, noAbort()))?.id).toBe(own.id);
    expect(await model.find({ label: "unknown", file: "file-99" }, noAbort())).toBeNull();
    expect(server.counts.list).toBe(9);
  });

  it("takes a status that it does not know for work in progress", async () => {
    const server = await aServer({ script: () => ({ end: "resting" as "completed" }) });
    const model = aModel(server);
    const file = await model.upload(linesOf(model), noAbort());
    const { id } = await model.create({ label: "label", file }, noAbort());
    expect(await model.read(id, noAbort())).toMatchObject({ state: "working" });
  });

  it.each([
    ["expired", "expired"],
    ["cancelled", "stopped"],
    ["failed", "refused"],
  ] as const)("calls a batch that is %s %s", async (end, state) => {
    const server = await aServer({ script: () => ({ end }) });
    const model = aModel(server);
    const file = await model.upload(linesOf(model), noAbort());
    const { id } = await model.create({ label: "label", file }, noAbort());
    expect(await model.read(id, noAbort())).toMatchObject({ state });
  });

  it("says which batch a server does not know", async () => {
    const model = aModel(await aServer());
    expect(await refusal(model.read("batch_\u001b[31m9", noAbort()))).toMatchObject({
      code: "PROVIDER_FAILED",
      retryable: false,
      message: expect.stringMatching(/does not know the batch batch_\\u\{1b\}\[31m9 \(404\)$/) as string,
    });
  });

  it("reports a results file that breaks off as a failure that may pass", async () => {
    const server = await aServer({ fault: (event) => (event === "content" ? { kind: "cut" } : undefined) });
    expect(await refusal(resultsOf(aModel(server)))).toMatchObject({ code: "NETWORK", retryable: true });
  });

  it("ends a call when the run is interrupted", async () => {
    const model = aModel(await aServer());
    const controller = new AbortController();
    controller.abort();
    expect(await refusal(model.check(controller.signal))).toMatchObject({ code: "INTERRUPTED" });
  });

  it("never takes its key to where a redirect points", async () => {
    const seen: (string | undefined)[] = [];
    const elsewhere = http.createServer((request, response) => {
      seen.push(request.headers["api-key"] as string | undefined);
      response.end("{}");
    });
    await new Promise<void>((resolve) => {
      elsewhere.listen(0, "127.0.0.1", resolve);
    });
    cleanups.push(() => void elsewhere.close());
    const { port } = elsewhere.address() as AddressInfo;
    const server = await aServer({
      fault: () => ({ kind: "status", status: 307, headers: { location: `http://127.0.0.1:${port}/` } }),
    });
    const model = aModel(server, { headers: { "api-key": "a-secret-value" } });
    expect(await refusal(model.check(noAbort()))).toMatchObject({
      code: "PROVIDER_FAILED",
      message: expect.stringContaining("redirects are not followed") as string,
    });
    expect(seen).toEqual([]);
  });
});
