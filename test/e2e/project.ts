import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";

export interface ProjectShape {
  /** `http://127.0.0.1:…/v1`; without it the embedded model answers. */
  readonly baseUrl?: string;
  readonly cases?: number;
  readonly judged?: boolean;
  /** Merged over the config's document. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Merged over the prompt entry of the config. */
  readonly prompt?: Readonly<Record<string, unknown>>;
  readonly timeout?: string;
}

/** A project on disk, removed with `remove`. */
export interface TestProject {
  readonly folder: string;
  write(file: string, text: string): void;
  remove(): void;
}

export function aPrompt(version: string, instruction: string): string {
  return stringify({
    name: "greeter",
    version,
    changeReason: `version ${version}`,
    model: "main",
    messages: [
      { role: "system", content: instruction },
      { role: "user", content: "Context: {{context}}\n\nQuestion: {{query}}" },
    ],
  });
}

function someCases(count: number): string {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      id: `case-${index}`,
      vars: {
        query: `What does article ${index} cost?`,
        context: `Article ${index} costs ${index + 3} euros.`,
      },
      assert: [{ type: "contains", value: `${index + 3}`, metric: "price" }],
    }),
  ).join("\n");
}

const rubric = {
  name: "faithfulness",
  model: "judge",
  allowSelfGrading: true,
  scale: { kind: "choices", choices: { supported: 1, partly: 0.5, unsupported: 0 } },
  criteria: [{ id: "grounded", question: "Is every claim in the answer supported by the context?" }],
};

function modelsOf({ baseUrl, timeout }: ProjectShape): Record<string, unknown> {
  if (baseUrl === undefined) {
    const embedded = { provider: "embedded", model: "embedded-1" };
    return { main: embedded, judge: embedded };
  }
  const common = { provider: "openai", baseUrl, ...(timeout === undefined ? {} : { timeout }) };
  const price = { inputPerMillion: 1, outputPerMillion: 2 };
  return { main: { ...common, model: "generator", price }, judge: { ...common, model: "grader", price } };
}

/** Writes a project with one prompt, `greeter`, and a dataset that the given number of cases form. */
export function aProject(shape: ProjectShape = {}): TestProject {
  const folder = mkdtempSync(join(tmpdir(), "promptgate-project-"));
  const write = (file: string, text: string): void => {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  };
  write(
    "promptgate.yaml",
    stringify({
      version: 1,
      registry: { kind: "file", path: ".promptgate/registry" },
      models: modelsOf(shape),
      prompts: {
        greeter: {
          file: "prompts/greeter.prompt.yml",
          dataset: "golden-datasets/greeter.jsonl",
          ...(shape.judged === true ? { judges: ["rubrics/faithfulness.yml"] } : {}),
          ...shape.prompt,
        },
      },
      ...shape.config,
    }),
  );
  write("prompts/greeter.prompt.yml", aPrompt("1.0.0", "Answer only from the context."));
  write("golden-datasets/greeter.jsonl", `${someCases(shape.cases ?? 80)}\n`);
  write("rubrics/faithfulness.yml", stringify(rubric));
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
