import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach } from "vitest";
import { parse } from "yaml";
import type { Problem } from "../../../src/domain/problem.ts";
import { renderProblem } from "../../../src/domain/problem.ts";
import type { Project } from "../../../src/domain/project.ts";
import { runImportPromptfoo, type ImportOptions } from "../../../src/entry/commands/import-promptfoo.ts";
import type { CommandContext } from "../../../src/entry/context.ts";
import { loadProjectFrom } from "../../../src/entry/wire.ts";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder with these files; it is deleted after the test. */
export function aFolder(files: Readonly<Record<string, string>>): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "promptgate-promptfoo-")));
  folders.push(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export function aContext(cwd: string, print: (text: string) => void = () => undefined): CommandContext {
  return {
    cwd,
    environment: {},
    clock: { now: () => Date.UTC(2026, 10, 21) },
    log: { info: () => undefined, warn: () => undefined },
    print,
    signal: new AbortController().signal,
    terminal: { color: false, interactive: false, width: 100 },
  };
}

export interface ImportDocument {
  readonly written: readonly string[];
  readonly files: readonly string[];
  readonly carried: Readonly<Record<string, number>>;
  readonly notCarried: readonly Problem[];
  readonly changed: readonly Problem[];
}

/** Runs the import in a folder and reads the printed document. */
export async function importIn(
  folder: string,
  options: Partial<ImportOptions> = {},
): Promise<ImportDocument> {
  let printed = "";
  await runImportPromptfoo(
    aContext(folder, (text) => {
      printed += text;
    }),
    { file: "promptfooconfig.yaml", directory: "out", force: false, dryRun: false, json: true, ...options },
  );
  return JSON.parse(printed) as ImportDocument;
}

/** An imported project: what was said, and what was written, read by this tool and as plain documents. */
export interface ImportedProject {
  readonly document: ImportDocument;
  /** `file:line:column path: message` of everything that was not carried. */
  readonly lost: readonly string[];
  readonly changed: readonly string[];
  readonly project: Project;
  text(file: string): string;
  yaml(file: string): Record<string, unknown>;
  cases(file: string): readonly Record<string, unknown>[];
}

/** Imports a promptfoo config with the files beside it, and loads what it became. */
export async function imported(
  config: string,
  files: Readonly<Record<string, string>> = {},
): Promise<ImportedProject> {
  const folder = aFolder({ "promptfooconfig.yaml": config, ...files });
  const document = await importIn(folder);
  const text = (file: string): string => readFileSync(join(folder, "out", file), "utf8");
  return {
    document,
    lost: document.notCarried.map(renderProblem),
    changed: document.changed.map(renderProblem),
    project: await loadProjectFrom(aContext(join(folder, "out")), {}),
    text,
    yaml: (file) => parse(text(file)) as Record<string, unknown>,
    cases: (file) =>
      text(file)
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

/** A config with one inline prompt, named `prompt`, one provider, and the rest as written. */
export function config(rest: string, prompt = "Translate: {{text}}"): string {
  return `prompts: [${JSON.stringify(prompt)}]\nproviders: openai:gpt-4o-mini\n${rest}`;
}
