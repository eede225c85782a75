import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LedgerEntry } from "../../src/domain/ledger.ts";
import type { Store } from "../../src/domain/store.ts";
import { openStore } from "../../src/stores/index.ts";
import { allPages } from "../contracts/registry-requests.ts";
import { bareEnvironment, git, gitRemote, type GitRemote } from "../files/git-remote.ts";

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
  root = await mkdtemp(join(tmpdir(), "promptgate-store-"));
});
afterEach(async () => rm(root, { recursive: true, force: true }));

interface Writer {
  readonly child: ChildProcess;
  /** All that it said, once it has ended. */
  readonly said: Promise<string[]>;
}

function startWriter(
  folder: string,
  kind: "file" | "git",
  args: readonly string[],
  user: { uid?: number; gid?: number } = {},
): Writer {
  const child = spawn(
    process.execPath,
    [join(tools, "writer.mjs"), folder, JSON.stringify({ kind }), ...args],
    {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: tools,
      env: { ...bareEnvironment },
      ...user,
    },
  );
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  return { child, said: once(child, "close").then(() => text.trim().split("\n")) };
}

function opened(kind: "file" | "git", folder = root): Store {
  return openStore({ kind }, folder, { now: () => Date.now() }, bareEnvironment);
}

async function wholeLedger(store: Store): Promise<LedgerEntry[]> {
  return (await allPages((page) => store.ledger(null, page), 1000)).flat();
}

/** Each number was written once, and each left its entry. */
async function expectCounted(store: Store, said: readonly string[], total: number): Promise<void> {
  expect(said.filter((line) => line.startsWith("error "))).toEqual([]);
  const numbers = Array.from({ length: total }, (_, index) => index + 1);
  const wrote = said.filter((line) => line.startsWith("wrote ")).map((line) => Number(line.slice(6)));
  expect(wrote.toSorted((left, right) => left - right)).toEqual(numbers);
  expect((await store.read("counter"))?.text).toBe(String(total));
  const entries = (await wholeLedger(store)).map((entry) => Number(entry.reason));
  expect(entries.toSorted((left, right) => left - right)).toEqual(numbers);
}

describe("processes that share a file store", { timeout: 180_000 }, () => {
  it("never lose an update", async () => {
    const writers = Array.from({ length: 4 }, (_, index) =>
      startWriter(root, "file", ["count", `w${index}`, "60"]),
    );
    const said = (await Promise.all(writers.map((writer) => writer.said))).flat();
    await expectCounted(opened("file"), said, 240);
  });

  it("may be killed at any moment: what they reported is there, whole, and nobody is blocked", async () => {
    const reported: string[] = [];
    for (let round = 0; round < 12; round++) {
      const writers = [0, 1].map((index) => startWriter(root, "file", ["churn", `r${round}w${index}`]));
      for (const { child } of writers) {
        // Any moment will do: between temporary file, link, sweep and the next write.
        child.stdout?.once("data", () => setTimeout(() => child.kill("SIGKILL"), 30 + Math.random() * 120));
      }
      for (const { said } of writers) reported.push(...(await said));
      const document = await opened("file").read("large");
      const whole: unknown = JSON.parse(document?.text ?? '{"filling":""}');
      expect(whole).toHaveProperty("filling");
    }
    const store = opened("file");
    const appended = new Set(
      (await wholeLedger(store)).map((entry) => `appended ${entry.by} ${entry.reason}`),
    );
    const done = reported.filter((line) => line.startsWith("appended "));
    expect(done.length).toBeGreaterThan(0);
    expect(done.filter((line) => !appended.has(line))).toEqual([]);
    const document = await store.read("large");
    expect(await store.write("large", "calm", document?.revision ?? null)).toMatchObject({ kind: "written" });
  });

  it("are told when the folder may not be written, and leave nothing behind", async () => {
    await chmod(root, 0o755);
    const folder = join(root, ".promptgate", "state");
    await mkdir(folder, { recursive: true, mode: 0o755 });
    if (!isSuperuser) await chmod(folder, 0o555);
    const user = isSuperuser ? { uid: 65534, gid: 65534 } : {};
    const [, answer] = await startWriter(root, "file", ["count", "w", "1"], user).said;
    expect(answer).toMatch(/^error STORAGE_FAILED: cannot write .*EACCES; check who may/);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("processes that share a branch", { timeout: 300_000 }, () => {
  let remote: GitRemote;

  beforeEach(async () => {
    remote = await gitRemote();
  });
  afterEach(async () => remote.remove());

  it("never lose an update, be their clones whole, shallow or the same", async () => {
    const whole = Array.from({ length: 3 }, () => remote.cloneAgain());
    const shallow = Array.from({ length: 3 }, () => remote.cloneAgain("--depth=1"));
    const clones = [remote.clone, remote.clone, ...whole, ...shallow];
    const writers = clones.map((clone, index) => startWriter(clone, "git", ["count", `w${index}`, "8"]));
    const said = (await Promise.all(writers.map((writer) => writer.said))).flat();
    await expectCounted(opened("git", remote.cloneAgain()), said, 64);
    // One commit for each change: 64 numbers and 64 entries.
    expect(git(remote.bare, "rev-list", "--count", "promptgate-state")).toBe("128");
  });

  it("may be killed at any moment: what they reported is there, and nobody is blocked", async () => {
    const reported: string[] = [];
    for (let round = 0; round < 5; round++) {
      const { child, said } = startWriter(remote.clone, "git", ["churn", `r${round}`]);
      child.stdout?.once("data", () => setTimeout(() => child.kill("SIGKILL"), 200 + Math.random() * 1500));
      reported.push(...(await said));
    }
    const store = opened("git", remote.clone);
    const appended = new Set(
      (await wholeLedger(store)).map((entry) => `appended ${entry.by} ${entry.reason}`),
    );
    const done = reported.filter((line) => line.startsWith("appended "));
    expect(done.filter((line) => !appended.has(line))).toEqual([]);
    expect(await store.write("calm", "{}", null)).toMatchObject({ kind: "written" });
  });
});
