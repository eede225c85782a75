import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { renderVerdict } from "../loopback/judge-replies.ts";
import {
  startOpenAiServer,
  type OpenAiServer,
  type Reply,
  type SeenRequest,
} from "../loopback/openai-server.ts";
import { runCli, type CliResult } from "./cli.ts";
import { aProject, aPrompt, type ProjectShape, type TestProject } from "./project.ts";

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function aServer(reply: (request: SeenRequest, index: number) => Reply): Promise<OpenAiServer> {
  const server = await startOpenAiServer({ reply });
  cleanups.push(() => server.close());
  return server;
}

function project(shape: ProjectShape): TestProject {
  const made = aProject(shape);
  cleanups.push(() => made.remove());
  return made;
}

/** Publishes 1.0.0 as production and puts 1.1.0 with the instruction under test. */
async function withCandidate(made: TestProject, instruction: string): Promise<void> {
  const published = await runCli(["publish", "greeter", "--label", "production", "--author", "test"], {
    cwd: made.folder,
  });
  expect(published).toMatchObject({ exitCode: 0 });
  made.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", instruction));
}

/** Answers with the price of the context, as a model that does its job. */
function answer(request: SeenRequest): Reply {
  if (request.body.model === "grader") return { kind: "answer", text: renderVerdict(request, "supported") };
  const text = request.body.messages.map(({ content }) => content).join("\n");
  return { kind: "answer", text: /costs \d+ euros/.exec(text)?.[0] ?? "I do not know" };
}

function gate(made: TestProject, ...args: string[]): Promise<CliResult> {
  return runCli(["gate", "--json", ...args], { cwd: made.folder });
}

interface Document {
  readonly verdict: string;
  readonly exitCode: number;
  readonly error?: { readonly code: string };
  readonly prompts: readonly {
    readonly reasons: readonly string[];
    readonly stored: boolean;
    readonly runDir: string | null;
    readonly usage: { readonly calls: number; readonly cachedCalls: number };
    readonly cases: { readonly used: number; readonly unscored: number };
    readonly metrics: readonly { readonly name: string; readonly candidate: number | null }[];
  }[];
}

function documentOf({ stdout }: CliResult): Document {
  return JSON.parse(stdout) as Document;
}

const better = "Answer only from the context. Name the price.";

describe("a gate against a server that speaks the protocol", () => {
  it("passes an equal candidate, and prints one JSON document and nothing else on standard output", async () => {
    const server = await aServer(answer);
    const made = project({ baseUrl: server.baseUrl, judged: true });
    await withCandidate(made, better);
    const result = await gate(made);
    expect(result).toMatchObject({ exitCode: 0 });
    const document = documentOf(result);
    expect(document).toMatchObject({ schema: "promptgate/gate-result@1", verdict: "pass", exitCode: 0 });
    expect(document.prompts[0]?.usage.calls).toBe(server.count);
  });

  it("fails a candidate that answers wrongly, and says on which metric", async () => {
    const server = await aServer((request) => {
      const broken = request.body.messages.some(({ content }) => content.includes("Guess"));
      return broken ? { kind: "answer", text: "It is free" } : answer(request);
    });
    const made = project({ baseUrl: server.baseUrl });
    await withCandidate(made, "Answer only from the context. Guess the price.");
    const result = await gate(made);
    expect(result.exitCode).toBe(1);
    expect(documentOf(result).prompts[0]?.reasons[0]).toMatch(/^price: /);
  });

  it("repeats the stored verdict without a call, and without the cache too", async () => {
    const server = await aServer(answer);
    const made = project({ baseUrl: server.baseUrl });
    await withCandidate(made, better);
    await gate(made);
    const calls = server.count;
    const again = documentOf(await gate(made, "--no-cache", "--seed", "7"));
    expect(again.prompts[0]?.stored).toBe(true);
    expect(server.count).toBe(calls);
  });

  it("refuses a stored verdict that was copied from another run", async () => {
    const server = await aServer(answer);
    const made = project({ baseUrl: server.baseUrl });
    await withCandidate(made, better);
    const first = join(made.folder, documentOf(await gate(made)).prompts[0]?.runDir ?? "", "result.json");
    const passed = readFileSync(first, "utf8");
    made.write("prompts/greeter.prompt.yml", aPrompt("1.2.0", `${better} Be brief.`));
    const second = documentOf(await gate(made)).prompts[0]?.runDir ?? "";
    made.write(join(second, "result.json"), passed);
    const result = await gate(made);
    expect(result.exitCode).toBe(4);
    expect(documentOf(result).error?.code).toBe("STORAGE_FAILED");
  });

  it("goes on where a killed run stopped, without repeating a completed call", async () => {
    let killed: (() => void) | null = null;
    const server = await aServer((request, index) => {
      if (index === 40) killed?.();
      return answer(request);
    });
    const made = project({ baseUrl: server.baseUrl });
    await withCandidate(made, better);
    const first = await runCli(["gate", "--json", "--no-cache", "-j", "1"], {
      cwd: made.folder,
      started: (child) => {
        killed = () => child.kill("SIGKILL");
      },
    });
    expect(first.exitCode).toBeNull();
    killed = null;
    const atKill = server.count;
    const second = documentOf(await gate(made, "--no-cache", "-j", "1"));
    expect(second.verdict).toBe("pass");
    const usage = second.prompts[0]?.usage;
    expect(usage?.cachedCalls).toBeGreaterThanOrEqual(40);
    // One call was under way when the process died; every other one was kept.
    expect(server.count - atKill).toBe(usage?.calls);
    expect(
      new Set(server.requests.map(({ body }) => JSON.stringify(body.messages))).size,
    ).toBeGreaterThanOrEqual(server.count - 1);
  });

  it("stops on Ctrl-C with exit code 130 and goes on afterwards", async () => {
    let interrupt: (() => void) | null = null;
    const server = await aServer((request, index) => {
      if (index === 30) interrupt?.();
      return answer(request);
    });
    const made = project({ baseUrl: server.baseUrl });
    await withCandidate(made, better);
    const first = await runCli(["gate", "-j", "2"], {
      cwd: made.folder,
      started: (child) => {
        interrupt = () => child.kill("SIGINT");
      },
    });
    expect(first.exitCode).toBe(130);
    expect(first.stderr).toMatch(/error INTERRUPTED: /);
    expect((await gate(made)).exitCode).toBe(0);
  });

  it("writes reports in every format and the run's files", async () => {
    const server = await aServer(answer);
    const made = project({ baseUrl: server.baseUrl });
    await withCandidate(made, better);
    const files = ["out/report.md", "out/report.html", "out/report.junit.xml", "out/report.json"];
    const result = await gate(made, ...files.flatMap((file) => ["-o", file]));
    for (const file of files)
      expect(readFileSync(join(made.folder, file), "utf8").length).toBeGreaterThan(200);
    const folder = join(made.folder, documentOf(result).prompts[0]?.runDir ?? "");
    expect(readdirSync(folder).sort()).toEqual([
      "baseline",
      "candidate",
      "evidence.json",
      "journal.jsonl",
      "noise.json",
      "result.json",
      "run.json",
    ]);
    expect(existsSync(join(folder, "candidate", "scores.jsonl"))).toBe(true);
  });
});

describe("a server that misbehaves", () => {
  it.each<[string, Reply, number, string]>([
    [
      "refuses the key",
      { kind: "status", status: 401, body: '{"error":{"message":"bad key"}}' },
      4,
      "AUTHENTICATION",
    ],
    [
      "does not know the model",
      { kind: "status", status: 404, body: '{"error":{"message":"no such model"}}' },
      4,
      "PROVIDER_FAILED",
    ],
    [
      "says the quota is used up",
      { kind: "status", status: 429, body: '{"error":{"message":"quota","code":"insufficient_quota"}}' },
      4,
      "QUOTA_EXHAUSTED",
    ],
  ])("that %s ends the run with one clear line", async (_, reply, exitCode, code) => {
    const server = await aServer(() => reply);
    const made = project({ baseUrl: server.baseUrl });
    await withCandidate(made, better);
    const result = await gate(made);
    expect(result.exitCode).toBe(exitCode);
    expect(documentOf(result).error?.code).toBe(code);
    expect(result.stderr).toMatch(new RegExp(`^error ${code}: .+\nhint: .+$`, "m"));
    expect(server.count).toBeLessThan(20);
  });

  it.each<[string, (request: SeenRequest) => string]>([
    ["answers prose", () => "I think this is fine."],
    [
      "answers with two objects",
      (request) => `${renderVerdict(request, "supported")}\n${renderVerdict(request, "supported")}`,
    ],
    [
      "repeats a wrong nonce",
      (request) => renderVerdict(request, "supported").replace(/"nonce":"[0-9a-f]+"/, '"nonce":"00"'),
    ],
    ["answers a label that does not exist", (request) => renderVerdict(request, "excellent")],
  ])("a judge that %s leaves cases unscored: no verdict, never a pass", async (_, reply) => {
    const server = await aServer((request) =>
      request.body.model === "grader" ? { kind: "answer", text: reply(request) } : answer(request),
    );
    const made = project({ baseUrl: server.baseUrl, judged: true, cases: 60 });
    await withCandidate(made, better);
    const result = await gate(made);
    expect(result.exitCode).toBe(3);
    const [prompt] = documentOf(result).prompts;
    expect(prompt?.cases.unscored).toBeGreaterThan(0);
    expect(prompt?.metrics.find(({ name }) => name === "faithfulness")?.candidate).toBeNull();
  });

  it("whose outputs are huge or full of control characters is survived, and its text is made visible", async () => {
    const server = await aServer((request) => {
      const reply = answer(request);
      const text = "text" in reply ? (reply.text ?? "") : "";
      const hostile = request.body.messages.some(({ content }) => content.includes("loud"));
      return { kind: "answer", text: hostile ? `\u001b[2J\u0007${"x".repeat(200_000)}` : text };
    });
    const made = project({ baseUrl: server.baseUrl, cases: 60 });
    await withCandidate(made, "Answer only from the context. Be loud.");
    const result = await runCli(["gate"], { cwd: made.folder });
    expect(result.exitCode).toBe(1);
    expect(result.stdout.includes("\u001b")).toBe(false);
    expect(result.stdout).toContain("\\u{1b}");
  });
});
