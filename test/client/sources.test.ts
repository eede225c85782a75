import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSource, httpSource } from "../../src/client/adapters.ts";
import { bucket, createPromptClient, type PromptClient, type ReleaseSource } from "../../src/client/index.ts";
import { fileFolder, type FileFolder } from "../registries/file-folder.ts";
import { aVersion } from "../registries/a-version.ts";
import { aRelease, movableClock, prompt, salt } from "./a-source.ts";
import { fileServer, type Failure, type FileServer } from "./file-server.ts";

const TTL = 60_000;
const unit = Array.from({ length: 300 }, (_, index) => `user-${index}`).find(
  (one) => bucket(salt, one) < 5000,
)!;

let folder: FileFolder;
let server: FileServer;
let clock: ReturnType<typeof movableClock>;
/** One line for every look at the registry that failed. */
let problems: string[];

beforeEach(async () => {
  folder = await fileFolder();
  server = await fileServer(folder.root);
  clock = movableClock();
  problems = [];
  await folder.registry.publish(aVersion("1.0.0", "One."));
  await folder.registry.publish(aVersion("1.1.0", "Two."));
  await folder.move("1.0.0", null);
  await folder.registry.writeRelease({ document: aRelease(), expected: null, by: "Ada", reason: "start" });
});

afterEach(async () => {
  await server.close();
  await folder.remove();
});

function onProblem({ error }: { readonly error: Error }): void {
  problems.push(error.message);
}

function clientOf(source: ReleaseSource, deadline = 5000): PromptClient {
  return createPromptClient({ source, clock, deadline, environment: {}, telemetry: null, onProblem });
}

async function rollBack(): Promise<void> {
  const document = aRelease({ candidate: null, generation: 2 });
  await folder.registry.writeRelease({ document, expected: 1, by: "Ada", reason: "worse" });
}

/** Asks until what was renewed behind the scenes has arrived. */
async function served(client: PromptClient, wanted: { version: string; freshness: string }, label?: string) {
  return expect
    .poll(() => client.peek(prompt, { unit, ...(label === undefined ? {} : { label }) }), { timeout: 5000 })
    .toMatchObject(wanted);
}

describe.each([
  ["files", () => fileSource(join(folder.root, "registry"))],
  ["HTTP", () => httpSource(server.url)],
])("a registry over %s", (_, sourceOf) => {
  it("serves the release, and a rollback within a TTL and one request", async () => {
    const client = clientOf(sourceOf());
    expect(await client.getPrompt(prompt, { unit })).toMatchObject({ version: "1.1.0", variant: "canary" });
    await rollBack();
    clock.at += TTL;
    expect(client.peek(prompt, { unit })).toMatchObject({ version: "1.1.0", freshness: "stale" });
    await served(client, { version: "1.0.0", freshness: "fresh" });
    expect(problems).toEqual([]);
  });

  it("serves labels where their last move left them", async () => {
    for (const [to, expected] of [
      ["1.1.0", "1.0.0"],
      ["1.0.0", "1.1.0"],
      ["1.1.0", "1.0.0"],
    ] as const) {
      await folder.move(to, expected);
    }
    await folder.move("1.0.0", null, "staging");
    const client = clientOf(sourceOf());
    expect(await client.getPrompt(prompt, { label: "production" })).toMatchObject({ version: "1.1.0" });
    expect(await client.getPrompt(prompt, { label: "staging" })).toMatchObject({ version: "1.0.0" });
    await folder.move("1.0.0", "1.1.0");
    clock.at += TTL;
    client.peek(prompt, { label: "production" });
    await served(client, { version: "1.0.0", freshness: "fresh" }, "production");
    await expect(client.getPrompt(prompt, { label: "nowhere" })).rejects.toMatchObject({
      code: "VERSION_NOT_FOUND",
    });
  });

  it("serves the production label before the first rollout", async () => {
    await rm(join(folder.folder, "releases"), { recursive: true });
    await rm(join(folder.folder, "release.json"));
    expect(await clientOf(sourceOf()).getPrompt(prompt, { unit })).toMatchObject({
      version: "1.0.0",
      reason: "label",
    });
  });

  it.each(["..", "../registry", "a/b", "", "customer-support/../customer-support", "Customer-Support"])(
    "knows no prompt %j",
    async (name) => {
      await expect(clientOf(sourceOf()).getPrompt(name)).rejects.toMatchObject({ name: "GateError" });
      expect(server.requests.filter((request) => request.includes(".."))).toEqual([]);
    },
  );

  it("reads no version whose number leads elsewhere", async () => {
    const source = sourceOf();
    const { signal } = new AbortController();
    for (const version of ["../../secret", "1.0.0/../1.0.0", "latest"]) {
      expect(await source.readVersion(prompt, { kind: "version", version }, signal)).toBeNull();
    }
  });
});

describe("files", () => {
  it("count by their numbered releases, not by a copy that a dead process left behind", async () => {
    const copy = join(folder.folder, "release.json");
    await rollBack();
    await writeFile(copy, JSON.stringify(aRelease()));
    expect(
      await clientOf(fileSource(join(folder.root, "registry"))).getPrompt(prompt, { unit }),
    ).toMatchObject({
      version: "1.0.0",
    });
  });

  it("that are damaged leave the last known good", async () => {
    const client = clientOf(fileSource(join(folder.root, "registry")));
    await client.getPrompt(prompt, { unit });
    await writeFile(join(folder.folder, "releases", "000002.json"), "{}");
    clock.at += TTL;
    client.peek(prompt, { unit });
    await expect.poll(() => problems).toEqual(["the release is none of a registry"]);
    expect(client.peek(prompt, { unit })).toMatchObject({ version: "1.1.0", freshness: "stale" });
  });
});

describe("HTTP", () => {
  it("asks one question a TTL while nothing changes, and is answered by 304", async () => {
    const client = clientOf(httpSource(server.url, { headers: { authorization: "Bearer t0ken" } }));
    await Promise.all(Array.from({ length: 500 }, () => client.getPrompt(prompt, { unit })));
    expect(server.requests.sort()).toEqual([
      `/registry/${prompt}/release.json 200`,
      `/registry/${prompt}/versions/1.0.0.json 200`,
      `/registry/${prompt}/versions/1.1.0.json 200`,
    ]);
    expect(server.headers[0]).toMatchObject({ authorization: "Bearer t0ken" });
    clock.at += TTL;
    for (let index = 0; index < 500; index++) client.peek(prompt, { unit });
    await served(client, { version: "1.1.0", freshness: "fresh" });
    expect(server.requests.slice(3)).toEqual([`/registry/${prompt}/release.json 304`]);
  });

  it.each<Exclude<Failure, null>>([
    "500",
    "html",
    "not-json",
    "truncated",
    "redirect",
    "reset",
    "hang",
    "drip",
  ])("that fails by %s leaves the last known good, and is back when it is", async (failure) => {
    const client = clientOf(httpSource(server.url), 200);
    await client.getPrompt(prompt, { unit });
    server.failure = failure;
    await rollBack();
    clock.at += TTL;
    expect(client.peek(prompt, { unit })).toMatchObject({ version: "1.1.0", freshness: "stale" });
    await expect.poll(() => problems, { timeout: 5000 }).toHaveLength(1);
    expect(problems[0]).not.toContain("s3cret");
    expect(client.peek(prompt, { unit })).toMatchObject({ version: "1.1.0", freshness: "stale" });
    server.failure = null;
    clock.at += TTL;
    client.peek(prompt, { unit });
    await served(client, { version: "1.0.0", freshness: "fresh" });
  });

  it("finds the last of many moves without asking for all", async () => {
    for (let index = 0; index < 20; index++) {
      await folder.move(index % 2 === 0 ? "1.1.0" : "1.0.0", index % 2 === 0 ? "1.0.0" : "1.1.0");
    }
    const client = clientOf(httpSource(server.url));
    await client.getPrompt(prompt, { label: "production" });
    const first = server.requests.length;
    expect(first).toBeLessThan(16);
    clock.at += TTL;
    client.peek(prompt, { label: "production" });
    await served(client, { version: "1.0.0", freshness: "fresh" }, "production");
    expect(server.requests.length - first).toBe(3);
  });

  it("reads no endless answer", async () => {
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1 << 20).fill(32)),
    });
    const source = httpSource(server.url, { fetch: async () => new Response(endless) });
    await expect(source.readRelease(prompt, new AbortController().signal)).rejects.toThrow("too large");
  });

  it("needs a URL", () => {
    expect(() => httpSource("not a url")).toThrow(TypeError);
  });
});
