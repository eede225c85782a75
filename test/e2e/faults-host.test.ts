import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync, cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { startOpenAiServer, type OpenAiServer, type OpenAiServerOptions } from "../loopback/openai-server.ts";
import { noFaults, scriptFaults, shareOf, type FaultScript } from "../loopback/scripted-faults.ts";
import { aFaultProject, answerFromContext, measuredBy, runFaultGate, type FaultShape } from "./fault-run.ts";
import type { TestProject } from "./project.ts";

// Retries wait in real time, and each process loads the whole gate.
vi.setConfig({ testTimeout: 240_000 });

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function aServer(options: OpenAiServerOptions): Promise<OpenAiServer> {
  const server = await startOpenAiServer(options);
  cleanups.push(() => server.close());
  return server;
}

async function aCalmProject(shape: FaultShape): Promise<{ made: TestProject; script: FaultScript }> {
  const script = scriptFaults(answerFromContext, noFaults);
  const server = await aServer({ reply: script.reply });
  const made = aFaultProject({ ...shape, baseUrl: server.baseUrl });
  cleanups.push(() => made.remove());
  return { made, script };
}

const KILLS = 10;
const CONCURRENCY = 4;

describe("a gate that is killed", () => {
  it("at ten moments comes to the verdict of an undisturbed one, and repeats no completed call", async () => {
    const calm = await aCalmProject({ cases: 80, judged: true });
    const undisturbed = await runFaultGate(calm.made);
    expect(undisturbed.exitCode).toBe(0);

    const script = scriptFaults(answerFromContext, noFaults);
    let onRequest: (() => void) | null = null;
    const server = await aServer({
      latencyMs: 3,
      reply: (request) => {
        onRequest?.();
        return script.reply(request);
      },
    });
    const made = aFaultProject({ cases: 80, judged: true, baseUrl: server.baseUrl });
    cleanups.push(() => made.remove());
    let killed = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      // Before the first call, or after up to thirty further ones.
      let left = Math.floor(shareOf(`kill ${kill}`) * 30);
      const { exitCode } = await runFaultGate(made, {
        args: ["--no-cache", "-j", String(CONCURRENCY)],
        started: (child) => {
          onRequest = () => {
            if (left === 0) child.kill("SIGKILL");
            left -= 1;
          };
        },
      });
      if (exitCode === null) killed += 1;
    }
    onRequest = null;
    expect(killed).toBeGreaterThan(5);
    const outcome = await runFaultGate(made, { args: ["--no-cache", "-j", String(CONCURRENCY)] });
    expect(measuredBy(outcome)).toEqual(measuredBy(undisturbed));
    expect(script.distinct).toBe(calm.script.distinct);
    expect(script.answered - script.distinct).toBeLessThanOrEqual(killed * CONCURRENCY);
  });
});

describe("a machine whose clock jumps", () => {
  it("by a year at every look at it changes neither the verdict nor a figure", async () => {
    const calm = await aCalmProject({ cases: 80 });
    const undisturbed = await runFaultGate(calm.made);
    const { made } = await aCalmProject({ cases: 80 });
    made.write(
      "jump.mjs",
      "const year = 31_536_000_000; const now = Date.now; let looks = 0;\nDate.now = () => now() + (looks++ % 2 === 0 ? year : -year);\n",
    );
    const outcome = await runFaultGate(made, {
      environment: { NODE_OPTIONS: `--import=${join(made.folder, "jump.mjs")}` },
    });
    expect(outcome.exitCode).toBe(0);
    expect(measuredBy(outcome)).toEqual(measuredBy(undisturbed));
  });
});

describe("two gates in one folder at once", () => {
  it("both come to the same verdict, and the folder stays whole for a third one", async () => {
    const { made, script } = await aCalmProject({ cases: 80, judged: true });
    const [one, other] = await Promise.all([runFaultGate(made), runFaultGate(made)]);
    expect([one.exitCode, other.exitCode]).toEqual([0, 0]);
    expect(measuredBy(one)).toEqual(measuredBy(other));
    expect(one.prompt?.usage.calls).toBeLessThanOrEqual(script.answered);
    expect(script.answered).toBeLessThanOrEqual(script.distinct * 2);
    const asked = script.answered;
    const third = await runFaultGate(made);
    expect(third.prompt?.stored).toBe(true);
    expect(measuredBy(third)).toEqual(measuredBy(one));
    expect(script.answered).toBe(asked);
    expect(one.stderr + other.stderr + third.stderr).not.toMatch(/damaged|cut off/);
  });
});

/** A file system of its own that is this small, or null where this process may not mount one. */
function aSmallDisk(kilobytes: number): string | null {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-disk-"));
  const { status } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", folder]);
  cleanups.push(() => {
    if (status === 0) spawnSync("umount", [folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return status === 0 ? folder : null;
}

it("a disk that fills up ends the run without a verdict; with room again the same command goes on", async (context) => {
  const disk = aSmallDisk(2048);
  if (disk === null) {
    console.log("skipped: this process may not mount a small file system");
    context.skip();
    return;
  }
  const { made, script } = await aCalmProject({ cases: 80 });
  cpSync(made.folder, disk, { recursive: true });
  const { bavail, bsize } = statfsSync(disk);
  const filler = join(disk, "filler");
  // Room for the run's header and some of the calls.
  writeFileSync(filler, Buffer.alloc(bavail * bsize - 24 * 1024));
  const first = await runFaultGate({ folder: disk }, { args: ["--no-cache"] });
  expect(first.exitCode).toBe(4);
  expect(first.error?.code).toBe("STORAGE_FAILED");
  const paid = script.answered;
  expect(paid).toBeGreaterThan(0);
  expect(script.distinct).toBeLessThan(160);
  rmSync(filler);
  const second = await runFaultGate({ folder: disk }, { args: ["--no-cache"] });
  expect(second.exitCode).toBe(0);
  expect(second.prompt?.cases.unscored).toBe(0);
  expect(second.prompt?.usage.cachedCalls).toBeGreaterThan(0);
  // What was under way when the disk was full could not be kept.
  expect(script.answered - script.distinct).toBeLessThanOrEqual(10);
});
