import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { CommandContext } from "../../../src/entry/context.ts";

const LABELS = "rubrics/calibration/faithfulness.jsonl";

/** A rubric that the embedded judge can measure. */
export const faithfulness = {
  name: "faithfulness",
  model: "judge",
  allowSelfGrading: true,
  scale: { kind: "choices", choices: { supported: 1, partly: 0.5, unsupported: 0 } },
  criteria: [{ id: "grounded", question: "Is every claim in the answer supported by the context?" }],
  calibration: LABELS,
};

interface ProjectShape {
  readonly rubric?: Readonly<Record<string, unknown>>;
  readonly models?: Readonly<Record<string, unknown>>;
  /** Merged over the config's document. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly prompt?: Readonly<Record<string, unknown>>;
}

/** A project in a folder of its own, with everything that a command says kept for the test. */
export interface JudgeProject {
  readonly root: string;
  readonly context: CommandContext;
  readonly warnings: string[];
  /** What was printed since the last call. */
  printed(): string;
  write(file: string, text: string): void;
  writeLines(file: string, lines: readonly unknown[]): void;
  remove(): void;
}

const embedded = { provider: "embedded", model: "embedded-1" };

export function judgeProject(shape: ProjectShape = {}): JudgeProject {
  const root = mkdtempSync(join(tmpdir(), "promptgate-judge-"));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const cases = Array.from({ length: 30 }, (_, index) => ({
    id: `case-${index}`,
    vars: { query: `What does article ${index} cost?`, context: `Article ${index} costs ${index} euros.` },
    assert: [{ type: "contains", value: `${index}`, metric: "price" }],
  }));
  write(
    "promptgate.yaml",
    stringify({
      version: 1,
      models: { main: embedded, judge: embedded, ...shape.models },
      prompts: {
        greeter: {
          file: "greeter.prompt.yml",
          dataset: "greeter.jsonl",
          judges: ["rubrics/faithfulness.yml"],
          ...shape.prompt,
        },
      },
      ...shape.config,
    }),
  );
  write(
    "greeter.prompt.yml",
    stringify({
      name: "greeter",
      version: "1.0.0",
      changeReason: "first",
      model: "main",
      messages: [{ role: "user", content: "Context: {{context}}\n\nQuestion: {{query}}" }],
    }),
  );
  write("greeter.jsonl", cases.map((each) => `${JSON.stringify(each)}\n`).join(""));
  write("rubrics/faithfulness.yml", stringify({ ...faithfulness, ...shape.rubric }));
  let output = "";
  const warnings: string[] = [];
  return {
    root,
    warnings,
    context: {
      cwd: root,
      environment: {},
      clock: { now: () => Date.UTC(2026, 10, 20, 10) },
      log: { info: () => {}, warn: (line) => void warnings.push(line) },
      print: (text) => (output += text),
      signal: new AbortController().signal,
      terminal: { color: false, interactive: false, width: 100 },
    },
    printed() {
      const text = output;
      output = "";
      return text;
    },
    write,
    writeLines: (file, lines) => write(file, lines.map((line) => `${JSON.stringify(line)}\n`).join("")),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}
