import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, type BuildOptions } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GateResult } from "../../../src/domain/gate-result.ts";
import type { BatchScript } from "../../loopback/batch-script.ts";
import type { BatchEvent, BatchServer, BatchServerOptions } from "../../loopback/batch-server.ts";
import { gateAsChild } from "./batch-child.ts";
import { batchGates, comparable } from "./batch-gate.ts";

const root = join(import.meta.dirname, "..", "..", "..");
let bundle = "";

/** Two levels below the package, so that they find its files and packages as the source does. */
beforeAll(async () => {
  bundle = mkdtempSync(join(root, "node_modules", ".batch-child-"));
  const common: BuildOptions = {
    bundle: true,
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
    platform: "node",
    format: "esm",
    target: "node20",
    logLevel: "error",
  };
  const contents = `import { ${gateAsChild.name} } from "./batch-child.ts"; await ${gateAsChild.name}();`;
  const stdin = { contents, resolveDir: import.meta.dirname };
  await build({ ...common, stdin, outfile: join(bundle, "child.mjs") });
  const bin = join(root, "src", "entry", "bin.ts");
  await build({ ...common, entryPoints: [bin], outfile: join(bundle, "bin.mjs") });
});
afterAll(() => rmSync(bundle, { recursive: true, force: true }));

const { open, liveVerdict } = batchGates();

interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Started = (child: ChildProcess) => void;

/** A gate in batches that does not wait long between two looks. */
function runChild(cwd: string, started?: Started): Promise<Ended> {
  return runProcess(["child.mjs"], cwd, started);
}

/** One of the bundles with its arguments. */
function runProcess(
  [file = "", ...args]: readonly string[],
  cwd: string,
  started: Started = () => undefined,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(bundle, file), ...args], {
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
  const gate = await open({
    script,
    fault: (seen, number) => {
      if (victim === null || seen !== event || number !== index) return undefined;
      victim.kill("SIGKILL");
      victim = null;
      return { kind: done ? "lost" : "reset" };
    },
  });
  return { ...gate, kill: (child: ChildProcess) => void (victim = child) };
}

/** Three judgements break the judge's contract. */
function withNonsense(index: number): BatchScript {
  return {
    outcome: (_, request) =>
      index === 1 && request < 3 ? { kind: "answer", text: "no verdict" } : { kind: "answer" },
  };
}

function withOneError(): BatchScript {
  return {
    outcome: (_, index) => (index === 0 ? { kind: "error", status: 500, message: "no" } : { kind: "answer" }),
  };
}

function requests({ batches }: BatchServer): string[] {
  return batches.flatMap((batch) => batch.requests.map(({ custom_id: id }) => id));
}

describe("a gate in batches that is killed with SIGKILL", { timeout: 180_000 }, () => {
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
    expect(second).toMatchObject({ exitCode: 0 });
    // Nothing is paid twice.
    expect(server.batches).toHaveLength(2);
    expect(new Set(requests(server)).size).toBe(240);
    expect(server.chats).toHaveLength(0);
    expect(comparable(JSON.parse(second.stdout) as GateResult)).toEqual(await liveVerdict());
  });

  it("keeps the answers that it had read when it died among the errors", async () => {
    const { server, made, kill } = await aKiller({ event: "content", index: 1, done: true }, withOneError);
    expect(await runChild(made.folder, kill)).toMatchObject({ signal: "SIGKILL" });
    const second = await runChild(made.folder);
    expect(second).toMatchObject({ exitCode: 0 });
    expect(server.batches).toHaveLength(2);
    const usage = (JSON.parse(second.stdout) as GateResult).prompts[0]?.usage;
    // The first batch's answers were read by the process that died: here they count as stored.
    expect(usage?.cachedCalls).toBeGreaterThanOrEqual(159);
    expect(comparable(JSON.parse(second.stdout) as GateResult)).toEqual(await liveVerdict());
  });

  it("asks live what was to be asked live, and waits for no further batch", async () => {
    const { server, made, kill } = await aKiller({ event: "chat", index: 1, done: true }, withNonsense);
    expect(await runChild(made.folder, kill)).toMatchObject({ signal: "SIGKILL" });
    expect(await runChild(made.folder)).toMatchObject({ exitCode: 0 });
    expect(server.batches).toHaveLength(2);
    expect(new Set(server.chats.map((body) => JSON.stringify(body))).size).toBe(3);
  });

  it("at many moments, again and again, pays for each request once", async () => {
    const { server, made } = await open({ script: () => ({ polls: 3 }) });
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

describe("two processes that gate the same question in batches", { timeout: 180_000 }, () => {
  it("submit each batch once and agree", async () => {
    const { server, made } = await open({ script: () => ({ polls: 2 }) });
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

describe("the command line", { timeout: 180_000 }, () => {
  it("ends a wait with 130 on Ctrl-C, and the same command goes on", async () => {
    let waits = true;
    let waiting: ChildProcess | null = null;
    const { server, made } = await open({
      script: () => ({
        get polls() {
          return waits ? 1e9 : 0;
        },
      }),
      fault: (event) => {
        if (event === "read") waiting?.kill("SIGINT");
        return undefined;
      },
    });
    const command = ["bin.mjs", "gate", "--batch", "--json", "--no-cache"];
    const first = await runProcess(command, made.folder, (child) => (waiting = child));
    expect(first).toMatchObject({ exitCode: 130, signal: null });
    expect(first.stderr).toContain("hint: run the same command again to go on");
    waiting = null;
    waits = false;
    const second = await runProcess(command, made.folder);
    expect(second).toMatchObject({ exitCode: 0 });
    expect(server.batches).toHaveLength(2);
    expect(comparable(JSON.parse(second.stdout) as GateResult)).toEqual(await liveVerdict());
  });
});
