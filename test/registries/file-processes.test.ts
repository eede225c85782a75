import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { aVersion } from "./a-version.ts";

const prompt = "customer-support";
const isSuperuser = process.getuid?.() === 0;
let tools: string;
let root: string;

beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), "promptgate-writer-"));
  await chmod(tools, 0o755);
  await build({
    entryPoints: [join(import.meta.dirname, "writer.ts")],
    outfile: join(tools, "writer.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    logLevel: "error",
  });
});
afterAll(async () => rm(tools, { recursive: true, force: true }));

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "promptgate-registry-"));
});
afterEach(async () => rm(root, { recursive: true, force: true }));

interface Writer {
  readonly child: ChildProcess;
  readonly ready: Promise<unknown>;
  /** All that it said, once it has ended. */
  readonly said: Promise<string[]>;
}

function startWriter(
  folder: string,
  args: readonly string[],
  user: { uid?: number; gid?: number } = {},
): Writer {
  const child = spawn(process.execPath, [join(tools, "writer.mjs"), folder, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: tools,
    ...user,
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  // The first thing it says is that it is ready.
  const ready = once(child.stdout, "data");
  const said = once(child, "close").then(() => text.trim().split("\n"));
  return { child, ready, said };
}

const opened = (folder = root): Registry => openRegistry({ kind: "file", path: "registry" }, folder);

async function wholeHistory(registry: Registry) {
  const moves = [];
  let cursor: string | null = null;
  do {
    const page = await registry.history(prompt, { limit: 1000, ...(cursor === null ? {} : { cursor }) });
    moves.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return moves;
}

describe("writers that are killed", () => {
  it("leave a whole registry, lose nothing that they reported, and block nobody", async () => {
    const rounds = 25;
    const reported: string[] = [];
    for (let round = 1; round <= rounds; round++) {
      const writers = [
        startWriter(root, ["churn", String(round * 2)]),
        startWriter(root, ["churn", String(round * 2 + 1)]),
      ];
      await Promise.all(writers.map(({ ready }) => ready));
      // Any moment will do: between temporary file, link, removal and the next operation.
      for (const { child } of writers) setTimeout(() => child.kill("SIGKILL"), Math.random() * 40);
      for (const { said } of writers) reported.push(...(await said));
      const moves = await wholeHistory(opened());
      expect(moves.map((move) => move.sequence)).toEqual(moves.map((_, index) => moves.length - index));
    }
    const registry = opened();
    const moves = await wholeHistory(registry);
    const happened = new Set(moves.map((move) => `moved ${move.sequence} ${move.label} ${move.to}`));
    const versions = await registry.listVersions(prompt, { limit: 1000 });
    for (const version of versions.items) happened.add(`published ${version.version}`);
    // A last line may be cut by the kill; whole lines start with a word of their own.
    const whole = reported.filter((line) =>
      /^(moved \d+ production \d+\.0\.\d+|published \d+\.0\.\d+)$/.test(line),
    );
    expect(whole.length).toBeGreaterThan(rounds);
    expect(whole.filter((line) => !happened.has(line))).toEqual([]);
    expect((await registry.listLabels(prompt))[0]?.version).toBe(moves[0]?.to);
    await registry.publish(aVersion("0.0.1", "After the storm."));
    const expected = moves[0]?.to ?? null;
    const request = { prompt, label: "production", to: "0.0.1", expected, by: "Ada", reason: "calm" };
    expect((await registry.moveLabel(request))?.sequence).toBe(moves.length + 1);
  });
});

describe("writers that race", () => {
  it("never lose an update", async () => {
    const writers = 3;
    const each = 150;
    const registry = opened();
    for (let index = 0; index < writers * each; index++) {
      await registry.publish(aVersion(`0.0.${index}`, `Count ${index}.`));
    }
    const started = Array.from({ length: writers }, (_, index) =>
      startWriter(root, ["count", `writer-${index}`, String(each)]),
    );
    const said = (await Promise.all(started.map((writer) => writer.said))).flat();
    expect(said.filter((line) => line.startsWith("moved"))).toHaveLength(writers * each);
    const label = (await registry.listLabels(prompt))[0];
    expect(label).toMatchObject({ name: "counter", version: `0.0.${writers * each - 1}` });
    const moves = await wholeHistory(registry);
    expect(moves.map((move) => move.to)).toEqual(
      Array.from({ length: writers * each }, (_, index) => `0.0.${writers * each - 1 - index}`),
    );
    expect(new Set(moves.map((move) => move.by)).size).toBe(writers);
  });

  it("publish one version once", async () => {
    const started = Array.from({ length: 4 }, () => startWriter(root, ["publish"]));
    const said = (await Promise.all(started.map((writer) => writer.said))).flat();
    expect(said.filter((line) => line === "true")).toHaveLength(1);
    expect(said.filter((line) => line === "false")).toHaveLength(3);
  });
});

describe("a disk that fails", () => {
  it("is reported when the folder may not be written, and nothing is left behind", async () => {
    await chmod(root, 0o755);
    await mkdir(join(root, "registry"), { mode: 0o755 });
    if (!isSuperuser) await chmod(join(root, "registry"), 0o555);
    const { said } = startWriter(root, ["publish"], isSuperuser ? { uid: 65534, gid: 65534 } : {});
    const [, answer] = await said;
    expect(answer).toMatch(/^error STORAGE_FAILED: cannot write .*EACCES; check who may/);
    expect(await readdir(join(root, "registry"))).toEqual([]);
  });

  it("is reported when the folder may not be read", async () => {
    await chmod(root, 0o755);
    await mkdir(join(root, "registry"), { mode: 0o700 });
    if (!isSuperuser) await chmod(join(root, "registry"), 0o000);
    const { said } = startWriter(root, ["publish"], isSuperuser ? { uid: 65534, gid: 65534 } : {});
    expect((await said)[1]).toMatch(/^error STORAGE_FAILED: cannot read .*EACCES/);
  });

  describe("in a small file system of its own", () => {
    let mounted: boolean;

    beforeEach(() => {
      try {
        execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "promptgate-test", root], { stdio: "pipe" });
        mounted = true;
      } catch {
        mounted = false;
      }
    });
    afterEach(() => {
      if (mounted) execFileSync("umount", [root]);
    });

    it("is reported when it is full, leaves nothing half written, and works again with room", async ({
      skip,
    }) => {
      if (!mounted) {
        console.log("skipped: mounting a small file system needs the superuser");
        skip();
      }
      const registry = opened();
      await registry.publish(aVersion("1.0.0", "Fits."));
      await writeFile(join(root, "ballast"), Buffer.alloc(512 * 1024)).catch(() => undefined);
      const large = aVersion("1.1.0", "Does not fit. ".repeat(2000));
      await expect(registry.publish(large)).rejects.toMatchObject({
        code: "STORAGE_FAILED",
        hint: expect.stringContaining("disk is full"),
      });
      const move = { prompt, label: "production", to: "1.0.0", expected: null, by: "Ada", reason: "x" };
      await expect(registry.moveLabel(move)).rejects.toMatchObject({ code: "STORAGE_FAILED" });
      expect(await readdir(join(root, "registry", prompt, "versions"))).toEqual(["1.0.0.json"]);
      expect(await registry.listLabels(prompt)).toEqual([]);
      await rm(join(root, "ballast"));
      expect((await registry.publish(large)).created).toBe(true);
      expect((await registry.moveLabel(move))?.sequence).toBe(1);
    });

    it("is reported when it is read-only, and can still be read", async ({ skip }) => {
      if (!mounted) {
        console.log("skipped: mounting a small file system needs the superuser");
        skip();
      }
      const registry = opened();
      const version = aVersion("1.0.0", "Stays.");
      await registry.publish(version);
      execFileSync("mount", ["-o", "remount,ro", root]);
      await expect(registry.publish(aVersion("1.1.0", "New."))).rejects.toMatchObject({
        code: "STORAGE_FAILED",
        hint: expect.stringContaining("read-only"),
      });
      expect(await registry.publish(version)).toEqual({ version, created: false });
      expect((await registry.readVersion(prompt, { kind: "latest" }))?.version).toBe("1.0.0");
    });
  });
});
