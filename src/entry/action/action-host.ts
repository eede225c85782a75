import { constants } from "node:fs";
import { access, lstat, mkdir, readFile, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { summary } from "@actions/core";
import { GateError } from "../../domain/errors.ts";
import type { GateResult } from "../../domain/gate-result.ts";
import { textDigest, type Digest } from "../../domain/digest.ts";
import { visibleLine } from "../../domain/visible.ts";
import { parseEvent, type GitHubEvent } from "../../github/event.ts";
import { writeReports } from "../write-report.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Over 1 MiB the runner drops the whole summary; a character may take four bytes. */
export const SUMMARY_CHARACTERS = 200_000;

/** A variable that the runner always sets; `USAGE` outside of a workflow. */
export function required(environment: Environment, name: string): string {
  const value = environment[name] ?? "";
  if (value !== "") return value;
  throw new GateError("USAGE", `${name} is not set: this program is the entry of a GitHub Action`, {
    hint: "on a command line use promptgate gate",
  });
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The folder that the workflow works in, inside the workspace. */
export async function workingDirectory(environment: Environment, directory: string): Promise<string> {
  const workspace = await realpath(required(environment, "GITHUB_WORKSPACE"));
  const path = await realpath(resolve(workspace, directory)).catch(() => null);
  if (path !== null && isInside(workspace, path)) return path;
  throw new GateError(
    "USAGE",
    `working-directory: the workspace has no folder "${visibleLine(directory, 100)}"`,
    {
      hint: "name a folder of the checkout, relative to its root",
    },
  );
}

/** The runner's own folder for this job; no checkout reaches it. */
function temporaryFolder(environment: Environment): string {
  return environment["RUNNER_TEMP"] || tmpdir();
}

/** Where runs and the cache are kept during a job: of every project in a place of its own, never in the checkout. */
export function stateFolder(environment: Environment, directory: string): string {
  const place = textDigest(directory).slice("sha256:".length, "sha256:".length + 12);
  return join(temporaryFolder(environment), "promptgate", place);
}

/** The event that started the workflow. Throws `USAGE`. */
export async function readEvent(environment: Environment): Promise<GitHubEvent> {
  required(environment, "GITHUB_EVENT_NAME");
  const path = required(environment, "GITHUB_EVENT_PATH");
  try {
    await access(path, constants.R_OK);
    // It reads the file as soon as it is loaded.
    const { context } = await import("@actions/github");
    return parseEvent(context.eventName, context.payload);
  } catch (error) {
    if (error instanceof GateError) throw error;
    throw new GateError("USAGE", "the file that GITHUB_EVENT_PATH names cannot be read as JSON", {
      cause: error,
    });
  }
}

/** Adds to the job's summary; a runner without one loses nothing but the summary. */
export async function writeSummary(environment: Environment, text: string): Promise<void> {
  if ((environment["GITHUB_STEP_SUMMARY"] ?? "") === "") return;
  await summary
    .emptyBuffer()
    .addRaw(text)
    .write()
    .catch((error: unknown) => {
      throw new GateError("STORAGE_FAILED", "cannot write the file that GITHUB_STEP_SUMMARY names", {
        cause: error,
      });
    });
}

export interface WrittenFiles {
  /** Absolute path of the JSON report. */
  readonly path: string;
  readonly digest: Digest;
}

const REPORTS = ["report.json", "report.junit.xml", "report.md", "report.html"];

async function resultsFolder(
  environment: Environment,
  directory: string | undefined,
  cwd: string,
): Promise<string> {
  const temporary = temporaryFolder(environment);
  const folder = directory === undefined ? join(temporary, "promptgate-results") : resolve(cwd, directory);
  const allowed = [required(environment, "GITHUB_WORKSPACE"), temporary];
  const roots = await Promise.all(allowed.map((root) => realpath(root)));
  // As written and as it is: a link that the checkout has leads nowhere else.
  if ([...allowed, ...roots].some((root) => isInside(root, folder))) {
    await mkdir(folder, { recursive: true });
    const real = await realpath(folder);
    if (roots.some((root) => isInside(root, real))) return real;
  }
  throw new GateError(
    "USAGE",
    `results-dir: "${visibleLine(directory ?? folder, 100)}" leads out of the workspace`,
    {
      hint: "name a folder of the workspace, or leave it out: report-path says where the report is",
    },
  );
}

/** Writes the result as JSON, JUnit, Markdown and HTML. What the checkout has there is replaced and never read. */
export async function writeFiles(
  environment: Environment,
  place: { readonly directory: string | undefined; readonly cwd: string },
  result: GateResult,
): Promise<WrittenFiles> {
  const folder = await resultsFolder(environment, place.directory, place.cwd);
  for (const name of REPORTS) {
    const stats = await lstat(join(folder, name)).catch(() => null);
    if (stats?.isSymbolicLink() === true) await rm(join(folder, name));
  }
  await writeReports(result, REPORTS, folder);
  const path = join(folder, "report.json");
  return { path, digest: textDigest(await readFile(path, "utf8")) };
}
