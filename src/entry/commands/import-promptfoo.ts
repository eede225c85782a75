import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { GateError } from "../../domain/errors.ts";
import { ProblemsError, renderProblem, type Problem } from "../../domain/problem.ts";
import { visibleLine } from "../../domain/visible.ts";
import type { CommandContext, CommonOptions } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";
import { buildProject, type BuiltProject } from "../import/build-project.ts";
import { importNotes, type ImportSource } from "../import/located.ts";
import { readPromptfooConfig, refusal } from "../import/read-config.ts";
import { loadProjectFrom } from "../wire.ts";
import { existingPaths, writeAll, type NewFile } from "./init-files.ts";

export interface ImportOptions extends Pick<CommonOptions, "json"> {
  /** The promptfoo config, relative to the working directory. */
  readonly file: string;
  /** Where the project goes, relative to the working directory. */
  readonly directory: string;
  readonly force: boolean;
  /** Say what would be written, and write nothing. */
  readonly dryRun: boolean;
}

const NOTES_FILE = "IMPORT-NOTES.md";
/** Lines of one kind on a terminal; the file and `--json` have all of them. */
const SHOWN = 40;

interface Imported {
  readonly built: BuiltProject;
  readonly lost: readonly Problem[];
  readonly changed: readonly Problem[];
}

function isKind(severity: Problem["severity"]): (problem: Problem) => boolean {
  return (problem) => problem.severity === severity;
}

async function importConfig(context: CommandContext, { file }: ImportOptions): Promise<Imported> {
  const path = resolve(context.cwd, file);
  const notes = importNotes();
  const source: ImportSource = { root: dirname(path), notes };
  const built = buildProject(source, await readPromptfooConfig(source, basename(path)));
  const all = notes.all();
  if (built.files.length === 0) throw refusal(nothingCarried(file, all));
  return { built, lost: all.filter(isKind("error")), changed: all.filter(isKind("warning")) };
}

function nothingCarried(file: string, problems: readonly Problem[]): Problem[] {
  const message = "nothing of it can be carried";
  return [{ file: visibleLine(file), line: 0, column: 0, path: "", message, severity: "error" }, ...problems];
}

/** Text from the config, as lines of a Markdown code block that it cannot end. */
function block(problems: readonly Problem[]): string {
  return ["```text", ...problems.map((problem) => renderProblem(problem).replaceAll("`", "'")), "```"].join(
    "\n",
  );
}

function notesFile(file: string, { built, lost, changed }: Imported): NewFile {
  const title = `# Import of ${visibleLine(basename(file), 120).replaceAll(/[`<>[\]]/g, "")}`;
  const carried = `Carried: ${counted(built.prompts.length, "prompt")}, ${counted(built.cases, "case")}, ${counted(built.checks, "check")}, ${counted(built.judges, "judge")}.`;
  const sections = [
    title,
    carried,
    ...(lost.length === 0 ? ["Nothing was left behind."] : [`## Not carried (${lost.length})`, block(lost)]),
    ...(changed.length === 0 ? [] : [`## Carried with a change (${changed.length})`, block(changed)]),
  ];
  return { path: NOTES_FILE, text: `${sections.join("\n\n")}\n` };
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** Loads the files as a project in a folder of their own: what an import writes passes `validate`. */
async function assertValid(context: CommandContext, files: readonly NewFile[]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "promptgate-import-"));
  try {
    await writeAll(folder, files);
    await loadProjectFrom({ ...context, cwd: folder, environment: {} }, {}, "error", null);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    throw new GateError(error.code, `the imported files would not be in order: ${error.message}`, {
      hint: "correct what the messages name in the promptfoo config; nothing was written",
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function nextSteps(directory: string, prompts: readonly string[]): string[] {
  const enter = directory === "" ? [] : [`cd ${visibleLine(directory, 400)}`];
  return [
    ...enter,
    `read ${NOTES_FILE}`,
    "promptgate validate",
    ...prompts.slice(0, 1).map((name) => `promptgate publish ${name} --label production`),
    "promptgate plan",
  ];
}

function section(heading: string, problems: readonly Problem[]): string[] {
  if (problems.length === 0) return [];
  const rest = problems.length - SHOWN;
  return [
    "",
    `${heading} (${problems.length}):`,
    ...problems.slice(0, SHOWN).map((problem) => `  ${renderProblem(problem)}`),
    ...(rest > 0 ? [`  and ${rest} more, see ${NOTES_FILE}`] : []),
  ];
}

function describe(
  { built, lost, changed }: Imported,
  paths: readonly string[],
  steps: readonly string[],
  dryRun: boolean,
): string {
  return [
    ...paths.map((path) => `  ${dryRun ? "would write" : "wrote"} ${path}`),
    "",
    `Carried ${counted(built.prompts.length, "prompt")}, ${counted(built.cases, "case")}, ${counted(built.checks, "check")} and ${counted(built.judges, "judge")}.`,
    ...section("Not carried", lost),
    ...section("Carried with a change", changed),
    "",
    "Next:",
    ...steps.map((step, index) => `  ${index + 1}. ${step}`),
  ].join("\n");
}

async function refuseExisting(root: string, paths: readonly string[]): Promise<void> {
  const isFolder = await stat(root).then(
    (entry) => entry.isDirectory(),
    () => true,
  );
  if (!isFolder) throw new GateError("USAGE", `${visibleLine(root, 400)} is a file, not a folder`);
  const existing = await existingPaths(root, paths);
  if (existing.length === 0) return;
  throw new GateError("USAGE", `nothing was written, because these exist already: ${existing.join(", ")}`, {
    hint: "choose another folder with --directory, or overwrite them with --force",
  });
}

/**
 * `import promptfoo`: writes this project's files from a promptfoo config, all of them or none, and says what it could
 * not carry. Runs nothing and reads nothing outside of the config's folder.
 */
export async function runImportPromptfoo(context: CommandContext, options: ImportOptions): Promise<ExitCode> {
  const imported = await importConfig(context, options);
  const { built, lost, changed } = imported;
  const files = [...built.files, notesFile(options.file, imported)];
  const paths = files.map(({ path }) => path);
  const root = resolve(context.cwd, options.directory);
  await assertValid(context, built.files);
  if (!options.force) await refuseExisting(root, paths);
  if (!options.dryRun) await writeAll(root, files);
  const steps = nextSteps(relative(context.cwd, root), built.prompts);
  const { prompts, cases, checks, judges } = built;
  const carried = { prompts: prompts.length, cases, checks, judges };
  const document = {
    schema: "promptgate/import@1",
    directory: root,
    dryRun: options.dryRun,
    written: options.dryRun ? [] : paths,
  };
  context.print(
    options.json
      ? JSON.stringify(
          { ...document, files: paths, carried, notCarried: lost, changed, next: steps },
          null,
          2,
        )
      : describe(imported, paths, steps, options.dryRun),
  );
  return 0;
}
