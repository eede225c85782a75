import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { redisCache, type RedisClient } from "../../src/client/adapters.ts";
import { createPromptClient } from "../../src/client/index.ts";
import { aRelease, movableClock, prompt, scriptedSource } from "./a-source.ts";

function isInstalled(): boolean {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    console.warn(
      "tests against a Redis server are skipped: redis-server is not installed (apt-get install redis-server)",
    );
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Connection {
  readonly client: RedisClient;
  close(): Promise<unknown>;
}

const connections = {
  ioredis: async (port: number): Promise<Connection> => {
    const client = new Redis({ port, host: "127.0.0.1", maxRetriesPerRequest: 100 });
    client.on("error", () => {});
    await client.ping();
    return { client, close: async () => client.disconnect() };
  },
  "@redis/client": async (port: number): Promise<Connection> => {
    const client = createClient({ url: `redis://127.0.0.1:${port}` });
    client.on("error", () => {});
    await client.connect();
    return { client, close: async () => client.destroy() };
  },
};

describe.runIf(isInstalled()).each(Object.entries(connections))("Redis through %s", (_, connect) => {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-redis-"));
  let server: ChildProcess;
  let connection: Connection;
  let inspector: Redis;

  beforeAll(async () => {
    const port = await freePort();
    const settings = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
    server = spawn("redis-server", settings, { stdio: "ignore" });
    inspector = new Redis({ port, host: "127.0.0.1", maxRetriesPerRequest: 200 });
    inspector.on("error", () => {});
    await inspector.ping();
    connection = await connect(port);
  });

  beforeEach(async () => {
    await inspector.flushall();
  });

  afterAll(async () => {
    await connection.close();
    inspector.disconnect();
    const gone = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGKILL");
    await gone;
    rmSync(folder, { recursive: true, force: true });
  });

  /** A process of its own: nothing in memory. */
  function aProcess(source = scriptedSource(), clock = movableClock()) {
    const problems: string[] = [];
    const client = createPromptClient({
      source,
      clock,
      cache: redisCache(connection.client),
      environment: {},
      telemetry: null,
      onProblem: ({ error }) => problems.push(error.message),
    });
    return { source, clock, problems, serve: () => client.getPrompt(prompt, { unit: "user-12" }), client };
  }

  const written = async (): Promise<void> => {
    await expect.poll(() => inspector.exists(`promptgate:1:${prompt}`)).toBe(1);
  };

  it("spares another process the look at the registry", async () => {
    const first = aProcess();
    const served = await first.serve();
    await written();
    const second = aProcess();
    expect(await second.serve()).toMatchObject({
      version: served.version,
      reason: served.reason,
      freshness: "fresh",
    });
    expect(second.source.reads).toEqual([]);
    expect(second.problems).toEqual([]);
  });

  it("adds nothing to the time that a rollback takes: what another process read ages from then", async () => {
    await aProcess().serve();
    await written();
    const second = aProcess();
    second.clock.at += 59_000;
    await second.serve();
    second.source.release = aRelease({ candidate: null, generation: 2 });
    second.clock.at += 1000;
    await second.serve();
    await expect.poll(() => second.source.reads).toEqual(["release"]);
  });

  it("holds the last known good for a process that starts while the registry is down", async () => {
    await aProcess().serve();
    await written();
    const later = aProcess();
    later.clock.at += 3_600_000;
    later.source.fault = new Error("down");
    const served = await later.serve();
    expect(served).toMatchObject({ version: "1.0.0", freshness: "stale" });
    expect(served.problem?.message).toBe("down");
    expect(await inspector.pttl(`promptgate:1:${prompt}`)).toBeGreaterThan(3_600_000);
  });

  it("keeps labels apart from the rollout", async () => {
    const first = aProcess();
    first.source.labels.set("staging", "1.2.0");
    await first.client.getPrompt(prompt, { label: "staging" });
    await expect.poll(() => inspector.keys("*")).toEqual([`promptgate:1:${prompt}@staging`]);
    const second = aProcess();
    expect(await second.client.getPrompt(prompt, { label: "staging" })).toMatchObject({ version: "1.2.0" });
    expect(second.source.reads).toEqual([]);
  });

  it("cannot bring back an older release", async () => {
    const first = aProcess();
    await first.serve();
    await written();
    const old = (await inspector.get(`promptgate:1:${prompt}`)) ?? "";
    first.source.release = aRelease({ candidate: null, generation: 2 });
    first.clock.at += 60_000;
    await first.serve();
    await expect.poll(() => inspector.get(`promptgate:1:${prompt}`)).not.toBe(old);
    await inspector.set(`promptgate:1:${prompt}`, old.replace(/"at":\d+/, `"at":${first.clock.at + 60_000}`));
    first.clock.at += 60_000;
    await first.serve();
    await expect.poll(() => first.problems).toEqual([`${prompt}: an older release`]);
    expect(await first.serve()).toMatchObject({ version: "1.0.0", reason: "stable", problem: null });
  });

  it.each([
    "",
    "no json",
    "null",
    "5",
    "[]",
    "{}",
    '{"at":"x","release":null,"versions":[]}',
    '{"at":1e999,"versions":{}}',
  ])("costs a look at the registry when it holds %j", async (text) => {
    await inspector.set(`promptgate:1:${prompt}`, text);
    const one = aProcess();
    expect(await one.serve()).toMatchObject({ version: "1.0.0", freshness: "fresh", problem: null });
    expect(one.source.reads[0]).toBe("release");
  });

  it("that does not answer costs a moment and nothing else", async () => {
    const pid = server.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    try {
      const one = aProcess();
      expect(await one.serve()).toMatchObject({ version: "1.0.0", freshness: "fresh", problem: null });
      expect(one.problems[0]).toBe("no answer in 250 ms");
    } finally {
      process.kill(pid, "SIGCONT");
    }
  });
});
