import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { Finding } from "../../../src/domain/finding.ts";
import { runDoctor } from "../../../src/entry/commands/doctor.ts";
import { runPublish } from "../../../src/entry/commands/publish.ts";
import { aProject, type ProjectShape, type TestProject } from "../../e2e/project.ts";
import {
  PUBLIC_KEY,
  SECRET_KEY,
  startLangfuse,
  type LangfuseServer,
} from "../../loopback/langfuse-server.ts";
import { checkout, type Checkout } from "../gate-checkout.ts";

const common = { json: true, verbose: false };
const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

function start(shape: ProjectShape = {}, environment: Record<string, string> = {}): Checkout {
  const project: TestProject = aProject(shape);
  cleanups.push(project.remove);
  const made = checkout(project.folder);
  Object.assign(made.context, { environment });
  return made;
}

async function examined({
  context,
}: Checkout): Promise<{ exitCode: number; findings: Finding[]; text: string }> {
  let text = "";
  const exitCode = await runDoctor({ ...context, print: (printed) => void (text = printed) }, common);
  const document = JSON.parse(text) as { findings: Finding[]; exitCode: number };
  expect(document.exitCode).toBe(exitCode);
  return { exitCode, findings: document.findings, text };
}

const about = (findings: readonly Finding[], subject: string): Finding[] =>
  findings.filter((finding) => finding.subject === subject);

/** A model server that has `/models` and nothing else. */
async function models(status: number, ids: readonly string[] = []): Promise<string> {
  const server: Server = createServer((request, response) => {
    response.writeHead(request.url === "/v1/models" ? status : 404);
    response.end(JSON.stringify({ data: ids.map((id) => ({ id })) }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

async function langfuse(now?: () => number): Promise<LangfuseServer> {
  const server = await startLangfuse("v4", now);
  cleanups.push(() => server.close());
  return server;
}

function onLangfuse(baseUrl: string): ProjectShape {
  const access = { baseUrl, publicKey: "${LANGFUSE_PUBLIC_KEY}", secretKey: "${LANGFUSE_SECRET_KEY}" };
  return { config: { registry: { kind: "langfuse", ...access } } };
}

const KEYS = { LANGFUSE_PUBLIC_KEY: PUBLIC_KEY, LANGFUSE_SECRET_KEY: SECRET_KEY };

describe("doctor", () => {
  it("finds a fresh project in order, and says what is not there yet", async () => {
    const made = start();
    const { exitCode, findings } = await examined(made);
    expect(exitCode).toBe(0);
    expect(findings.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      "ok config",
      "ok registry file",
      "warning registry file",
      "ok registry file",
      "ok store file",
      "ok store file",
      "ok model main",
      "ok model judge",
      "warning metrics jsonl",
      "skipped github",
    ]);
    expect(findings[2]).toMatchObject({ remedy: "promptgate publish greeter --label production" });
  });

  it("says what production reported, or that it reported nothing", async () => {
    const made = start();
    await runPublish(made.context, { ...common, prompt: "greeter", label: "production", author: "test" });
    const metrics = async (): Promise<Finding[]> => about((await examined(made)).findings, "metrics jsonl");
    expect(await metrics()).toMatchObject([
      { kind: "warning", message: "there is no log of served requests at .promptgate/metrics.jsonl yet" },
    ]);
    const path = join(made.folder, ".promptgate/metrics.jsonl");
    writeFileSync(path, "");
    expect(await metrics()).toMatchObject([
      { kind: "warning", message: "greeter 1.0.0: no data of the last 24 h" },
    ]);
    const at = new Date(made.time.now - 7_200_000).toISOString();
    writeFileSync(path, `${JSON.stringify({ at, prompt: "greeter", version: "1.0.0", error: false })}\n`);
    expect((await metrics())[0]).toMatchObject({
      kind: "ok",
      message: "greeter 1.0.0: 1 served in the last 24 h",
    });
  });

  it("goes on where the config is wrong, and ends with 2", async () => {
    const made = start({ prompt: { dataset: "nowhere.jsonl" } });
    const { exitCode, findings } = await examined(made);
    expect(exitCode).toBe(2);
    expect(about(findings, "config")).toMatchObject([
      { kind: "problem", message: expect.stringContaining("nowhere.jsonl") as string },
    ]);
    expect(about(findings, "registry file")[0]?.kind).toBe("ok");
    expect(findings.find(({ kind }) => kind === "skipped")?.subject).toBe("models, metrics and platforms");
  });

  it.each([
    [200, ["generator", "grader"], "ok", /the key is accepted, generator is there/],
    [200, ["other"], "warning", /generator is not among the models it lists/],
    [401, [], "problem", /the key was refused \(401\)/],
    [404, [], "skipped", /has no list of models/],
    [500, [], "problem", /answered 500/],
  ] as const)("asks a model's server which models it has: %i %j", async (status, ids, kind, message) => {
    const made = start({ baseUrl: await models(status, ids) });
    const { exitCode, findings } = await examined(made);
    const [first] = about(findings, "model main");
    expect(first).toMatchObject({ kind, message: expect.stringMatching(message) as string });
    expect(exitCode).toBe(kind === "problem" ? 4 : 0);
  });

  it("says that nobody listens", async () => {
    const { exitCode, findings } = await examined(start({ baseUrl: "http://127.0.0.1:9/v1" }));
    expect(exitCode).toBe(4);
    expect(about(findings, "model main")[0]).toMatchObject({
      kind: "problem",
      message: expect.stringContaining("127.0.0.1:9") as string,
    });
  });

  it("looks at an account on Langfuse: address, version, clock, keys and names", async () => {
    const now = Date.UTC(2026, 10, 20);
    const server = await langfuse(() => now);
    const { findings } = await examined(start(onLangfuse(server.baseUrl), KEYS));
    expect(about(findings, "langfuse").map(({ message }) => message)).toEqual([
      `${server.baseUrl} is reachable and runs Langfuse 4.16.0`,
      "clock: within a minute of the server's",
      "the keys are of project support of Acme; they may read and write all of it",
      "prompts can be read",
      "names of prompts and labels are as Langfuse wants them",
    ]);
    expect(server.calls.every((call) => call.startsWith("GET "))).toBe(true);
  });

  it("says how wrong the clock is", async () => {
    const server = await langfuse(() => Date.UTC(2026, 10, 20) - 300_000);
    const { findings } = await examined(start(onLangfuse(server.baseUrl), KEYS));
    expect(about(findings, "langfuse")[1]).toMatchObject({
      kind: "warning",
      message: "clock: this machine is 300 s ahead of the server",
    });
  });

  it("names the regions when keys are refused, and never a key", async () => {
    const server = await langfuse();
    const wrong = { LANGFUSE_PUBLIC_KEY: "pk-lf-other", LANGFUSE_SECRET_KEY: "sk-lf-never-print" };
    const { exitCode, findings, text } = await examined(start(onLangfuse(server.baseUrl), wrong));
    expect(exitCode).toBe(4);
    const problems = about(findings, "langfuse").filter(({ kind }) => kind === "problem");
    expect(problems).toMatchObject([
      {
        message: expect.stringContaining("401") as string,
        remedy: expect.stringContaining("region") as string,
      },
    ]);
    expect(text).not.toContain("never-print");
  });

  it("sees keys that are the wrong way round", async () => {
    const server = await langfuse();
    const swapped = { LANGFUSE_PUBLIC_KEY: SECRET_KEY, LANGFUSE_SECRET_KEY: PUBLIC_KEY };
    const { findings, text } = await examined(start(onLangfuse(server.baseUrl), swapped));
    expect(about(findings, "langfuse")[0]?.message).toBe("publicKey and secretKey are the wrong way round");
    expect(text).not.toContain(SECRET_KEY);
  });

  it("looks at what GitHub's token may do, and never prints it", async () => {
    const server = createServer((request, response) => {
      const isRefused = request.url?.includes("/deployments") === true;
      response.writeHead(isRefused ? 403 : 200, { "content-type": "application/json" });
      const body = request.url === "/repos/acme/desk" ? { permissions: { push: true } } : [];
      response.end(JSON.stringify(isRefused ? { message: "Resource not accessible" } : body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanups.push(() => {
      server.closeAllConnections();
      server.close();
    });
    const made = start(
      {},
      {
        GITHUB_TOKEN: "ghs_never-print-this",
        GITHUB_REPOSITORY: "acme/desk",
        GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      },
    );
    const { findings, text, exitCode } = await examined(made);
    expect(about(findings, "github")).toMatchObject([
      { kind: "ok", message: "the token sees acme/desk and may push" },
      { kind: "ok", message: "the token reads pulls" },
      { kind: "ok", message: "the token reads issues" },
      { kind: "warning", remedy: "give the job permissions: deployments: write" },
    ]);
    expect(exitCode).toBe(0);
    expect(text).not.toContain("never-print");
  });

  it("prints a line each for people, with the remedy behind it", async () => {
    const made = start();
    let text = "";
    const context = { ...made.context, print: (printed: string) => void (text = printed) };
    await runDoctor(context, { json: false, verbose: false });
    expect(text.split("\n")).toHaveLength(10);
    expect(text).toMatch(
      /^warning {2}registry file {2}greeter: nothing is in production.*; promptgate publish greeter --label production$/m,
    );
  });
});
