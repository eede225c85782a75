// A judged gate as a process: the time from its first request to its last answer, and from its start to its exit, beside
// those of a bare loop that makes as many calls in a process of its own; and what the same command costs when nothing, or one
// case, is new.
import { fork } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI from "openai";
import pLimit from "p-limit";
import { aFaultProject, answerFromContext, runFaultGate, type GateOutcome } from "../test/e2e/fault-run.ts";
import type { TestProject } from "../test/e2e/project.ts";
import { startOpenAiServer, type OpenAiServer } from "../test/loopback/openai-server.ts";

const CASES = 1_000;
const LATENCY_MS = 50;
const CONCURRENCY = 20;
const ROUNDS = 3;
/** As a multiple of `calls x latency / concurrency`. */
const CALLS_BOUND = 1.1;
const RERUN_BOUND_MS = 1_000;

/** When requests came, to see how long the calls took without start and end of the process. */
function requestClock(): { note: () => void; take: () => number } {
  let first = Number.NaN;
  let last = Number.NaN;
  return {
    note: () => {
      last = performance.now();
      if (Number.isNaN(first)) first = last;
    },
    take: () => {
      const span = last + LATENCY_MS - first;
      first = Number.NaN;
      return span;
    },
  };
}

async function timed<Value>(work: () => Promise<Value>): Promise<{ value: Value; wallMs: number }> {
  const start = performance.now();
  const value = await work();
  return { value, wallMs: performance.now() - start };
}

/** As many calls of about the same size, by the provider's client and nothing else. */
async function bareLoop(baseURL: string, calls: number): Promise<void> {
  const client = new OpenAI({ apiKey: "none", baseURL, maxRetries: 0 });
  const limit = pLimit(CONCURRENCY);
  const content = `Answer only from the context.${" context".repeat(60)}`;
  await Promise.all(
    Array.from({ length: calls }, (_, index) =>
      limit(() =>
        client.chat.completions.create({
          model: "generator",
          messages: [{ role: "user", content: `${content} ${index}` }],
        }),
      ),
    ),
  );
}

function bareProcess(baseUrl: string, calls: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(process.argv[1] ?? "", ["bare", baseUrl, String(calls)]);
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0 ? resolve() : reject(new Error(`the bare loop ended with ${code}`)),
    );
  });
}

/** A margin so small that every case is needed. */
function aJudgedProject({ baseUrl }: OpenAiServer): TestProject {
  const gates = { price: { margin: 0.004 }, faithfulness: { margin: 0.004 } };
  return aFaultProject({ baseUrl, cases: CASES, judged: true, timeout: "30s", prompt: { gates } });
}

function runGate(made: TestProject): Promise<GateOutcome> {
  return runFaultGate(made, { args: ["-j", String(CONCURRENCY)] });
}

interface Round {
  /** From the first request to the last answer. */
  readonly calls: number;
  readonly rerunMs: number;
  readonly isWhole: boolean;
}

/** Says what happens when the command is run again, and when one case is new. */
async function again(
  server: OpenAiServer,
  made: TestProject,
): Promise<{ rerunMs: number; isWhole: boolean }> {
  const before = server.count;
  const rerun = await timed(() => runGate(made));
  const rerunCalls = server.count - before;
  const dataset = join(made.folder, "golden-datasets", "greeter.jsonl");
  const cases = readFileSync(dataset, "utf8").replace(
    "Article 7 costs 10 euros.",
    "Article 7 now costs 10 euros.",
  );
  writeFileSync(dataset, cases);
  const changed = await runGate(made);
  const changedCalls = server.count - before - rerunCalls;
  console.log(
    `again, unchanged: ${rerunCalls} calls, ${(rerun.wallMs / 1000).toFixed(2)} s (bound ${RERUN_BOUND_MS / 1000} s); one case changed: ${changedCalls} calls`,
  );
  const isWhole =
    rerunCalls === 0 && rerun.value.prompt?.stored === true && changed.prompt?.cases.used === CASES;
  return { rerunMs: rerun.wallMs, isWhole: isWhole && changedCalls === 4 };
}

async function round(): Promise<Round> {
  const requests = requestClock();
  const server = await startOpenAiServer({
    latencyMs: LATENCY_MS,
    reply: (request) => {
      requests.note();
      return answerFromContext(request);
    },
    keepRequests: false,
  });
  const made = aJudgedProject(server);
  try {
    const gate = await timed(() => runGate(made));
    const gateCallsMs = requests.take();
    const calls = server.count;
    const idealMs = (calls * LATENCY_MS) / CONCURRENCY;
    const isWhole = calls === CASES * 4 && gate.value.prompt?.cases.used === CASES;
    if (!isWhole) {
      console.log(`${calls} calls, exit code ${gate.value.exitCode}\n${gate.value.stderr.slice(-2_000)}`);
    }
    const rest = await again(server, made);
    requests.take();
    const bare = await timed(() => bareProcess(server.baseUrl, calls));
    const ratio = (wallMs: number): string => (wallMs / idealMs).toFixed(3);
    console.log(
      `${CASES} cases, ${calls} calls of ${LATENCY_MS} ms, -j ${CONCURRENCY}: calls ${ratio(gateCallsMs)} x ideal (bound ${CALLS_BOUND}), whole command ${ratio(gate.wallMs)}; a bare loop: calls ${ratio(requests.take())}, whole process ${ratio(bare.wallMs)}`,
    );
    return { calls: gateCallsMs / idealMs, rerunMs: rest.rerunMs, isWhole: isWhole && rest.isWhole };
  } finally {
    made.remove();
    await server.close();
  }
}

async function main(): Promise<void> {
  const rounds: Round[] = [];
  for (let index = 0; index < ROUNDS; index += 1) rounds.push(await round());
  // Other work on the machine only ever adds time.
  const best = Math.min(...rounds.map(({ calls }) => calls));
  const rerunMs = Math.min(...rounds.map((each) => each.rerunMs));
  const met = best <= CALLS_BOUND && rerunMs <= RERUN_BOUND_MS && rounds.every(({ isWhole }) => isWhole);
  console.log(
    `best of ${ROUNDS}: calls ${best.toFixed(3)} x ideal, again in ${rerunMs.toFixed(0)} ms: ${met ? "met" : "MISSED"}`,
  );
  process.exitCode = met ? 0 : 1;
}

const [role, baseUrl = "", calls] = process.argv.slice(2);
if (role === "bare") await bareLoop(baseUrl, Number(calls));
else await main();
