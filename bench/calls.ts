import { fork } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import OpenAI from "openai";
import pLimit from "p-limit";
import type { ModelRequest } from "../src/domain/model.ts";
import { openCallCache } from "../src/evals/calls/call-cache.ts";
import { createCaller } from "../src/evals/calls/caller.ts";
import { createUsageMeter } from "../src/evals/calls/usage.ts";
import { runTasks } from "../src/evals/run-tasks.ts";
import { openaiModel } from "../src/models/openai.ts";
import { startOpenAiServer } from "../test/loopback/openai-server.ts";

/** Largest tolerated wall time as a multiple of `calls x latency / concurrency`. */
const MAX_RATIO = 1.1;
/** The bare loop reaches about 1.17 on an idle machine. */
const MAX_BARE_RATIO = 1.3;
const MAX_MEMORY_MB = 150;
const CONCURRENCY = 20;
const ROUNDS = 3;

interface Figures {
  readonly wallMs: number;
  readonly cpuMsPerCall: number;
  readonly memoryMb: number;
}

function request(index: number): ModelRequest {
  const messages = [{ role: "user" as const, content: `${"context ".repeat(60)}question ${index}` }];
  return { messages, parameters: {}, responseFormat: "text", tools: [], sample: 0 };
}

const monotonic = (): number => performance.now();

async function throughCallLayer(baseUrl: string, calls: number): Promise<void> {
  const { signal } = new AbortController();
  const model = openaiModel(
    { provider: "openai", model: "loopback", baseUrl, timeoutMs: 60_000 },
    { openaiApiKey: undefined, clock: { now: () => Date.now() }, monotonic },
  );
  const folder = mkdtempSync(join(tmpdir(), "promptgate-bench-"));
  process.once("exit", () => rmSync(folder, { recursive: true }));
  const cache = openCallCache(
    folder,
    {
      info: () => undefined,
      warn: (line) => console.error(line),
    },
    { now: () => Date.now() },
  );
  const { ask } = createCaller({
    model,
    price: undefined,
    slots: pLimit(CONCURRENCY),
    cache,
    usage: createUsageMeter(),
    monotonic,
    random: Math.random,
    sleep: (milliseconds, signal) => wait(milliseconds, undefined, { signal }),
    signal,
  });
  // Fed as a gate feeds it: as many tasks at once as calls, each taken when it is needed.
  await runTasks(
    Array.from({ length: calls }).keys(),
    async (index) => {
      await ask(request(index), "generation");
    },
    { concurrency: CONCURRENCY, signal },
  );
}

async function bareLoop(baseUrl: string, calls: number): Promise<void> {
  const client = new OpenAI({ apiKey: "none", baseURL: baseUrl, maxRetries: 0 });
  const limit = pLimit(CONCURRENCY);
  await Promise.all(
    Array.from({ length: calls }, (_, index) =>
      limit(() =>
        client.chat.completions.create({
          model: "loopback",
          messages: [...request(index).messages] as never,
        }),
      ),
    ),
  );
}

const contestants = { "call layer": throughCallLayer, "openai + p-limit": bareLoop } as const;
type Contestant = keyof typeof contestants;

/** One measurement in a process of its own, so that neither heap nor warm code is shared. */
async function measureHere(name: Contestant, baseUrl: string, calls: number): Promise<Figures> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await contestants[name](baseUrl, calls);
  const { user, system } = process.cpuUsage(cpu);
  return {
    wallMs: performance.now() - start,
    cpuMsPerCall: (user + system) / 1000 / calls,
    memoryMb: process.resourceUsage().maxRSS / 1000,
  };
}

/** Starts this script in another role; resolves with the first thing it says. */
function inChild(...parameters: readonly string[]): Promise<{ said: unknown; stop: () => void }> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1] ?? "", parameters);
    child.once("message", (said) => resolve({ said, stop: () => child.kill() }));
    child.once("error", reject);
  });
}

async function measure(name: Contestant, latencyMs: number, calls: number): Promise<Figures> {
  const server = await inChild("server", String(latencyMs));
  const { said } = await inChild("measure", name, server.said as string, String(calls));
  server.stop();
  return said as Figures;
}

/** The best of several rounds in turn: other work on the machine only ever adds time. */
async function bestRatios(names: readonly Contestant[]): Promise<Map<Contestant, number>> {
  const ideal = (1000 * 50) / CONCURRENCY;
  const ratios = new Map<Contestant, number>();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const name of names) {
      const { wallMs } = await measure(name, 50, 1000);
      ratios.set(name, Math.min(ratios.get(name) ?? Infinity, wallMs / ideal));
    }
  }
  return ratios;
}

async function main(): Promise<void> {
  const names = Object.keys(contestants) as Contestant[];
  const ratios = await bestRatios(names);
  for (const [name, ratio] of ratios) {
    console.log(`1,000 calls at 50 ms, ${CONCURRENCY} at once, ${name}: ${ratio.toFixed(3)} x ideal`);
  }
  const memory = new Map<Contestant, number>();
  const cpu = new Map<Contestant, number>();
  for (const name of names) {
    const { cpuMsPerCall, memoryMb } = await measure(name, 0, 10_000);
    memory.set(name, memoryMb);
    cpu.set(name, cpuMsPerCall);
    console.log(
      `10,000 calls without latency, ${name}: ${cpuMsPerCall.toFixed(2)} ms CPU a call, ${memoryMb.toFixed(0)} MB`,
    );
  }
  const missed =
    (ratios.get("call layer") ?? Infinity) > MAX_RATIO ||
    (cpu.get("call layer") ?? Infinity) > (cpu.get("openai + p-limit") ?? 0) ||
    (memory.get("call layer") ?? Infinity) > MAX_MEMORY_MB;
  console.log(
    `bounds: ${MAX_RATIO} x ideal, the processor time of the bare loop, ${MAX_MEMORY_MB} MB: ${missed ? "MISSED" : "met"}`,
  );
  if ((ratios.get("openai + p-limit") ?? 0) > MAX_BARE_RATIO) {
    console.log(
      "the bare loop is far off its usual figure: the machine is busy, measure again when it is idle",
    );
  }
  process.exitCode = missed ? 1 : 0;
}

const [role, first, second, third] = process.argv.slice(2);
if (role === "server") {
  const server = await startOpenAiServer({ latencyMs: Number(first), keepRequests: false });
  process.send?.(server.baseUrl);
} else if (role === "measure") {
  const figures = await measureHere(first as Contestant, second ?? "", Number(third));
  process.send?.(figures, () => process.exit(0));
} else {
  await main();
}
