import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runApprove, type ApproveOptions } from "../../../src/entry/commands/approve.ts";
import { runKeysNew } from "../../../src/entry/commands/keys-new.ts";
import { runPromote, type PromoteOptions } from "../../../src/entry/commands/promote.ts";
import { runPublish } from "../../../src/entry/commands/publish.ts";
import { runRollback, type RollbackOptions } from "../../../src/entry/commands/rollback.ts";
import type { CommandContext } from "../../../src/entry/context.ts";
import { textDigest } from "../../../src/domain/digest.ts";
import type { LedgerEntry } from "../../../src/domain/ledger.ts";
import type { Registry } from "../../../src/domain/registry.ts";
import type { ReleaseCandidate, ReleaseHoldback } from "../../../src/domain/release.ts";
import type { RolloutPhase } from "../../../src/domain/rollout.ts";
import type { RolloutState } from "../../../src/domain/rollout-state.ts";
import { rolloutKey, type Store } from "../../../src/domain/store.ts";
import { stateText } from "../../../src/rollout/state-document.ts";
import { loadProjectFrom } from "../../../src/entry/wire.ts";
import { openRegistry } from "../../../src/registries/index.ts";
import { openStore } from "../../../src/stores/index.ts";
import { aProject, aPrompt } from "../../e2e/project.ts";
import { checkout, type Checkout } from "../gate-checkout.ts";

const common = { json: true, verbose: false };
const HOUR_MS = 3_600_000;

/** What a command printed with `--json`, and its exit code. */
interface Done {
  readonly exitCode: number;
  // Every document has other fields; the tests name those that matter.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly document: any;
}

/** A project with `greeter` 1.0.0 in production and a key `ci.key` that its config trusts. */
export interface PromotionProject {
  readonly folder: string;
  readonly context: CommandContext;
  readonly registry: Registry;
  readonly store: Store;
  /** What was said meanwhile. */
  readonly said: string[];
  wait(hours: number): void;
  write(file: string, text: string): void;
  configure(yaml: string): void;
  publish(version: string, instruction: string, author?: string): Promise<void>;
  /** Gates the prompt file and signs the evidence. */
  gate(options?: Parameters<Checkout["gate"]>[0]): Promise<number>;
  promote(version: string, to: string, options?: Partial<PromoteOptions>): Promise<Done>;
  approve(version: string, key: string, options?: Partial<ApproveOptions>): Promise<Done>;
  rollback(options?: Partial<RollbackOptions>): Promise<Done>;
  labels(): Promise<Record<string, string>>;
  ledger(): Promise<readonly LedgerEntry[]>;
  /** Writes a new key pair and returns the public key. */
  newKey(file: string): Promise<string>;
}

function handle(folder: string): PromotionProject {
  let now = Date.UTC(2026, 10, 20);
  let printed = "";
  const said: string[] = [];
  const base = checkout(folder);
  const context: CommandContext = {
    ...base.context,
    environment: { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_NOSYSTEM: "1", USER: "ana" },
    clock: { now: () => now },
    log: { info: (line) => void said.push(line), warn: (line) => void said.push(line) },
    print: (text) => void (printed = text),
  };
  const registry = openRegistry({ kind: "file" }, folder, context.clock);
  const store = openStore({ kind: "file" }, folder, context.clock, {});
  const done = (exitCode: number): Done => ({ exitCode, document: JSON.parse(printed) });
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text);
  const configure = (yaml: string): void => {
    const file = join(folder, "promptgate.yaml");
    writeFileSync(file, `${readFileSync(file, "utf8")}\n${yaml}\n`);
  };
  const newKey = async (file: string): Promise<string> => {
    await runKeysNew(context, { ...common, output: file });
    return readFileSync(join(folder, `${file}.pub`), "utf8").trim();
  };
  const publish: PromotionProject["publish"] = async (
    version,
    instruction,
    author = "Ana Roe <ana@example.com>",
  ) => {
    write("prompts/greeter.prompt.yml", aPrompt(version, instruction));
    const label = version === "1.0.0" ? { label: "production" } : {};
    await runPublish(context, { ...common, ...label, prompt: "greeter", author });
  };
  return {
    folder,
    context,
    registry,
    store,
    said,
    wait: (hours) => void (now += hours * HOUR_MS),
    write,
    configure,
    publish,
    newKey,
    async gate(options = {}) {
      const gating = checkout(folder);
      Object.assign(gating.context, { clock: context.clock });
      return gating.gate({ sign: "ci.key", ...options });
    },
    promote: async (version, to, options = {}) =>
      done(
        await runPromote(context, {
          ...common,
          version: `greeter@${version}`,
          to,
          dryRun: false,
          override: false,
          ...options,
        }),
      ),
    approve: async (version, key, options = {}) =>
      done(await runApprove(context, { ...common, version: `greeter@${version}`, key, ...options })),
    rollback: async (options = {}) =>
      done(
        await runRollback(context, { ...common, prompt: "greeter", reason: "people complain", ...options }),
      ),
    async labels() {
      const labels = await registry.listLabels("greeter");
      return Object.fromEntries(labels.map(({ name, version }) => [name, version]));
    },
    ledger: async () => (await store.ledger("greeter")).items,
  };
}

/** Folders are made once and copied for each test, as a gate takes a while. */
const folders: string[] = [];

/** Removes every folder that was made. */
export function removeProjects(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export async function promotionProject(): Promise<PromotionProject> {
  const { folder } = aProject({ cases: 70 });
  folders.push(folder);
  const made = handle(folder);
  await made.publish("1.0.0", "Answer only from the context.");
  made.configure(`evidence: { keys: { ci: ${await made.newKey("ci.key")} } }`);
  return made;
}

/** A project of its own with the same content; its clock begins anew. */
export function copyOf({ folder }: PromotionProject): PromotionProject {
  const copy = mkdtempSync(join(tmpdir(), "promptgate-promotion-"));
  folders.push(copy);
  cpSync(folder, copy, { recursive: true });
  return handle(copy);
}

/** How each check of a promotion stands. */
export function states(document: { checks: { name: string; state: string }[] }): Record<string, string> {
  return Object.fromEntries(document.checks.map(({ name, state }) => [name, state]));
}

/** Puts a release document into the registry, as a rollout would. */
export async function release(
  { registry }: Pick<PromotionProject, "registry">,
  content: { stable: string; candidate?: Partial<ReleaseCandidate>; holdback?: ReleaseHoldback | null },
): Promise<void> {
  const before = await registry.readRelease("greeter");
  const expected = before?.generation ?? null;
  const candidate: ReleaseCandidate = {
    version: "1.1.0",
    weight: 5_000,
    salt: "greeter.r1",
    hashVersion: 1,
    ...content.candidate,
  };
  await registry.writeRelease({
    document: {
      schema: "promptgate/release@1",
      prompt: "greeter",
      stable: content.stable,
      candidate: content.candidate === undefined ? null : candidate,
      holdback: content.holdback ?? null,
      generation: (expected ?? 0) + 1,
      updatedAt: "2026-11-20T00:00:00.000Z",
    },
    expected,
    by: "scheduler",
    reason: "rollout",
  });
}

/** Puts the state of a rollout of a published version into the store. */
export async function rolloutState(
  { registry, store, context }: Pick<PromotionProject, "registry" | "store" | "context">,
  phase: RolloutPhase,
  candidate: string,
): Promise<void> {
  const identity = async (version: string) => {
    const found = await registry.readVersion("greeter", { kind: "version", version });
    return { version, digest: found?.digest ?? textDigest(version) };
  };
  const [prompt] = (await loadProjectFrom(context, {})).prompts;
  if (prompt === undefined) throw new Error("no prompt");
  const at = "2026-11-20T00:00:00.000Z";
  const state: RolloutState = {
    schema: "promptgate/rollout-state@1",
    prompt: "greeter",
    rolloutId: "greeter.r1",
    attempt: 1,
    generation: 1,
    phase,
    step: 0,
    strategy: prompt.rollout,
    candidate: {
      ...(await identity(candidate)),
      tier: "minor",
      minCanaryMs: null,
      requestedAt: at,
      by: "ana",
      reason: "",
    },
    stable: await identity("1.0.0"),
    knownGood: [],
    denied: [],
    queued: null,
    startedAt: at,
    stepEnteredAt: at,
    weightAppliedAt: at,
    exposedAt: null,
    endedAt: null,
    lastTickAt: at,
    updatedAt: at,
    hold: null,
    pause: null,
    pausedMs: 0,
    approvals: [],
    release: null,
    previousRelease: null,
    labels: [],
    plannedWeights: {},
    verdicts: {},
    coveredBuckets: 0,
    coveredBeforeMs: 0,
    activeBuckets: [],
    blindSince: null,
    driftSince: null,
    lowered: null,
    overridden: false,
    lastEntry: null,
    outcome: null,
  };
  const key = rolloutKey("greeter");
  const before = await store.read(key);
  await store.write(key, stateText(state), before?.revision ?? null);
}
