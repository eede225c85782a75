import { join, relative, resolve } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { existingPaths, readIfPresent, readTemplateFiles, writeAll, type NewFile } from "./init-files.ts";
import { withAction } from "./init-workflows.ts";

interface InitOptions extends Pick<CommonOptions, "json"> {
  /** Where the project goes, relative to the working directory; it is created when it does not exist. */
  readonly directory: string;
  readonly force: boolean;
  /** `OWNER/REPOSITORY@REF` of the Action; without it the workflows keep a placeholder. */
  readonly action?: string;
}

const IGNORE_FILE = ".gitignore";
/** Runs and cached answers belong to one machine; the registry beside them is shared. */
const IGNORED = [".promptgate/runs/", ".promptgate/cache/", ".promptgate/datasets/"];
const PROMPT = "help-desk";

/** The ignore file with the missing lines added; null when it has them all. */
function extendIgnoreFile(text: string | null): NewFile | null {
  const lines = new Set((text ?? "").split(/\r?\n/).map((line) => line.trim().replace(/^\/|\/$/g, "")));
  const missing = IGNORED.filter((line) => !lines.has(line.replace(/\/$/, "")));
  if (missing.length === 0) return null;
  const start = text === null || text === "" || text.endsWith("\n") ? (text ?? "") : `${text}\n`;
  return { path: IGNORE_FILE, text: `${start}${missing.join("\n")}\n` };
}

function nextSteps(directory: string, action: string | undefined): string[] {
  const enter = directory === "" ? [] : [`cd ${visibleLine(directory, 400)}`];
  return [
    ...enter,
    "promptgate validate",
    `promptgate publish ${PROMPT} --label production`,
    `edit prompts/${PROMPT}.prompt.yml: change a sentence, raise the version, say why in changeReason`,
    "promptgate gate",
    ...(action === undefined
      ? [
          "for GitHub, put where the Action is published in the place of OWNER/promptgate@v1 in .github/workflows",
        ]
      : []),
  ];
}

function describe(written: readonly string[], cases: number, steps: readonly string[]): string {
  return [
    ...written.map((path) => `  wrote ${path}`),
    "",
    "It runs on a small model inside promptgate, without a key: put your own into `models` of promptgate.yaml.",
    `${cases} cases are enough to rule out a drop of 5 points when answers hardly change; more cases detect smaller drops.`,
    "",
    "Next:",
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
  ].join("\n");
}

/**
 * Writes a working project to start from, all files or none. Throws `USAGE` when a file exists and `force` is off, and
 * `STORAGE_FAILED` when the directory cannot be written to.
 */
export async function runInit(context: CommandContext, options: InitOptions): Promise<ExitCode> {
  const root = resolve(context.cwd, options.directory);
  const templates = await readTemplateFiles();
  const files = options.action === undefined ? templates : withAction(templates, options.action);
  const paths = files.map(({ path }) => path);
  const existing = await existingPaths(root, paths);
  if (existing.length > 0 && !options.force) {
    throw new GateError("USAGE", `nothing was written, because these exist already: ${existing.join(", ")}`, {
      hint: "choose another directory: promptgate init DIRECTORY, or overwrite them with --force",
    });
  }
  const ignoreFile = extendIgnoreFile(await readIfPresent(join(root, IGNORE_FILE)));
  await writeAll(root, ignoreFile === null ? files : [...files, ignoreFile]);

  const written = ignoreFile === null ? paths : [...paths, IGNORE_FILE];
  const directory = relative(context.cwd, root);
  const cases =
    files
      .find(({ path }) => path.endsWith(".jsonl"))
      ?.text.trim()
      .split("\n").length ?? 0;
  const steps = nextSteps(directory, options.action);
  context.print(
    options.json
      ? JSON.stringify({ schema: "promptgate/init@1", directory: root, written, cases, next: steps }, null, 2)
      : describe(written, cases, steps),
  );
  return 0;
}
