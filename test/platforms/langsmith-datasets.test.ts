import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DatasetSource, PlatformItem } from "../../src/domain/platform.ts";
import { langsmithApi } from "../../src/http/langsmith.ts";
import { langsmithDatasets } from "../../src/platforms/langsmith-datasets.ts";
import { datasetSourceContract } from "../contracts/dataset-source.contract.ts";
import { API_KEY, connectionTo, startLangsmith, type LangsmithServer } from "../loopback/langsmith-server.ts";

const never = new AbortController().signal;

/** Ids of examples are UUIDs; this one stands for up to 16 letters and sorts as they do. */
function exampleId(text: string): string {
  const hex = Buffer.from(text, "utf8").toString("hex").padEnd(32, "0");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

async function* named(items: AsyncIterable<PlatformItem>): AsyncGenerator<PlatformItem, void, undefined> {
  for await (const { id, ...item } of items) {
    const text = Buffer.from(id.replaceAll("-", ""), "hex").toString("utf8").replaceAll("\u0000", "");
    yield { ...item, id: text };
  }
}

function sourceOn(server: LangsmithServer): DatasetSource {
  return langsmithDatasets(langsmithApi(connectionTo(server), "PLATFORM_FAILED"));
}

datasetSourceContract("datasets on LangSmith", {
  create: async () => {
    let now = Date.UTC(2026, 10, 20, 12);
    const server = await startLangsmith();
    const source = sourceOn(server);
    return {
      source: {
        kind: "datasets",
        async open(reference, signal) {
          const { version, items } = await source.open(reference, signal);
          return { version, items: named(items) };
        },
      },
      later: async () => void (now += 60_000),
      put: async (name, { id, input, expectedOutput, metadata }) =>
        server.experiments.put(
          name,
          { id: exampleId(id), inputs: input, outputs: expectedOutput ?? null, metadata: metadata ?? null },
          now,
        ),
      cleanup: async () => server.close(),
    };
  },
  withoutVersions: null,
  unknownVersion: "no-such-tag",
  storedOutput: (written) => (written as { text: string }).text,
});

describe("datasets on LangSmith", () => {
  const NOON = Date.UTC(2026, 10, 20, 12);
  let server: LangsmithServer;
  let source: DatasetSource;
  beforeAll(async () => {
    server = await startLangsmith();
    source = sourceOn(server);
    const example = { inputs: { query: "?" }, outputs: null, metadata: null };
    server.experiments.put("desk", { ...example, id: exampleId("first") }, NOON);
    server.experiments.tag("desk", "golden");
    server.experiments.put("desk", { ...example, id: exampleId("second") }, NOON + 3_600_000);
  });
  afterAll(async () => server.close());

  async function ids(version?: string): Promise<string[]> {
    const { items } = await source.open(
      { name: "desk", ...(version === undefined ? {} : { version }) },
      never,
    );
    const found: string[] = [];
    for await (const { id } of named(items)) found.push(id);
    return found.sort();
  }

  it("are those of the time or of the tag that pins them", async () => {
    expect(await ids()).toEqual(["first", "second"]);
    expect(await ids("2026-11-20T12:30:00Z")).toEqual(["first"]);
    expect(await ids("2026-11-20T13:30:00+01:00")).toEqual(["first"]);
    expect(await ids("golden")).toEqual(["first"]);
  });

  it("say of a tag which time it stands for now, as a tag can be moved", async () => {
    expect(await source.open({ name: "desk", version: "golden" }, never)).toMatchObject({
      version: "2026-11-20T12:00:00.000000Z",
    });
  });

  it.each([
    ["one text", { answer: "42" }, "42"],
    ["several values", { answer: "42", source: "b" }, { answer: "42", source: "b" }],
    ["one value that is no text", { answer: 42 }, { answer: 42 }],
    ["no value", {}, undefined],
    ["nothing", null, undefined],
  ])("expect of outputs with %s what they mean", async (what, outputs, expected) => {
    server.experiments.put(what, { id: exampleId("a"), inputs: { q: "?" }, outputs, metadata: null }, NOON);
    const { items } = await source.open({ name: what }, never);
    for await (const item of items) expect(item.expectedOutput).toEqual(expected);
    expect(server.calls.at(-1)).toContain("/examples");
  });

  it("are empty where nobody put an example, and have no version then", async () => {
    server.experiments.empty("bare");
    const { version, items } = await source.open({ name: "bare" }, never);
    expect(version).toBeNull();
    for await (const item of items) expect(item).toBe("not there");
  });

  it("say a server's fault without a key", async () => {
    const body = `{"detail":"no access for ${API_KEY}"}`;
    server.fail(/^GET .*\/datasets/, { kind: "status", status: 403, body });
    const refusal = (await ids().catch((error: unknown) => error)) as Error;
    expect(refusal).toMatchObject({ code: "AUTHENTICATION" });
    expect(refusal.message).not.toContain(API_KEY);
  });
});
