import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LabelMove, Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { allPages } from "../contracts/registry-requests.ts";
import { aVersion } from "./a-version.ts";
import { prompt } from "./file-folder.ts";

const isSuperuser = process.getuid?.() === 0;
let tools: string;
let root: string;

beforeAll(async () => {
  tools = await mkdtemp(join(tmpdir(), "promptgate-writer-"));
  await chmod(tools, 0o755);
  await build({
    entryPoints: [fileURLToPath(new URL("./writer.ts", import.meta.url))],
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
  /** Resolves when it has said so many lines. */
  lines(count: number): Promise<void>;
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
  return {
    child,
    async lines(count) {
      while (text.split("\n").length <= count) await once(child.stdout, "data");
    },
    said: once(child, "close").then(() => text.trim().split("\n")),
  };
}

function run(command: string, ...args: readonly string[]): void {
  execFileSync(command, args, { stdio: "pipe" });
}

const opened = (folder = root): Registry => openRegistry({ kind: "file", path: "registry" }, folder);

async function wholeHistory(registry: Registry): Promise<LabelMove[]> {
  return (await allPages((page) => registry.history(prompt, page), 1000)).flat();
}

describe("writers that are killed", { timeout: 180_000 }, () => {
  it("leave a whole registry, lose nothing that they reported, and block nobody", async () => {
    const rounds = 20;
    const reported: string[] = [];
    for (let round = 1; round <= rounds; round++) {
      const writers = [
        startWriter(root, ["churn", String(round * 2)]),
        startWriter(root, ["churn", String(round * 2 + 1)]),
      ];
      // Any moment will do: between temporary file, link, removal and the next operation.
      for (const { child, lines } of writers) {
        void lines(2).then(() => setTimeout(() => child.kill("SIGKILL"), Math.random() * 60));
      }
      for (const { said } of writers) reported.push(...(await said));
      const moves = await wholeHistory(opened());
      expect(moves.map((move) => move.sequence)).toEqual(moves.map((_, index) => moves.length - index));
    }
    const registry = opened();
    const moves = await wholeHistory(registry);
    const happened = new Set(moves.map((move) => `moved ${move.sequence} ${move.label} ${move.to}`));
    const versions = await registry.listVersions(prompt, { limit: 1000 });
    for (const version of versions.items) happened.add(`published ${version.version}`);
    const done = reported.filter((line) => line !== "ready");
    expect(done.length).toBeGreaterThanOrEqual(rounds * 2);
    expect(done.filter((line) => !happened.has(line))).toEqual([]);
    expect((await registry.listLabels(prompt))[0]?.version).toBe(moves[0]?.to);
    await registry.publish(aVersion("0.0.1", "After the storm."));
    const expected = moves[0]?.to ?? null;
    const request = { prompt, label: "production", to: "0.0.1", expected, by: "Ada", reason: "calm" };
    expect((await registry.moveLabel(request))?.sequence).toBe(moves.length + 1);
  });
});

describe("writers that race", { timeout: 180_000 }, () => {
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
        run("mount", "-t", "tmpfs", "-o", "size=256k", "promptgate-test", root);
        mounted = true;
      } catch {
        mounted = false;
      }
    });
    afterEach(() => {
      if (mounted) run("umount", root);
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
      run("mount", "-o", "remount,ro", root);
      await expect(registry.publish(aVersion("1.1.0", "New."))).rejects.toMatchObject({
        code: "STORAGE_FAILED",
        hint: expect.stringContaining("read-only"),
      });
      expect(await registry.publish(version)).toEqual({ version, created: false });
      expect((await registry.readVersion(prompt, { kind: "latest" }))?.version).toBe("1.0.0");
    });
  });
});
