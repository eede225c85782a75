import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { GateResult } from "../../../src/domain/gate-result.ts";
import type { BatchEvent, BatchServer, BatchServerOptions } from "../../loopback/batch-server.ts";
import { aBatchGate, comparable } from "./batch-gate.ts";

const root = join(import.meta.dirname, "..", "..", "..");
let bundle = "";

/** The child beside `src`, so that it finds the packages and files that the source finds. */
beforeAll(async () => {
  bundle = mkdtempSync(join(root, "node_modules", ".batch-child-"));
  await build({
    entryPoints: [join(import.meta.dirname, "batch-child.ts")],
    outfile: join(bundle, "child.mjs"),
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  });
});
afterAll(() => rmSync(bundle, { recursive: true, force: true }));

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runChild(cwd: string, started: (child: ChildProcess) => void = () => undefined): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(bundle, "child.mjs")], {
      cwd,
      env: { PATH: process.env["PATH"], HOME: tmpdir() },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (exitCode, signal) => resolve({ exitCode, signal, stdout, stderr }));
    started(child);
  });
}

/** A server that kills the process under test at one of its calls: before it is done, or after, with no answer sent. */
async function aKiller(
  { event, index, done }: { readonly event: BatchEvent; readonly index: number; readonly done: boolean },
  script: BatchServerOptions["script"] = () => ({ polls: 1 }),
) {
  let victim: ChildProcess | null = null;
  const gate = await aBatchGate(
    {
      script,
      fault: (seen, number) => {
        if (victim === null || seen !== event || number !== index) return undefined;
        victim.kill("SIGKILL");
        victim = null;
        return { kind: done ? "lost" : "reset" };
      },
    },
    {},
    cleanups,
  );
  return { ...gate, kill: (child: ChildProcess) => void (victim = child) };
}

let undisturbed: Promise<unknown> | undefined;

function liveVerdict(): Promise<unknown> {
  undisturbed ??= aBatchGate({}, {}, cleanups).then(async ({ made }) => {
    await made.gate({ cache: false });
    return comparable(made.printed());
  });
  return undisturbed;
}

function requests({ batches }: BatchServer): string[] {
  return batches.flatMap((batch) => batch.requests.map(({ custom_id: id }) => id));
}

describe("a gate in batches that is killed with SIGKILL", () => {
  it.each([
    ["asking whether there is a Batch API", { event: "list", index: 0, done: false }],
    ["uploading", { event: "upload", index: 0, done: false }],
    ["when the upload was stored", { event: "upload", index: 0, done: true }],
    ["creating a batch that never came into being", { event: "create", index: 0, done: false }],
    ["creating a batch that came into being", { event: "create", index: 0, done: true }],
    ["looking at a batch", { event: "read", index: 0, done: true }],
    ["looking at a batch that has ended", { event: "read", index: 1, done: true }],
    ["fetching its answers", { event: "content", index: 0, done: true }],
    ["uploading the judgements", { event: "upload", index: 1, done: true }],
    ["creating the batch of judgements", { event: "create", index: 1, done: true }],
    ["fetching the judgements", { event: "content", index: 1, done: false }],
  ] as const)("goes on where it stood: %s", async (_, when) => {
    const { server, made, kill } = await aKiller(when);
    const first = await runChild(made.folder, kill);
    expect(first.signal).toBe("SIGKILL");
    const second = await runChild(made.folder);
    expect(second, second.stderr).toMatchObject({ exitCode: 0 });
    // Nothing is paid twice.
    expect(server.batches).toHaveLength(2);
    expect(new Set(requests(server)).size).toBe(240);
    expect(server.chats).toHaveLength(0);
    expect(comparable(JSON.parse(second.stdout) as GateResult)).toEqual(await liveVerdict());
  });

  it("keeps the answers that it had read when it died among the errors", async () => {
    const script: BatchServerOptions["script"] = () => ({
      outcome: (_, index) =>
        index === 0 ? { kind: "error", status: 500, message: "no" } : { kind: "answer" },
    });
    const { server, made, kill } = await aKiller({ event: "content", index: 1, done: true }, script);
    expect(await runChild(made.folder, kill)).toMatchObject({ signal: "SIGKILL" });
    const second = await runChild(made.folder);
    expect(second, second.stderr).toMatchObject({ exitCode: 0 });
    expect(server.batches).toHaveLength(2);
    const usage = (JSON.parse(second.stdout) as GateResult).prompts[0]?.usage;
    // The first batch's answers were read by the process that died: here they count as stored.
    expect(usage?.cachedCalls).toBeGreaterThanOrEqual(159);
    expect(comparable(JSON.parse(second.stdout) as GateResult)).toEqual(await liveVerdict());
  });

  it("at many moments, again and again, pays for each request once", async () => {
    const { server, made } = await aBatchGate({ script: () => ({ polls: 3 }) }, {}, cleanups);
    let ended: Ended | null = null;
    for (let moment = 1_000; ended?.exitCode !== 0 && moment < 60_000; moment = Math.ceil(moment * 1.6)) {
      const delay = moment;
      ended = await runChild(made.folder, (child) => {
        const timer = setTimeout(() => child.kill("SIGKILL"), delay);
        child.on("close", () => clearTimeout(timer));
      });
    }
    expect(ended).toMatchObject({ exitCode: 0 });
    expect(server.batches).toHaveLength(2);
    expect(comparable(JSON.parse(ended?.stdout ?? "") as GateResult)).toEqual(await liveVerdict());
  });
});

describe("two processes that gate the same question in batches", () => {
  it("submit each batch once and agree", async () => {
    const { server, made } = await aBatchGate({ script: () => ({ polls: 2 }) }, {}, cleanups);
    const both = await Promise.all([runChild(made.folder), runChild(made.folder)]);
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    expect(server.batches).toHaveLength(2);
    for (const { stdout } of both)
      expect(comparable(JSON.parse(stdout) as GateResult)).toEqual(await liveVerdict());
  });

  it("go on when the one that submitted dies", async () => {
    const { server, made, kill } = await aKiller({ event: "create", index: 0, done: true });
    const [first, second] = await Promise.all([runChild(made.folder, kill), runChild(made.folder)]);
    const survivor = first.signal === null ? first : second;
    // Whoever created the batch was not always the one that was killed; the verdict is there in any case.
    expect(survivor).toMatchObject({ exitCode: 0 });
    expect(comparable(JSON.parse(survivor.stdout) as GateResult)).toEqual(await liveVerdict());
    expect(new Set(requests(server)).size).toBe(240);
  });
});
