import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ModelRequest } from "../../src/domain/model.ts";
import { openaiModel } from "../../src/models/openai.ts";
import { openRecording, replayModel } from "../../src/models/recorded.ts";
import { inOrder, startOpenAiServer, type OpenAiServer } from "../loopback/openai-server.ts";
import { aRequest, loopbackSettings, modelDependencies, noAbort, refusal } from "./a-request.ts";

let server: OpenAiServer;
let directory: string;
beforeEach(async () => {
  server = await startOpenAiServer({ reply: () => ({ kind: "answer", text: "30 days\n\u001b[0m" }) });
  directory = await mkdtemp(join(tmpdir(), "promptgate-"));
});
afterEach(async () => {
  await server.close();
  await rm(directory, { recursive: true, force: true });
});

function liveModel() {
  const settings = loopbackSettings(server.baseUrl, {
    apiKey: "key-0123456789",
    headers: { "x-gateway": "token-0123456789" },
  });
  return openaiModel(settings, modelDependencies());
}

async function record(request: ModelRequest = aRequest()) {
  const model = liveModel();
  const completion = await model.complete(request, noAbort());
  await openRecording(model, directory)(request, completion);
  return completion;
}

async function recordingFile(): Promise<string> {
  const [name] = await readdir(directory);
  return join(directory, name ?? "");
}

describe("a recording", () => {
  it("replays the same completion without a call", async () => {
    const live = await record();
    const replayed = await replayModel(liveModel(), directory).complete(aRequest(), noAbort());
    expect(replayed).toEqual(live);
    expect(server.count).toBe(1);
  });

  it("is one readable file a call that holds no key and no header", async () => {
    await record();
    await record(aRequest({ sample: 1 }));
    expect(await readdir(directory)).toHaveLength(2);
    const text = await readFile(await recordingFile(), "utf8");
    expect(text).toContain('\n  "request": {\n');
    expect(text).not.toMatch(/key-0123456789|token-0123456789|authorization/i);
  });

  it("is overwritten by the same call", async () => {
    await record();
    await record();
    expect(await readdir(directory)).toHaveLength(1);
  });

  it("keeps the first of equal calls", async () => {
    const keep = openRecording(liveModel(), directory);
    const first = await liveModel().complete(aRequest(), noAbort());
    await Promise.all([keep(aRequest(), first), keep(aRequest(), { ...first, text: "another" })]);
    expect(await readFile(await recordingFile(), "utf8")).not.toContain("another");
  });

  it("that cannot be written is STORAGE_FAILED", async () => {
    const file = join(directory, "file");
    await writeFile(file, "");
    const completion = await liveModel().complete(aRequest(), noAbort());
    const keep = openRecording(liveModel(), join(file, "below"));
    expect(await refusal(keep(aRequest(), completion))).toMatchObject({
      code: "STORAGE_FAILED",
      fatal: true,
    });
  });
});

async function miss(request: ModelRequest, identity: Parameters<typeof replayModel>[0] = liveModel()) {
  return refusal(replayModel(identity, directory).complete(request, noAbort()));
}

describe("a miss", () => {
  it.each([
    { what: "the sample", request: aRequest({ sample: 1 }), reason: "differs in sample" },
    {
      what: "a parameter",
      request: aRequest({ parameters: { temperature: 1 } }),
      reason: "differs in parameters",
    },
    {
      what: "a message",
      request: aRequest({ messages: [{ role: "user", content: "Hi" }] }),
      reason: "differs in messages",
    },
  ])("names $what as what the nearest recording has different", async ({ request, reason }) => {
    await record();
    expect(await miss(request)).toMatchObject({
      code: "REPLAY_MISS",
      fatal: true,
      retryable: false,
      message: expect.stringMatching(
        new RegExp(`no recording of call sha256:[0-9a-f]{64} .*${reason}$`),
      ) as string,
    });
    expect(server.count).toBe(1);
  });

  it("names another model", async () => {
    await record();
    const { provider, baseUrl } = liveModel();
    const error = await miss(aRequest(), { provider, baseUrl, model: "other-model" });
    expect(error).toMatchObject({ message: expect.stringMatching(/differs in model$/) as string });
  });

  it("says that there are no recordings", async () => {
    expect(await miss(aRequest())).toMatchObject({
      message: expect.stringMatching(/holds no recordings$/) as string,
    });
  });

  it("says that the directory is not there", async () => {
    await rm(directory, { recursive: true });
    expect(await miss(aRequest())).toMatchObject({
      message: expect.stringMatching(/cannot be read$/) as string,
    });
  });

  it.each([
    ["a torn file", '{"schema":', "damaged (not JSON)"],
    ["another document", "{}", "damaged"],
  ])("names %s", async (_, text, reason) => {
    await record();
    await writeFile(await recordingFile(), text);
    expect(await miss(aRequest())).toMatchObject({
      code: "REPLAY_MISS",
      message: expect.stringContaining(reason) as string,
    });
  });

  it("is a file under the name of another call", async () => {
    await record(aRequest({ sample: 1 }));
    const other = await readFile(await recordingFile(), "utf8");
    await rm(await recordingFile());
    await record();
    await writeFile(await recordingFile(), other);
    expect(await miss(aRequest())).toMatchObject({
      message: expect.stringContaining("the recording of another call") as string,
    });
  });
});

it("records what the server says, in the order that the calls complete", async () => {
  await server.close();
  server = await startOpenAiServer({
    reply: inOrder({ kind: "answer", text: "first" }, { kind: "answer", text: "second" }),
  });
  await record();
  expect((await record()).text).toBe("second");
  const replayed = await replayModel(liveModel(), directory).complete(aRequest(), noAbort());
  expect(replayed.text).toBe("second");
});
