import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach } from "vitest";
import type { ProjectSchemas } from "../../src/config/config-schema.ts";
import { loadProject } from "../../src/config/load-project.ts";
import { ProblemsError, renderProblem } from "../../src/domain/problem.ts";
import type { Project } from "../../src/domain/project.ts";
import { assertionSchema, caseAssertionSchema, verifyAssertions } from "../../src/evals/checks/index.ts";

type Contents = string | Uint8Array;

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files; it is deleted after the test. */
export function aFolder(files: Readonly<Record<string, Contents>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "promptgate-config-")));
  folders.push(folder);
  for (const [name, contents] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), contents);
  }
  return folder;
}

export const schemas: ProjectSchemas = {
  assertion: assertionSchema,
  caseAssertion: caseAssertionSchema,
  verifyCase: verifyAssertions,
  registryKinds: ["file", "git"],
  storeKinds: ["file", "git"],
  platformKinds: ["langfuse"],
  providers: ["embedded", "openai"],
};

/** The files of a project with nothing wrong in it. */
export const files = {
  "promptgate.yaml": `version: 1
models:
  own: { provider: openai, model: gpt-4o-mini-2024-07-18, price: { inputPerMillion: 0.15, outputPerMillion: 0.6 } }
  judge: { provider: openai, model: gpt-4o-2024-11-20 }
prompts:
  desk:
    file: desk.prompt.yml
    dataset: desk.jsonl
    assert: [{ type: word-count, max: 120, metric: length }]
    judges: [faithfulness.yml]
    gates:
      faithfulness: { margin: 0.05, min: 0.75 }
      length: { margin: 0.02 }
      latency: { maxIncrease: 10%, level: warn }
      cost: { maxIncrease: 10% }
`,
  "desk.prompt.yml": `name: desk
version: 1.2.3
model: own
modelParameters: { temperature: 0.2, maxTokens: 400 }
messages:
  - role: user
    content: "Context: {{context}} Question: {{query}}"
`,
  "desk.jsonl": `{"id":"c1","vars":{"context":"a","query":"b"},"tags":["x"],"group":"g1"}
{"id":"c2","vars":{"context":"c","query":"d"},"critical":true,"assert":[{"type":"contains","value":"30 days"}]}
`,
  "faithfulness.yml": `name: faithfulness
model: judge
scale: { kind: choices, choices: { supported: 1, partly: 0.5, unsupported: 0, silent: null } }
criteria:
  - id: grounded
    question: Is every claim supported?
`,
} as const satisfies Record<string, string>;

type FileName = keyof typeof files;

/** The valid project with one text of one file replaced; throws when the text is not there. */
export function edited(file: FileName, from: string, to: string): Record<string, string> {
  if (!files[file].includes(from)) throw new Error(`${file} does not hold ${from}`);
  return { ...files, [file]: files[file].replace(from, () => to) };
}

export function load(
  folder: string,
  environment: Readonly<Record<string, string>> = {},
  configPath?: string,
): Promise<Project> {
  return loadProject({
    directory: folder,
    waivers: { now: Date.UTC(2026, 10, 21, 12), expired: "error" },
    environment,
    schemas,
    ...(configPath === undefined ? {} : { configPath }),
  });
}

/** What a user reads of a project with these files: errors, or warnings when there are none. */
export async function problemsOf(
  contents: Readonly<Record<string, Contents>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  try {
    return (await load(aFolder(contents), environment)).warnings.map(renderProblem);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    return error.problems.filter(({ severity }) => severity === "error").map(renderProblem);
  }
}
