import { expect, vi } from "vitest";
import { createPromptClient } from "../../src/client/index.ts";
import { registrySource } from "../../src/client/registry-source.ts";
import { runPublish } from "../../src/entry/commands/publish.ts";
import { runRollback } from "../../src/entry/commands/rollback.ts";
import { runRolloutAdvance } from "../../src/entry/commands/rollout-advance.ts";
import { runRolloutStart } from "../../src/entry/commands/rollout-start.ts";
import type { CommandContext } from "../../src/entry/context.ts";
import { openRegistry } from "../../src/registries/index.ts";
import { checkout } from "../entry/gate-checkout.ts";
import { SHORT } from "../entry/rollout/rollout-project.ts";
import { aProject, aPrompt, type TestProject } from "./project.ts";

const HOUR_MS = 3_600_000;
const CASES = 70;
const common = { json: true, verbose: false };

/** A platform that keeps the prompts of a project and is told what its applications do. */
export interface RolloutPlatform {
  readonly kind: string;
  /** What stands beside `kind` in the config, keys as references; `environment` has what they refer to. */
  readonly registry: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, unknown>>;
  readonly environment: Readonly<Record<string, string>>;
  /** The same as `registry`, with the keys themselves. */
  readonly options: Readonly<Record<string, unknown>>;
  /** How many people there are. */
  readonly users?: number;
  /** How many versions of a prompt there are. */
  readonly stored: (prompt: string) => number | Promise<number>;
  /** An application tells that it served a version to somebody. */
  readonly report: (unit: string, version: string, at: number) => void;
  /** Waits until the platform shows what it was told. */
  readonly settle?: () => Promise<void>;
  /** Of one look of the client, in milliseconds; for platforms that are busy with what they were told. */
  readonly deadline?: number;
}

interface Stage {
  readonly users: number;
  readonly platform: RolloutPlatform;
  readonly project: TestProject;
  readonly context: CommandContext;
  readonly versionFor: (unit: string) => Promise<string>;
  readonly clock: { now: number };
  readonly printed: () => string;
}

/** How many of the users are served each version, once the client has looked again. */
async function shares({ versionFor, users }: Stage): Promise<Record<string, number>> {
  const versions: Record<string, number> = {};
  for (let user = 0; user < users; user += 1) {
    const version = await versionFor(`user-${user}`);
    versions[version] = (versions[version] ?? 0) + 1;
  }
  return versions;
}

/** An hour of traffic: people get what the client resolves for them, testers what is staged. */
async function serve({ platform, versionFor, clock, users }: Stage, staged: boolean): Promise<void> {
  for (let user = 0; user < users; user += 1) {
    const unit = `user-${clock.now}-${user}`;
    platform.report(unit, await versionFor(unit), clock.now + user * 1000);
  }
  const testers = staged ? 80 : 0;
  for (let tester = 0; tester < testers; tester += 1) {
    platform.report(`tester-${clock.now}-${tester}`, "1.1.0", clock.now + tester);
  }
  await platform.settle?.();
  clock.now += HOUR_MS;
}

async function publish({ platform, context }: Stage, count: number, label?: string): Promise<void> {
  const place = label === undefined ? {} : { label };
  const request = { ...common, ...place, prompt: "greeter", author: "Ana <ana@example.com>" };
  expect(await runPublish(context, request)).toBe(0);
  expect(await platform.stored("greeter")).toBe(count);
}

async function gate({ project, context }: Stage): Promise<void> {
  project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", "Answer only from the context, briefly."));
  const outputs = Array.from({ length: CASES }, (_, at) =>
    JSON.stringify({ id: `case-${at}`, output: `It is ${at + 3}` }),
  );
  project.write("outputs.jsonl", outputs.join("\n"));
  const gating = checkout(project.folder);
  Object.assign(gating.context, { clock: context.clock, environment: context.environment });
  expect(await gating.gate({ outputs: ["outputs.jsonl", "baseline=outputs.jsonl"] })).toBe(0);
}

/** Advances hour by hour until a quarter of the users has the candidate; returns the steps on the way. */
async function advance(stage: Stage): Promise<string[]> {
  const path: string[] = [];
  for (let hour = 0; hour < 12 && !path.at(-1)?.includes("canary25"); hour += 1) {
    await serve(stage, path.length === 0);
    expect(await runRolloutAdvance(stage.context, { ...common, prompts: [], dryRun: false })).toBe(0);
    const [decision] = (JSON.parse(stage.printed()) as { decisions: Record<string, unknown>[] }).decisions;
    if (decision?.["event"] === "held") continue;
    path.push(`${String(decision?.["event"])} ${String(decision?.["step"])}`);
    const least = decision?.["step"] === "canary5" ? 0.03 : 0.2;
    await vi.waitFor(
      async () => expect((await shares(stage))["1.1.0"] ?? 0).toBeGreaterThan(stage.users * least),
      {
        timeout: 20_000,
      },
    );
  }
  return path;
}

function stageOf(platform: RolloutPlatform, problems: string[]): Stage {
  const [, errorRate] = SHORT.metrics;
  const project = aProject({
    cases: CASES,
    config: {
      registry: { kind: platform.kind, ...platform.registry },
      metrics: { source: platform.kind, ...platform.metrics },
      rollout: { ...SHORT, metrics: [errorRate] },
      policies: { minor: { canary: { minSoak: "6h" } }, major: { canary: { minSoak: "6h" } } },
    },
  });
  const clock = { now: Date.UTC(2026, 10, 16, 8) };
  let printed = "";
  const own = { PATH: process.env["PATH"], HOME: project.folder, USER: "ana" };
  const context: CommandContext = {
    ...checkout(project.folder).context,
    environment: { ...own, ...platform.environment },
    clock: { now: () => clock.now },
    print: (text) => void (printed = text),
  };
  const registry = openRegistry({ kind: platform.kind, ...platform.options }, project.folder, context.clock);
  const client = createPromptClient({
    source: registrySource(registry),
    ...(platform.deadline === undefined ? {} : { deadline: platform.deadline }),
    environment: {},
    telemetry: null,
    clock: context.clock,
    onProblem: ({ error }) => void problems.push(error.message),
  });
  const versionFor = async (unit: string): Promise<string> =>
    (await client.getPrompt("greeter", { unit })).version;
  const { users = 3000 } = platform;
  return { users, platform, project, context, versionFor, clock, printed: () => printed };
}

/** Gates, publishes, stages, exposes step by step and rolls back, with a client that follows all the while. */
export async function followRollout(platform: RolloutPlatform): Promise<void> {
  const problems: string[] = [];
  const stage = stageOf(platform, problems);
  try {
    await publish(stage, 1, "production");
    expect(await shares(stage)).toEqual({ "1.0.0": stage.users });
    await gate(stage);
    await publish(stage, 2);
    const start = { ...common, version: "greeter@1.1.0", supersede: false };
    expect(await runRolloutStart(stage.context, start)).toBe(0);
    expect(await advance(stage)).toEqual(["advanced canary5", "advanced canary25"]);
    const reason = "people complain";
    expect(await runRollback(stage.context, { ...common, prompt: "greeter", reason })).toBe(0);
    stage.clock.now += 61_000;
    await vi.waitFor(async () => expect(await shares(stage)).toEqual({ "1.0.0": stage.users }), {
      timeout: 20_000,
    });
    expect(problems).toEqual([]);
  } finally {
    stage.project.remove();
  }
}
