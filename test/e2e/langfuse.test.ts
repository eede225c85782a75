import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { createPromptClient, type PromptClient } from "../../src/client/index.ts";
import { registrySource } from "../../src/client/registry-source.ts";
import { runPublish } from "../../src/entry/commands/publish.ts";
import { runRollback } from "../../src/entry/commands/rollback.ts";
import { runRolloutAdvance } from "../../src/entry/commands/rollout-advance.ts";
import { runRolloutStart } from "../../src/entry/commands/rollout-start.ts";
import type { CommandContext } from "../../src/entry/context.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { checkout } from "../entry/gate-checkout.ts";
import { SHORT } from "../entry/rollout/rollout-project.ts";
import { PUBLIC_KEY, SECRET_KEY, startLangfuse, type LangfuseServer } from "../loopback/langfuse-server.ts";
import { aProject, aPrompt, type TestProject } from "./project.ts";

const HOUR_MS = 3_600_000;
const CASES = 70;
const USERS = 3000;
const NUMBERS: Readonly<Record<string, number>> = { "1.0.0": 1, "1.1.0": 2 };
const common = { json: true, verbose: false };

let server: LangfuseServer;
let project: TestProject;
let context: CommandContext;
let client: PromptClient;
let now = Date.UTC(2026, 10, 16, 8);
let printed = "";
const problems: string[] = [];

beforeAll(async () => {
  server = await startLangfuse();
  const access = {
    baseUrl: server.baseUrl,
    publicKey: "${LANGFUSE_PUBLIC_KEY}",
    secretKey: "${LANGFUSE_SECRET_KEY}",
  };
  const [, errorRate] = SHORT.metrics;
  project = aProject({
    cases: CASES,
    config: {
      registry: { kind: "langfuse", ...access },
      metrics: { source: "langfuse", ...access },
      rollout: { ...SHORT, metrics: [errorRate] },
      policies: { minor: { canary: { minSoak: "6h" } }, major: { canary: { minSoak: "6h" } } },
    },
  });
  context = {
    ...checkout(project.folder).context,
    environment: {
      PATH: process.env["PATH"],
      HOME: project.folder,
      USER: "ana",
      LANGFUSE_PUBLIC_KEY: PUBLIC_KEY,
      LANGFUSE_SECRET_KEY: SECRET_KEY,
    },
    clock: { now: () => now },
    print: (text) => void (printed = text),
  };
  const keys = { publicKey: PUBLIC_KEY, secretKey: SECRET_KEY, baseUrl: server.baseUrl };
  const registry = openRegistry({ kind: "langfuse", ...keys }, project.folder, context.clock);
  client = createPromptClient({
    source: registrySource(registry),
    environment: {},
    telemetry: null,
    clock: context.clock,
    onProblem: ({ error }) => void problems.push(error.message),
  });
});
afterAll(async () => {
  await server.close();
  project.remove();
});

/** How many of the users are served each version, once the client has looked again. */
async function shares(): Promise<Record<string, number>> {
  const versions: Record<string, number> = {};
  for (let user = 0; user < USERS; user += 1) {
    const { version } = await client.getPrompt("greeter", { unit: `user-${user}` });
    versions[version] = (versions[version] ?? 0) + 1;
  }
  return versions;
}

function report(unit: string, version: string, at: number): void {
  const id = `${unit}-${at}`;
  const place = {
    id,
    traceId: id,
    startTime: new Date(at).toISOString(),
    type: "GENERATION",
    name: "answer",
  };
  const told = { environment: "production", level: "DEFAULT", version: null, promptName: "greeter" };
  const numbers = { promptVersion: NUMBERS[version] ?? null, latency: 0.5, totalCost: 0.001 };
  server.traffic.observations.push({ ...place, ...told, ...numbers, userId: unit, sessionId: null });
}

/** An hour of traffic: people get what the client resolves for them, testers what is staged. */
async function serve(staged: boolean): Promise<void> {
  for (let user = 0; user < USERS; user += 1) {
    const unit = `user-${now}-${user}`;
    const { version } = await client.getPrompt("greeter", { unit });
    report(unit, version, now + user * 1000);
  }
  const testers = staged ? 80 : 0;
  for (let tester = 0; tester < testers; tester += 1)
    report(`tester-${now}-${tester}`, "1.1.0", now + tester);
  now += HOUR_MS;
}

async function publish(version: string, label?: string): Promise<void> {
  const place = label === undefined ? {} : { label };
  expect(
    await runPublish(context, { ...common, ...place, prompt: "greeter", author: "Ana <ana@example.com>" }),
  ).toBe(0);
  expect(server.shelf.rowsOf("greeter")).toHaveLength(NUMBERS[version] ?? 0);
}

it("gates, publishes, stages, exposes step by step and rolls back on Langfuse, with a client that follows", async () => {
  await publish("1.0.0", "production");
  expect(await shares()).toEqual({ "1.0.0": USERS });

  project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", "Answer only from the context, briefly."));
  const outputs = Array.from({ length: CASES }, (_, at) =>
    JSON.stringify({ id: `case-${at}`, output: `It is ${at + 3}` }),
  );
  project.write("outputs.jsonl", outputs.join("\n"));
  const gating = checkout(project.folder);
  Object.assign(gating.context, { clock: context.clock, environment: context.environment });
  expect(await gating.gate({ outputs: ["outputs.jsonl", "baseline=outputs.jsonl"] })).toBe(0);
  await publish("1.1.0");

  const start = { ...common, version: "greeter@1.1.0", supersede: false };
  expect(await runRolloutStart(context, start)).toBe(0);
  const path: string[] = [];
  for (let hour = 0; hour < 12 && !path.at(-1)?.includes("canary25"); hour += 1) {
    await serve(path.length === 0);
    expect(await runRolloutAdvance(context, { ...common, prompts: [], dryRun: false })).toBe(0);
    const [decision] = (JSON.parse(printed) as { decisions: Record<string, unknown>[] }).decisions;
    if (decision?.["event"] === "held") continue;
    path.push(`${String(decision?.["event"])} ${String(decision?.["step"])}`);
    const least = decision?.["step"] === "canary5" ? 0.03 : 0.2;
    await vi.waitFor(async () => expect((await shares())["1.1.0"] ?? 0).toBeGreaterThan(USERS * least), {
      timeout: 20_000,
    });
  }
  expect(path).toEqual(["advanced canary5", "advanced canary25"]);

  const reason = "people complain";
  expect(await runRollback(context, { ...common, prompt: "greeter", reason })).toBe(0);
  now += 61_000;
  await vi.waitFor(async () => expect(await shares()).toEqual({ "1.0.0": USERS }), { timeout: 20_000 });

  const holders = server.shelf.rowsOf("greeter").filter(({ labels }) => labels.includes("production"));
  expect(holders.map(({ version }) => version)).toEqual([1]);
  const companions = server.shelf.rowsOf("greeter.rollout");
  const active = companions.filter(({ labels }) => labels.includes("production"));
  expect(active.map(({ version }) => version)).toEqual([companions.length]);
  expect(active[0]?.config).toMatchObject({
    promptgate: { release: { stable: "1.0.0", candidate: { weight: 0 } } },
  });
  expect(problems).toEqual([]);
}, 180_000);
