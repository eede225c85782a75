import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatasetSource } from "../../src/domain/platform.ts";
import { logfireApi } from "../../src/http/logfire.ts";
import { logfireDatasets } from "../../src/platforms/logfire-datasets.ts";
import { datasetSourceContract } from "../contracts/dataset-source.contract.ts";
import { API_KEY, connectionTo, startLogfire, type LogfireServer } from "../loopback/logfire-server.ts";

const { signal } = new AbortController();
const sourceOf = (server: LogfireServer): DatasetSource =>
  logfireDatasets(logfireApi(connectionTo(server), "PLATFORM_FAILED", "apiKey"));

datasetSourceContract("datasets on Logfire", {
  create: async () => {
    const server = await startLogfire();
    return {
      source: sourceOf(server),
      put: async (name, { id, input, expectedOutput, metadata }) =>
        server.datasets.put(name, {
          name: id,
          inputs: input,
          expected_output: expectedOutput ?? null,
          metadata: metadata ?? null,
        }),
      later: async () => undefined,
      cleanup: async () => server.close(),
    };
  },
  withoutVersions: "Logfire keeps datasets as they are now",
  unknownVersion: "1",
});

describe("datasets on Logfire", () => {
  let server: LogfireServer;
  beforeAll(async () => {
    server = await startLogfire();
    const empty = { expected_output: null, metadata: null };
    server.datasets.put("team/desk", { name: "first", inputs: { query: "?" }, ...empty });
    server.datasets.put("team/desk", { name: null, inputs: "just a text", ...empty });
  });
  afterAll(async () => server.close());

  it("are found by names with slashes, and a case without a name goes by its id", async () => {
    const { version, items } = await sourceOf(server).open({ name: "team/desk" }, signal);
    expect(version).toBeNull();
    const found = [];
    for await (const item of items) found.push(item);
    expect(found).toEqual([
      { id: "first", input: { query: "?" } },
      { id: server.datasets.idsOf("team/desk")[1], input: "just a text" },
    ]);
  });

  it("say how to pin them where a version is asked for", async () => {
    await expect(sourceOf(server).open({ name: "team/desk", version: "3" }, signal)).rejects.toMatchObject({
      code: "DATASET_INVALID",
      hint: expect.stringContaining("digest") as string,
    });
  });

  it.each([
    ["403", 403, `{"detail":"no scope for ${API_KEY}"}`, "AUTHENTICATION"],
    ["a page", 200, "<html>", "PLATFORM_FAILED"],
  ])("say a server's fault without the key: %s", async (_, status, body, code) => {
    server.fail(/datasets/, { kind: "status", status, body });
    const failure = await sourceOf(server)
      .open({ name: "team/desk" }, signal)
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code });
    expect((failure as Error).message).not.toContain(API_KEY);
  });
});
