// The gate as a process: wall time against the ideal with a loopback model, and memory over many stored outputs.
import { spawn } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startOpenAiServer } from "../test/loopback/openai-server.ts";

const bin = join(process.cwd(), "lib", "entry", "bin.js");
const CASES = 1_000;
const LATENCY_MS = 50;
const CONCURRENCY = 20;
const WALL_BOUND = 1.25;
const ROUNDS = 3;
const STORED = 100_000;
const MEMORY_BOUND_MB = 200;
/** Processor time of ten times the cases. */
const LINEAR_BOUND = 11;

interface Measured {
  readonly exitCode: number | null;
  readonly wallMs: number;
  /** Processor time, which other work on the machine lengthens less than wall time. */
  readonly cpuMs: number;
  readonly peakMb: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Peak resident memory as the system counted it, read while the process is alive. */
function peakMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** Processor time so far, in hundredths of a second as the system counts. */
function cpuMs(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * 10;
  } catch {
    return 0;
  }
}

function run(args: readonly string[], cwd: string): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(process.execPath, [bin, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    let peak = 0;
    let cpu = 0;
    const watch = setInterval(() => {
      peak = Math.max(peak, peakMb(child.pid ?? 0));
      cpu = Math.max(cpu, cpuMs(child.pid ?? 0));
    }, 20);
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", reject);
    child.on("close", (exitCode) => {
      clearInterval(watch);
      resolve({ exitCode, wallMs: performance.now() - start, cpuMs: cpu, peakMb: peak, stdout, stderr });
    });
  });
}

function project(
  models: string,
  gates: string,
): { folder: string; write: (file: string, text: string) => void } {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-bench-"));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
  };
  write(
    "promptgate.yaml",
    `version: 1
registry: { kind: file }
models: { main: ${models} }
prompts:
  bench:
    file: prompts/b.prompt.yml
    dataset: golden-datasets/bench.jsonl
    assert: [{ type: contains, value: "ok", metric: answered }]
    gates: { answered: ${gates} }
`,
  );
  for (const [file, version, word] of [
    ["a", "1.0.0", "Answer"],
    ["b", "1.0.1", "Reply"],
  ] as const) {
    write(
      `prompts/${file}.prompt.yml`,
      `name: bench\nversion: ${version}\nchangeReason: wording\nmodel: main\nmessages:\n  - role: user\n    content: "${word} the question. {{query}}"\n`,
    );
  }
  return { folder, write };
}

function writeLines(path: string, count: number, line: (index: number) => object): void {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, "w");
  for (let index = 0; index < count; index += 1) writeSync(file, `${JSON.stringify(line(index))}\n`);
  closeSync(file);
}

function aCase(index: number): object {
  return { id: `case-${index}`, vars: { query: `Is question number ${index} answered by the help pages?` } };
}

function explain(label: string, measured: Measured): void {
  console.log(`${label}: exit code ${measured.exitCode}\n${measured.stderr.slice(-2_000)}`);
}

/** A run's time as a multiple of the ideal; infinite when it is not a whole run. */
async function wallRatio(): Promise<number> {
  const server = await startOpenAiServer({ latencyMs: LATENCY_MS, keepRequests: false });
  // A margin so small that every case is needed.
  const { folder } = project(
    `{ provider: openai, model: m, baseUrl: "${server.baseUrl}" }`,
    "{ margin: 0.004 }",
  );
  try {
    writeLines(join(folder, "golden-datasets", "bench.jsonl"), CASES, aCase);
    const args = ["gate", "bench", "--json", "--baseline", "prompts/a.prompt.yml", "-j", String(CONCURRENCY)];
    const measured = await run(args, folder);
    const calls = server.count;
    const idealMs = (calls * LATENCY_MS) / CONCURRENCY;
    const ratio = measured.wallMs / idealMs;
    console.log(
      `${CASES} cases, ${calls} calls of ${LATENCY_MS} ms, -j ${CONCURRENCY}: ${(measured.wallMs / 1000).toFixed(2)} s, ideal ${(idealMs / 1000).toFixed(2)} s, ratio ${ratio.toFixed(3)} (bound ${WALL_BOUND}), peak ${measured.peakMb.toFixed(0)} MB`,
    );
    const complete = calls === CASES * 2 && measured.exitCode !== 4 && measured.exitCode !== 2;
    if (!complete) explain("the gate over a loopback model", measured);
    return complete ? ratio : Infinity;
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function wallTime(): Promise<boolean> {
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) ratios.push(await wallRatio());
  // Other work on the machine only ever adds time.
  console.log(`best of ${ROUNDS}: ${Math.min(...ratios).toFixed(3)} x ideal`);
  return Math.min(...ratios) <= WALL_BOUND && ratios.every(Number.isFinite);
}

async function storedOutputs(count: number): Promise<Measured> {
  const { folder } = project("{ provider: embedded, model: embedded-1 }", "{ margin: 0.004 }");
  try {
    writeLines(join(folder, "golden-datasets", "bench.jsonl"), count, aCase);
    for (const side of ["a", "b"]) {
      writeLines(join(folder, `${side}.jsonl`), count, (index) => ({
        id: `case-${index}`,
        output: index % 50 === 0 ? "no answer" : `ok, question ${index} is answered`,
      }));
    }
    const outputs = ["--outputs", "b.jsonl", "--outputs", "baseline=a.jsonl"];
    return await run(["gate", "bench", "--json", "--baseline", "prompts/a.prompt.yml", ...outputs], folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function memory(): Promise<boolean> {
  const small = await storedOutputs(STORED / 10);
  const large = await storedOutputs(STORED);
  if (large.exitCode !== 0) explain("the gate over stored outputs", large);
  console.log(
    `${STORED} cases from stored outputs on both sides: ${(large.wallMs / 1000).toFixed(1)} s, peak ${large.peakMb.toFixed(0)} MB (bound ${MEMORY_BOUND_MB}); ${STORED / 10} cases: ${(small.wallMs / 1000).toFixed(1)} s; ${(large.cpuMs / small.cpuMs).toFixed(1)} times the processor time (bound ${LINEAR_BOUND})`,
  );
  const isLinear = large.cpuMs > 0 && large.cpuMs / small.cpuMs <= LINEAR_BOUND;
  return large.exitCode === 0 && isLinear && large.peakMb > 0 && large.peakMb <= MEMORY_BOUND_MB;
}

const kept = [await wallTime(), await memory()];
process.exitCode = kept.every(Boolean) ? 0 : 1;
