import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createModel, isLocalProvider, modelProviders } from "../../src/models/index.ts";
import { openRecording, replayModel } from "../../src/models/recorded.ts";
import { modelContract } from "../contracts/model.contract.ts";
import { startOpenAiServer } from "../loopback/openai-server.ts";
import { aRequest, loopbackSettings, modelDependencies, noAbort } from "./a-request.ts";

const embedded = { provider: "embedded", model: "embedded-1", timeoutMs: 1000 };

modelContract("openai", async () => {
  const server = await startOpenAiServer();
  return {
    model: createModel(loopbackSettings(server.baseUrl), modelDependencies()),
    cleanup: () => server.close(),
  };
});

modelContract("embedded", async () => ({
  model: createModel(embedded, modelDependencies()),
  cleanup: async () => undefined,
}));

modelContract("a replayed model", async () => {
  const directory = await mkdtemp(join(tmpdir(), "promptgate-"));
  const model = createModel(embedded, modelDependencies());
  await openRecording(model, directory)(aRequest(), await model.complete(aRequest(), noAbort()));
  return { model: replayModel(model, directory), cleanup: () => rm(directory, { recursive: true }) };
});

describe("createModel", () => {
  it("makes a model of every provider in the table", () => {
    expect(Object.keys(modelProviders).sort()).toEqual(["embedded", "openai"]);
  });

  it.each(["nothing", "constructor", "__proto__"])("refuses the provider %s by name", (provider) => {
    expect(() => createModel({ ...embedded, provider }, modelDependencies())).toThrow(
      expect.objectContaining({ code: "CONFIG_INVALID", hint: "providers: embedded, openai" }),
    );
  });

  it("knows who answers without a network", () => {
    expect(["embedded", "openai", "nothing"].map(isLocalProvider)).toEqual([true, false, false]);
  });
});
