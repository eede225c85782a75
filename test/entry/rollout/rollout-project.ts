import { appendFileSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { CommandContext } from "../../../src/entry/context.ts";
import { promptDigest } from "../../../src/domain/prompt.ts";
import type { Registry } from "../../../src/domain/registry.ts";
import type { RolloutState } from "../../../src/domain/rollout-state.ts";
import type { Store } from "../../../src/domain/store.ts";
import {
  runRolloutAdvance,
  type RolloutAdvanceOptions,
} from "../../../src/entry/commands/rollout-advance.ts";
import { readRollout } from "../../../src/entry/promotion/read-rollout.ts";
import { orderRollout } from "../../../src/entry/rollout/order-rollout.ts";
import { openRollouts, type RolloutScope } from "../../../src/entry/rollout/scope.ts";
import { bucket, isCanary, isHeldBack } from "../../../src/rollout/bucketing.ts";
import { openRegistry } from "../../../src/registries/index.ts";
import { openStore } from "../../../src/stores/index.ts";
import { aProject } from "../../e2e/project.ts";

const HOUR_MS = 3_600_000;
const common = { json: true, verbose: false };

/** Short steps, so that a whole life is ten hours: staging, 5, 25, 50, 100 %. */
export const SHORT = {
  settleDelay: "0s",
  cooldown: "4h",
  blindLimit: { "<=25": "3h", "<100": "2h" },
  onInconclusive: { grace: "6h" },
  steps: [
    { name: "staging", minSoak: "2h", maxSoak: "24h", minSample: 100 },
    { name: "canary5", weight: "5%", minSoak: "2h", maxSoak: "24h", minSample: 100 },
    { name: "canary25", weight: "25%", minSoak: "2h", maxSoak: "24h" },
    { name: "canary50", weight: "50%", minSoak: "2h", maxSoak: "24h" },
    { name: "full", weight: "100%", bake: "2h", holdback: "5%" },
  ],
  metrics: [
    { name: "quality", kind: "mean", direction: "up", margin: 0.05, action: "rollback", unit: "user" },
    {
      name: "error_rate",
      kind: "proportion",
      direction: "down",
      margin: 0.05,
      action: "rollback",
      unit: "user",
    },
  ],
};

/** What a version does to people. */
interface Behaviour {
  readonly quality?: number;
  readonly errors?: number;
}

// oxlint-disable-next-line typescript/no-explicit-any
type Document = any;

/** A project with `greeter` 1.0.0 in production and 1.1.0 published, a log of requests and a clock of its own. */
export interface RolloutProject {
  readonly folder: string;
  readonly context: CommandContext;
  readonly registry: Registry;
  readonly store: Store;
  readonly said: string[];
  scope(): Promise<RolloutScope>;
  publish(version: string, prompt?: string): Promise<void>;
  /** Starts a rollout of a published version without asking for evidence. */
  start(version: string, options?: { prompt?: string; supersede?: boolean }): Promise<Document>;
  advance(options?: Partial<RolloutAdvanceOptions>): Promise<{ exitCode: number; document: Document }>;
  /** An hour of traffic as the release document deals it, then the clock goes on. */
  serve(hours: number, candidate?: Behaviour, prompt?: string): Promise<void>;
  wait(hours: number): void;
  state(prompt?: string): Promise<RolloutState>;
  labels(prompt?: string): Promise<Record<string, string>>;
  weight(prompt?: string): Promise<number>;
  output(): string;
}

const folders: string[] = [];

export function removeRollouts(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface RolloutProjectShape {
  readonly rollout?: Readonly<Record<string, unknown>>;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Lines of one hour: units of their own, quality around its mean, errors in their share. */
function hourOf(
  at: number,
  { perHour, serve }: { readonly perHour: number; readonly serve: (unit: string) => string },
  lineOf: (version: string, index: number) => object,
): string {
  return Array.from({ length: perHour }, (_, index) => {
    const unit = `user-${at}-${index}`;
    const version = serve(unit);
    const time = new Date(at + Math.floor((index * HOUR_MS) / perHour)).toISOString();
    return JSON.stringify({ at: time, unit, version, ...lineOf(version, index) });
  }).join("\n");
}

export async function rolloutProject(shape: RolloutProjectShape = {}): Promise<RolloutProject> {
  const { folder } = aProject({
    cases: 10,
    config: {
      rollout: { ...SHORT, ...shape.rollout },
      policies: { minor: { canary: { minSoak: "6h" } }, major: { canary: { minSoak: "6h" } } },
      ...shape.config,
    },
  });
  folders.push(folder);
  let now = Date.UTC(2026, 10, 16, 8);
  let printed = "";
  const said: string[] = [];
  const context: CommandContext = {
    cwd: folder,
    environment: {
      PATH: process.env["PATH"],
      HOME: folder,
      GIT_CONFIG_NOSYSTEM: "1",
      USER: "ana",
      ...shape.environment,
    },
    clock: { now: () => now },
    log: { info: (line) => void said.push(line), warn: (line) => void said.push(line) },
    print: (text) => void (printed = text),
    signal: new AbortController().signal,
    terminal: { color: false, interactive: false, width: 120 },
  };
  const registry = openRegistry({ kind: "file" }, folder, context.clock);
  const store = openStore({ kind: "file" }, folder, context.clock, {});
  mkdirSync(join(folder, ".promptgate"), { recursive: true });

  const publish: RolloutProject["publish"] = async (version, prompt = "greeter") => {
    const template = {
      messages: [{ role: "user" as const, content: `${prompt} ${version}: {{query}}` }],
      model: "main",
      modelParameters: {},
      responseFormat: "text" as const,
      tools: [],
    };
    const createdAt = new Date(now).toISOString();
    const digest = promptDigest(template);
    await registry.publish({ name: prompt, version, template, digest, author: "ana", createdAt });
  };

  const serve: RolloutProject["serve"] = async (hours, behaviour = {}, prompt = "greeter") => {
    for (let hour = 0; hour < hours; hour++) {
      const release = await registry.readRelease(prompt);
      const found = await readRollout(store, prompt);
      const staged =
        found.kind === "state" && found.state.phase === "staging" ? found.state.candidate.version : null;
      const candidate = found.kind === "state" ? found.state.candidate.version : "";
      const served = (unit: string): string => {
        if (release === null) return "1.0.0";
        const { stable, candidate: tried, holdback } = release;
        if (tried !== null && isCanary(bucket(tried.salt, unit), tried.weight)) return tried.version;
        if (holdback !== null && isHeldBack(bucket(holdback.salt, unit), holdback.weight))
          return holdback.version;
        return stable;
      };
      const line = (version: string, index: number): object => {
        const own = version === candidate ? behaviour : {};
        const quality = (own.quality ?? 0.8) + ((index % 11) - 5) / 100;
        return { prompt, scores: { quality }, error: index % 100 < (own.errors ?? 0.01) * 100 };
      };
      const lines = [
        hourOf(now, { perHour: 3000, serve: served }, line),
        ...(staged === null ? [] : [hourOf(now + 1, { perHour: 80, serve: () => staged }, line)]),
      ];
      appendFileSync(join(folder, ".promptgate/metrics.jsonl"), `${lines.join("\n")}\n`);
      now += HOUR_MS;
    }
  };

  const made: RolloutProject = {
    folder,
    context,
    registry,
    store,
    said,
    publish,
    serve,
    scope: async () => openRollouts(context, {}),
    async start(version, { prompt = "greeter", supersede = false } = {}) {
      const read = async (
        reference: { kind: "version"; version: string } | { kind: "label"; label: string },
      ) => {
        const found = await registry.readVersion(prompt, reference);
        if (found === null) throw new Error("not published");
        return { version: found.version, digest: found.digest };
      };
      const candidate = {
        ...(await read({ kind: "version", version })),
        tier: "minor" as const,
        minCanaryMs: null,
      };
      const stable = await read({ kind: "label", label: "production" });
      const command = { kind: "start" as const, candidate, stable, supersede };
      return orderRollout(await openRollouts(context, {}), prompt, { command, by: "ana", reason: "try it" });
    },
    async advance(options = {}) {
      const exitCode = await runRolloutAdvance(context, {
        ...common,
        prompts: [],
        dryRun: false,
        ...options,
      });
      return { exitCode, document: JSON.parse(printed) };
    },
    wait: (hours) => void (now += hours * HOUR_MS),
    async state(prompt = "greeter") {
      const found = await readRollout(store, prompt);
      if (found.kind !== "state") throw new Error(found.kind);
      return found.state;
    },
    async labels(prompt = "greeter") {
      const labels = await registry.listLabels(prompt);
      return Object.fromEntries(labels.map(({ name, version }) => [name, version]));
    },
    async weight(prompt = "greeter") {
      return (await registry.readRelease(prompt))?.candidate?.weight ?? 0;
    },
    output: () => printed,
  };
  await publish("1.0.0");
  await publish("1.1.0");
  const by = "ana";
  await registry.moveLabel({
    prompt: "greeter",
    label: "production",
    to: "1.0.0",
    expected: null,
    by,
    reason: "first",
  });
  return made;
}
