import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatasetSource, PlatformItem } from "../../src/domain/platform.ts";
import { promptLayerApi } from "../../src/http/promptlayer.ts";
import { promptLayerDatasets } from "../../src/platforms/promptlayer-datasets.ts";
import { datasetSourceContract } from "../contracts/dataset-source.contract.ts";
import {
  API_KEY,
  connectionTo,
  startPromptLayer,
  type PromptLayerServer,
} from "../loopback/promptlayer-server.ts";

const never = new AbortController().signal;

datasetSourceContract("datasets on PromptLayer", {
  create: async () => {
    const server = await startPromptLayer();
    return {
      source: promptLayerDatasets(promptLayerApi(connectionTo(server), "PLATFORM_FAILED")),
      put: async (name, { id, input, expectedOutput, metadata }) =>
        server.datasets.put(name, { id, ...(input as object), expected_output: expectedOutput, metadata }),
      later: async () => undefined,
      cleanup: async () => server.close(),
    };
  },
  withoutVersions: null,
  unknownVersion: "999",
});

describe("datasets on PromptLayer", () => {
  let server: PromptLayerServer;
  let source: DatasetSource;
  beforeAll(async () => {
    server = await startPromptLayer();
    source = promptLayerDatasets(promptLayerApi(connectionTo(server), "PLATFORM_FAILED"));
  });
  afterAll(async () => server.close());

  async function items(name: string, version?: string): Promise<PlatformItem[]> {
    const opened = await source.open({ name, ...(version === undefined ? {} : { version }) }, never);
    const found: PlatformItem[] = [];
    for await (const item of opened.items) found.push(item);
    return found;
  }

  it("take a column for each variable, and JSON in texts for metadata alone", async () => {
    server.datasets.add("golden", [
      {
        id: 7,
        query: '{"a":1}',
        expected: "",
        expected_output: "x",
        metadata: '{"promptgate":{"tags":["t"]}}',
      },
      { id: "8", query: "b", expected: "y", expected_output: "x", metadata: "{not json" },
    ]);
    expect(await items("golden")).toEqual([
      {
        id: "7",
        input: { query: '{"a":1}' },
        expectedOutput: "x",
        metadata: { promptgate: { tags: ["t"] } },
      },
      { id: "8", input: { query: "b" }, expectedOutput: "y", metadata: "{not json" },
    ]);
  });

  it("name rows without an id by what they ask, the same in every version", async () => {
    server.datasets.add("nameless", [{ query: "a" }, { query: "b" }]);
    server.datasets.add("nameless", [{ query: "b" }, { query: "c" }]);
    const before = (await items("nameless", "1")).map(({ id }) => id);
    const after = (await items("nameless", "2")).map(({ id }) => id);
    expect(after[0]).toBe(before[1]);
    expect(new Set([...before, ...after]).size).toBe(3);
  });

  it("are found by their whole name, saved and not deleted", async () => {
    server.datasets.add("desk", [{ id: "a", query: "old" }]);
    server.datasets.add("desk", [{ id: "a", query: "draft" }], -1);
    server.datasets.add("Desk", [{ id: "a", query: "other case" }]);
    server.datasets.add("desk two", [{ id: "a", query: "other name" }]);
    expect(await items("desk")).toMatchObject([{ input: { query: "old" } }]);
    server.datasets.remove("desk");
    await expect(items("desk")).rejects.toMatchObject({ code: "DATASET_INVALID" });
  });

  it("say a server's fault without a key", async () => {
    server.fail(/^GET .*datasets/, { kind: "status", status: 403, body: `no access for ${API_KEY}` });
    const refusal = (await items("golden").catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({ code: "AUTHENTICATION" });
    expect(refusal.message).not.toContain(API_KEY);
  });
});
