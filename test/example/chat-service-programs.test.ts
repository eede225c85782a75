import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readRequestLine } from "../../src/metrics/request-line.ts";
import { fileServer, type FileServer } from "../client/file-server.ts";
import { chatProject, endAll, example, type ChatProject } from "./chat-service-project.ts";

let folder: string;
let project: ChatProject;
let web: FileServer;
const running: ChildProcess[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "promptgate-chat-"));
  project = await chatProject();
  web = await fileServer(join(project.folder, ".promptgate"));
}, 300_000);
afterAll(async () => {
  for (const child of running) child.kill("SIGKILL");
  await web.close();
  await endAll();
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  /** The first line that it prints. */
  readonly line: string;
}

async function run(
  file: string,
  words: readonly string[],
  environment: Record<string, string>,
): Promise<Running> {
  const child = spawn(process.execPath, [join(example, file), ...words], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  running.push(child);
  for await (const line of createInterface({ input: child.stdout })) return { child, line };
  throw new Error(`${file} printed nothing`);
}

async function end(child: ChildProcess): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  return ended;
}

it.each([
  ["in a folder", () => project.registry],
  ["behind a web server", () => web.url],
])(
  "the server answers its customers from a registry %s, and keeps a line of each",
  async (name, registry) => {
    const log = join(folder, `${name}.jsonl`);
    const server = await run("server.mjs", [], { PORT: "0", REGISTRY: registry(), METRICS: log });
    const [url = ""] = /http:\S+(?=\/chat)/.exec(server.line) ?? [];
    const customers = await run("customers.mjs", [url], {});
    expect(customers.line).toMatch(
      /^\d\d:\d\d:\d\d {2}200 asked, 0 failed, 0 on another version {2}1\.0\.0: 100\.0 %, quality 0\.8\d$/,
    );
    customers.child.kill("SIGKILL");
    expect(await end(server.child)).toBe(0);
    const lines = readFileSync(log, "utf8").trimEnd().split("\n").map(readRequestLine);
    expect(lines).toHaveLength(200);
    for (const line of lines) expect(line).toMatchObject({ prompt: "help-chat", version: "1.0.0" });
  },
);
