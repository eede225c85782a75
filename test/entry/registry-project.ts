import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandContext } from "../../src/entry/context.ts";
import type { Registry } from "../../src/domain/registry.ts";
import { openRegistry } from "../../src/registries/index.ts";

const CONFIG = `version: 1
models:
  small: { provider: embedded, model: embedded-1 }
prompts:
  customer-support:
    file: prompts/customer-support.prompt.yml
    dataset: golden-datasets/customer-support.jsonl
    assert: [{ type: word-count, max: 120, metric: length }]
`;

const CASE = { id: "c1", vars: { query: "Where is my parcel?" } };

export interface PromptWords {
  readonly version: string;
  readonly system?: string;
  readonly changeReason?: string | null;
  readonly temperature?: number;
}

/** A project in a folder of its own, with everything that a command says kept for the test. */
export interface TestProject {
  readonly root: string;
  readonly registry: Registry;
  readonly context: CommandContext;
  /** What was printed since the last call. */
  printed(): string;
  writePrompt(words: PromptWords, file?: string): Promise<void>;
  /** Hours later, as the commands see it. */
  wait(hours: number): void;
  remove(): Promise<void>;
}

function promptText({ version, system, changeReason = "Try it", temperature = 0.2 }: PromptWords): string {
  return JSON.stringify({
    name: "customer-support",
    version,
    ...(changeReason === null ? {} : { changeReason }),
    model: "small",
    modelParameters: { temperature },
    messages: [
      { role: "system", content: system ?? "Answer from the context." },
      { role: "user", content: "{{query}}" },
    ],
  });
}

export async function registryProject(environment: Record<string, string> = {}): Promise<TestProject> {
  const root = await mkdtemp(join(tmpdir(), "promptgate-commands-"));
  await mkdir(join(root, "prompts"));
  await mkdir(join(root, "golden-datasets"));
  await writeFile(join(root, "promptgate.yaml"), CONFIG);
  await writeFile(join(root, "golden-datasets/customer-support.jsonl"), `${JSON.stringify(CASE)}\n`);
  let now = Date.UTC(2026, 10, 20, 10, 0, 30);
  const clock = { now: () => now };
  let output: string[] = [];
  const context: CommandContext = {
    cwd: root,
    environment: { PATH: process.env["PATH"], HOME: root, GIT_CONFIG_NOSYSTEM: "1", ...environment },
    clock,
    log: { info: () => {}, warn: () => {} },
    print: (text) => void output.push(text),
    signal: new AbortController().signal,
    terminal: { color: false, interactive: false, width: 100 },
  };
  return {
    root,
    registry: openRegistry({ kind: "file" }, root, clock),
    context,
    printed() {
      const text = output.join("\n");
      output = [];
      return text;
    },
    writePrompt: async (words, file = "prompts/customer-support.prompt.yml") =>
      writeFile(join(root, file), promptText(words)),
    wait: (hours) => void (now += hours * 3_600_000),
    remove: async () => rm(root, { recursive: true, force: true }),
  };
}
