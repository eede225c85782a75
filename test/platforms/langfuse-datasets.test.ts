import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatasetSource } from "../../src/domain/platform.ts";
import { langfuseApi } from "../../src/http/langfuse.ts";
import { langfuseDatasets } from "../../src/platforms/langfuse-datasets.ts";
import { datasetSourceContract } from "../contracts/dataset-source.contract.ts";
import { connectionTo, startLangfuse, type LangfuseServer } from "../loopback/langfuse-server.ts";

const never = new AbortController().signal;

datasetSourceContract("datasets on Langfuse", {
  create: async () => {
    let now = Date.UTC(2026, 10, 20, 12);
    const server = await startLangfuse("v4", () => now);
    return {
      later: async () => void (now += 60_000),
      source: langfuseDatasets(langfuseApi(connectionTo(server), "PLATFORM_FAILED")),
      put: async (name, { id, input, expectedOutput, metadata }) =>
        server.datasets.put(
          name,
          { id, input, expectedOutput: expectedOutput ?? null, metadata: metadata ?? null },
          now,
        ),
      cleanup: async () => server.close(),
    };
  },
  withoutVersions: null,
  unknownVersion: "yesterday",
});

describe("datasets on Langfuse", () => {
  const NOON = Date.UTC(2026, 10, 20, 12);
  let server: LangfuseServer;
  let source: DatasetSource;
  beforeAll(async () => {
    server = await startLangfuse("v3");
    source = langfuseDatasets(langfuseApi(connectionTo(server), "PLATFORM_FAILED"));
    const item = { input: "?", expectedOutput: null, metadata: null };
    server.datasets.put("team/desk", { ...item, id: "first" }, NOON);
    server.datasets.put("team/desk", { ...item, id: "second" }, NOON + 3_600_000);
  });
  afterAll(async () => server.close());

  async function ids(name: string, version?: string): Promise<string[]> {
    const { items } = await source.open({ name, ...(version === undefined ? {} : { version }) }, never);
    const found: string[] = [];
    for await (const { id } of items) found.push(id);
    return found.sort();
  }

  it("are found in folders", async () => {
    expect(await ids("team/desk")).toEqual(["first", "second"]);
  });

  it("leave out archived items", async () => {
    server.datasets.put("shelf", { id: "old", input: "?", expectedOutput: null, metadata: null }, NOON);
    server.datasets.put("shelf", { id: "new", input: "?", expectedOutput: null, metadata: null }, NOON);
    server.datasets.archive("shelf", "old", NOON + 1000);
    expect(await ids("shelf")).toEqual(["new"]);
    expect(await ids("shelf", "2026-11-20T12:00:00Z")).toEqual(["new", "old"]);
  });

  it("are those of the time that pins them", async () => {
    expect(await ids("team/desk", "2026-11-20T12:30:00Z")).toEqual(["first"]);
  });

  it("refuse a pin that the server does not honour", async () => {
    server.datasets.habits.ignoresVersions = true;
    await expect(ids("team/desk", "2026-11-20T12:30:00Z")).rejects.toMatchObject({
      code: "DATASET_INVALID",
      message: expect.stringContaining("newer") as string,
      hint: expect.stringContaining("digest") as string,
    });
    server.datasets.habits.ignoresVersions = false;
  });

  it("say a server's fault without a key", async () => {
    server.fail(/^GET \/api\/public\/v2\/datasets/, {
      kind: "status",
      status: 403,
      body: '{"message":"no access for sk-lf-do-not-print-me"}',
    });
    const refusal = (await ids("team/desk").catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({ code: "AUTHENTICATION" });
    expect(refusal.message).not.toContain("do-not-print-me");
  });
});
