import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { aProject, type ProjectShape, type TestProject } from "../e2e/project.ts";
import type { LoopbackGitHub } from "../loopback/github.ts";
import { git, gitEnvironment, gitProject } from "./git-project.ts";

/** What one run of the action came to. */
interface ActionRun {
  readonly exitCode: number | null;
  readonly log: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
}

/** A repository `o/r` with a pull request, and a runner's checkout of it. */
export interface ActionCheckout {
  /** The author's clone: commit on `change` and `push`. */
  readonly project: TestProject;
  readonly folder: string;
  commit(message: string): string;
  /** Makes the merge commit of the pull request and a fresh shallow checkout of it. */
  merge(depth?: number): string;
  readonly workspace: string;
  /** The bare repository that plays GitHub's. */
  readonly server: string;
  /** What GitHub tells of the pull request as it is now. */
  pullRequestEvent(): Readonly<Record<string, unknown>>;
  run(options?: RunOptions): Promise<ActionRun>;
  remove(): void;
}

interface RunOptions {
  readonly inputs?: Readonly<Record<string, string>>;
  readonly event?: string;
  readonly payload?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
}

let built: Promise<string> | undefined;

/** The action as it ships, of the sources as they are now. */
export async function actionBundle(): Promise<string> {
  built ??= (async () => {
    const folder = mkdtempSync(join(tmpdir(), "promptgate-dist-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
    execFileSync(process.execPath, ["scripts/bundle.mjs", "--outdir", folder]);
    return join(folder, "index.js");
  })();
  return built;
}

function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  for (const [, name = "", , value = ""] of text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm)) {
    outputs[name] = value;
  }
  return outputs;
}

/** A pull request against `main` with 1.0.0 in production. */
export async function actionCheckout(
  github: LoopbackGitHub,
  shape: ProjectShape = {},
): Promise<ActionCheckout> {
  const project = aProject({ cases: 40, ...shape });
  const author = await gitProject(project);
  const root = mkdtempSync(join(tmpdir(), "promptgate-action-"));
  const server = join(root, "server.git");
  const workspace = join(root, "work");
  git(root, "clone", "-q", "--bare", project.folder, server);
  git(server, "config", "uploadpack.allowAnySHA1InWant", "true");
  git(project.folder, "checkout", "-q", "-b", "change");
  let head = author.base;
  let mergeCommit = author.base;

  function merge(depth = 1): string {
    git(project.folder, "push", "-q", "-f", server, "change");
    head = git(project.folder, "rev-parse", "change");
    const main = git(server, "rev-parse", "main");
    const tree = git(server, "merge-tree", "--write-tree", main, head).split("\n")[0] ?? "";
    const parents = ["-p", main, "-p", head];
    // Nothing proposed: what a run by hand or by schedule is of.
    mergeCommit = head === main ? main : git(server, "commit-tree", tree, ...parents, "-m", "Merge");
    git(server, "update-ref", "refs/pull/7/merge", mergeCommit);
    rmSync(workspace, { recursive: true, force: true });
    mkdirSync(workspace);
    git(workspace, "init", "-q");
    git(workspace, "remote", "add", "origin", `file://${server}`);
    git(workspace, "fetch", "-q", "--no-tags", `--depth=${depth}`, "origin", mergeCommit);
    git(workspace, "checkout", "-q", "--force", mergeCommit);
    return mergeCommit;
  }

  const pullRequestEvent = (): Readonly<Record<string, unknown>> => ({
    action: "synchronize",
    number: 7,
    repository: { full_name: "o/r", default_branch: "main" },
    pull_request: {
      number: 7,
      state: "open",
      user: { login: "author" },
      head: { sha: head, repo: { full_name: "o/r" } },
      base: { ref: "main", sha: "0".repeat(40) },
    },
  });

  async function run({
    inputs = {},
    event = "pull_request",
    ...options
  }: RunOptions = {}): Promise<ActionRun> {
    const place = mkdtempSync(join(root, "run-"));
    const file = (name: string, text: string): string => {
      writeFileSync(join(place, name), text);
      return join(place, name);
    };
    const output = file("output", "");
    const summary = file("summary", "");
    const temporary = join(place, "temp");
    mkdirSync(temporary);
    const environment = {
      PATH: gitEnvironment()["PATH"] ?? "",
      HOME: place,
      GIT_CONFIG_GLOBAL: "/dev/null",
      GIT_CONFIG_SYSTEM: "/dev/null",
      GITHUB_API_URL: github.url,
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_REPOSITORY: "o/r",
      GITHUB_EVENT_NAME: event,
      GITHUB_EVENT_PATH: file("event.json", JSON.stringify(options.payload ?? pullRequestEvent())),
      GITHUB_SHA: mergeCommit,
      GITHUB_WORKSPACE: workspace,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      RUNNER_TEMP: temporary,
      "INPUT_GITHUB-TOKEN": "ghs_token_of_this_job",
      ...Object.fromEntries(
        Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
      ),
      ...options.environment,
    };
    const child = spawn(process.execPath, [await actionBundle()], { cwd: place, env: environment });
    let log = "";
    child.stdout.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
    child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")));
    const exitCode = await new Promise<number | null>((resolve) => child.on("close", resolve));
    return {
      exitCode,
      log,
      outputs: parseOutputs(readFileSync(output, "utf8")),
      summary: readFileSync(summary, "utf8"),
    };
  }

  return {
    project,
    folder: project.folder,
    commit: author.commit,
    merge,
    workspace,
    server,
    pullRequestEvent,
    run,
    remove: () => {
      project.remove();
      rmSync(root, { recursive: true, force: true });
    },
  };
}
