import { runGate, type GateOptions } from "../../src/entry/commands/gate.ts";
import { runMerge, type MergeOptions } from "../../src/entry/commands/merge.ts";
import { runPublish } from "../../src/entry/commands/publish.ts";
import type { CommandContext } from "../../src/entry/context.ts";
import type { GateResult } from "../../src/domain/gate-result.ts";
import { aPrompt, type TestProject } from "../e2e/project.ts";

/** A project's folder as the commands see it. */
export interface Checkout {
  readonly folder: string;
  readonly context: CommandContext;
  /** Milliseconds since 1970, as the commands see it. */
  readonly time: { now: number };
  /** What the command said meanwhile. */
  readonly said: readonly string[];
  /** The one document that the last command printed. */
  printed(): GateResult;
  gate(options?: Partial<GateOptions>): Promise<number>;
  merge(directories: readonly string[], options?: Partial<MergeOptions>): Promise<number>;
}

const common = { json: true, verbose: false };
const selection = { baseline: "production", tier: "auto", filterTag: [], filterId: [], outputs: [] } as const;

export function checkout(folder: string): Checkout {
  let last = "";
  const said: string[] = [];
  const time = { now: Date.UTC(2026, 10, 20) };
  const context: CommandContext = {
    cwd: folder,
    environment: { OPENAI_API_KEY: "key-for-the-test" },
    clock: { now: () => time.now },
    log: { info: (line) => void said.push(line), warn: (line) => void said.push(line) },
    print: (text) => void (last = text),
    signal: new AbortController().signal,
    terminal: { color: false, interactive: false, width: 100 },
  };
  return {
    folder,
    context,
    time,
    said,
    printed: () => JSON.parse(last) as GateResult,
    gate: (options = {}) =>
      runGate(context, {
        ...common,
        ...selection,
        prompts: [],
        output: [],
        concurrency: 4,
        cache: true,
        dryRun: false,
        ...options,
      }),
    merge: (directories, options = {}) =>
      runMerge(context, { ...common, ...selection, directories, output: [], ...options }),
  };
}

/** Puts the project's prompt into production as 1.0.0, and 1.1.0 with the instruction under test. */
export async function withCandidate(project: TestProject, instruction: string): Promise<Checkout> {
  const made = checkout(project.folder);
  await runPublish(made.context, { ...common, prompt: "greeter", label: "production", author: "test" });
  project.write("prompts/greeter.prompt.yml", aPrompt("1.1.0", instruction));
  return made;
}

/** What a command throws. */
export async function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`expected a refusal, got ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}
