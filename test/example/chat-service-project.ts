import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import type http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, vi } from "vitest";
import type { ReleaseSource } from "../../src/client/source.ts";
import type { Model } from "../../src/domain/model.ts";
import { runPublish } from "../../src/entry/commands/publish.ts";
import { runRollback } from "../../src/entry/commands/rollback.ts";
import { runRolloutAdvance } from "../../src/entry/commands/rollout-advance.ts";
import { runRolloutGet } from "../../src/entry/commands/rollout-get.ts";
import { runRolloutStart } from "../../src/entry/commands/rollout-start.ts";
import type { CommandContext } from "../../src/entry/context.ts";
import { embeddedModel } from "../../src/models/embedded/index.ts";
import { checkout } from "../entry/gate-checkout.ts";

export const example = join(import.meta.dirname, "..", "..", "examples", "chat-service");
const PROMPT = "help-chat";
const BUCKET_MS = 300_000;
export const TTL_MS = 5_000;

const shipped = ["promptgate.yaml", "prompts", "candidates", "golden-datasets"];
const common = { json: true, verbose: false };

interface ServiceOptions {
  readonly source: ReleaseSource;
  readonly model: Model;
  readonly record: (line: string) => void;
  readonly ttl: number;
  readonly deadline: number;
  readonly clock: { now(): number };
  readonly environment: Readonly<Record<string, string>>;
  readonly onProblem?: (problem: { readonly error: Error }) => void;
}

/** What the customers of one round got. */
export interface Tally {
  readonly sent: number;
  readonly failed: readonly string[];
  readonly moved: readonly { readonly user: string; readonly from: string; readonly to: string }[];
  readonly versions: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  readonly quality: Readonly<Record<string, number>>;
  /** Who got which version last. */
  readonly users: ReadonlyMap<string, string>;
}

/** Customers who remember what they got. */
export interface Load {
  send(count: number, label?: string): Promise<Tally>;
}

// The example is plain JavaScript, as its reader would write it.
const load = async <Module>(file: string): Promise<Module> =>
  (await import(pathToFileURL(join(example, file)).href)) as Module;
const { createChatService } = await load<{
  createChatService(options: ServiceOptions): http.Server;
}>("service.mjs");
export const { createLoad } = await load<{
  createLoad(options: { readonly urls: readonly string[]; readonly users: number }): Load;
}>("load.mjs");

interface Health {
  readonly version: string;
  readonly freshness: string;
  readonly problem: string | null;
}

/** A running copy of the chat. */
export interface Chat {
  readonly url: string;
  readonly problems: Error[];
  ask(user: string, question?: string): Promise<{ readonly version: string; readonly reason: string }>;
  health(label?: string): Promise<Health>;
  /** Has it look at the registry, where what it knows is older than a TTL, and waits until it has. */
  refresh(label?: string): Promise<void>;
}

// Every document has other fields; the tests name those that matter.
// oxlint-disable-next-line typescript/no-explicit-any
type Done = { readonly exitCode: number; readonly document: any };

/** The example in a folder of its own, under a clock of its own. */
export interface ChatProject {
  readonly folder: string;
  readonly registry: string;
  readonly time: { now: number };
  /** To the next bucket of the metrics. */
  nextBucket(): void;
  /** Gates a candidate and publishes it; `1.0.0` goes into production. */
  publish(version: string): Promise<number>;
  start(version: string): Promise<Done>;
  advance(): Promise<Done>;
  get(): Promise<Done>;
  rollback(reason: string): Promise<Done>;
  serve(source: ReleaseSource, options?: Partial<ServiceOptions>): Promise<Chat>;
}

const closing: (() => Promise<void>)[] = [];

/** Closes what a test opened, together with everything else. */
export function atEnd(close: () => Promise<void>): void {
  closing.push(close);
}

/** Ends every service and removes every folder. */
export async function endAll(): Promise<void> {
  for (const close of closing.splice(0)) await close();
}

async function listen(server: http.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  atEnd(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function chatAt(url: string, problems: Error[]): Chat {
  const health: Chat["health"] = async (label) => {
    const response = await fetch(`${url}/health${label === undefined ? "" : `?label=${label}`}`);
    return (await response.json()) as Health;
  };
  return {
    url,
    problems,
    health,
    async ask(user, question = "What does a city bike cost a day?") {
      const body = JSON.stringify({ user, question });
      const response = await fetch(`${url}/chat`, { method: "POST", body });
      expect(response.status).toBe(200);
      return (await response.json()) as { version: string; reason: string };
    },
    refresh: (label) =>
      vi.waitFor(async () => expect((await health(label)).freshness).toBe("fresh"), { timeout: 60_000 }),
  };
}

function handle(folder: string, startAt: number): ChatProject {
  const time = { now: startAt };
  let printed = "";
  const base = checkout(folder);
  const context: CommandContext = {
    ...base.context,
    environment: { PATH: process.env["PATH"], HOME: folder, GIT_CONFIG_NOSYSTEM: "1", USER: "ana" },
    clock: { now: () => time.now },
    print: (text) => void (printed = text),
  };
  const done = (exitCode: number): Done => ({ exitCode, document: JSON.parse(printed) });
  const registry = join(folder, ".promptgate", "registry");
  return {
    folder,
    registry,
    time,
    nextBucket: () => void (time.now = (Math.floor(time.now / BUCKET_MS) + 1) * BUCKET_MS),
    async publish(version) {
      const file = join("prompts", `${PROMPT}.prompt.yml`);
      if (version !== "1.0.0") {
        cpSync(join(folder, "candidates", `${version}.prompt.yml`), join(folder, file));
        const gating = checkout(folder);
        Object.assign(gating.context, { clock: context.clock });
        const verdict = await gating.gate();
        if (verdict !== 0) return verdict;
      }
      const label = version === "1.0.0" ? { label: "production" } : {};
      return runPublish(context, { ...common, ...label, prompt: PROMPT, author: "Ana <ana@example.com>" });
    },
    start: async (version) =>
      done(await runRolloutStart(context, { ...common, version: `${PROMPT}@${version}`, supersede: false })),
    advance: async () => done(await runRolloutAdvance(context, { ...common, prompts: [], dryRun: false })),
    get: async () =>
      done(await runRolloutGet(context, { ...common, prompt: PROMPT, watch: false, color: false })),
    rollback: async (reason) => done(await runRollback(context, { ...common, prompt: PROMPT, reason })),
    async serve(source, options = {}) {
      const problems: Error[] = [];
      const server = createChatService({
        source,
        model: embeddedModel({ model: "embedded-1" }),
        record: (line) => appendFileSync(join(folder, ".promptgate", "served.jsonl"), line),
        ttl: TTL_MS,
        deadline: 60_000,
        clock: { now: () => time.now },
        environment: {},
        onProblem: ({ error }) => void problems.push(error),
        ...options,
      });
      return chatAt(await listen(server), problems);
    },
  };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-chat-"));
  atEnd(async () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The example with 1.0.0 in production, and every candidate gated and published. */
export async function chatProject(): Promise<ChatProject> {
  const folder = newFolder();
  for (const path of shipped) cpSync(join(example, path), join(folder, path), { recursive: true });
  const project = handle(folder, Date.UTC(2026, 10, 20, 9));
  for (const version of ["1.0.0", "1.1.0", "1.2.0", "1.3.0"]) expect(await project.publish(version)).toBe(0);
  return project;
}

/** The same in a folder of its own. */
export function copyOf(project: ChatProject): ChatProject {
  const folder = newFolder();
  cpSync(project.folder, folder, { recursive: true });
  return handle(folder, project.time.now);
}
